"""An exam paper of a draft: drawn from its bank as it is now, graded on the spot, recorded nowhere."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from courses.catalogue.models import CoursePage
from courses.questions.models import QuestionVersion
from tests.classroom.learning.preview.conftest import browser_of, draft_of, rows
from tests.factories.questions import fill_bank

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(draft) -> str:
    return f"/preview/{draft.pk}/exam/"


def paper(client: Client, address: str) -> tuple[str, list[int]]:
    """Open a paper; return its seed and the versions on it."""
    html = client.get(address).content.decode()
    seed = re.search(r'name="seed" value="([0-9a-f]+)"', html)
    assert seed, html
    return seed[1], list(dict.fromkeys(int(pk) for pk in re.findall(r'name="q(\d+)"', html)))


def right(versions: list[int]) -> dict[str, list[str]]:
    """The right answers to a paper."""
    found = QuestionVersion.objects.in_bulk(versions)
    return {f"q{pk}": list(found[pk].answers) for pk in versions}


def hand_in(
    client: Client, address: str, seed: str, choices: dict[str, list[str]], language: str = "en"
) -> str:
    answer = client.post(address, {"seed": seed, **choices}, headers={"accept-language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def score(html: str) -> str:
    found = re.search(r'outcome__score"><b>([^<]+)</b>', html)
    assert found, html
    return found[1]


def test_a_paper_asks_what_the_draft_asks_for_and_tells_no_key(browser, address):
    html = browser.get(address).content.decode()
    assert len(paper(browser, address)[1]) == 3
    assert "资质认定证书有效期为6年。" not in html
    assert "is-key" not in html


def test_every_paper_is_drawn_anew(trainer, browser):
    page = draft_of(
        trainer, question_bank=fill_bank(single=40), exam_single=20, exam_multiple=0, exam_true_false=0
    )
    address = f"/preview/{page.pk}/exam/"
    assert set(paper(browser, address)[1]) != set(paper(browser, address)[1])


def test_right_answers_pass_with_keys_and_grounds(browser, address):
    seed, versions = paper(browser, address)
    html = hand_in(browser, address, seed, right(versions))
    assert (score(html), html.count("is-key"), html.count("资质认定证书有效期为6年。")) == ("100", 4, 3)
    assert "Passed" in html


def test_what_is_graded_is_the_paper_that_was_shown(browser, address):
    seed, versions = paper(browser, address)
    html = hand_in(browser, address, seed, {})
    stems = QuestionVersion.objects.filter(pk__in=versions).values_list("stem", flat=True)
    assert all(stem in html for stem in stems)
    assert html.count("not answered") == 3


@pytest.mark.parametrize(
    ("kind", "choice", "points"),
    [
        ("multiple", ["A"], 2),
        ("multiple", ["A", "B", "C"], 2),
        ("multiple", ["B", "A"], 3),
        ("single", ["B"], 2),
        ("single", ["A", "B"], 2),
        ("true_false", [], 2),
    ],
)
def test_answers_are_graded_as_a_learners(browser, address, kind, choice, points):
    seed, versions = paper(browser, address)
    choices = right(versions)
    one = QuestionVersion.objects.get(pk__in=versions, question__kind=kind)
    choices[f"q{one.pk}"] = choice
    html = hand_in(browser, address, seed, choices)
    assert score(html) == {2: "66.6", 3: "100"}[points]


@pytest.mark.parametrize(("mark", "words"), [(66, "Passed"), (67, "Not passed")])
def test_the_drafts_pass_mark_decides(trainer, browser, mark, words):
    page = draft_of(trainer, pass_mark=mark, question_bank=fill_bank(single=1, multiple=1, true_false=1))
    address = f"/preview/{page.pk}/exam/"
    seed, versions = paper(browser, address)
    choices = right(versions)
    choices.popitem()
    html = hand_in(browser, address, seed, choices)
    assert f'outcome__state">{words}<' in html


def test_no_row_is_written_and_no_question_frozen(browser, address):
    browser.get(address)
    before = rows()
    seed, versions = paper(browser, address)
    hand_in(browser, address, seed, right(versions))
    assert rows() == before
    assert not QuestionVersion.objects.filter(frozen_at__isnull=False).exists()


def test_a_retired_question_is_not_drawn(trainer, browser):
    bank = fill_bank(single=3)
    gone = bank.questions.order_by("pk").first()
    gone.retired_at = timezone.now()
    gone.save()
    page = draft_of(trainer, question_bank=bank, exam_single=2, exam_multiple=0, exam_true_false=0)
    for _ in range(5):
        assert gone.current_id not in paper(browser, f"/preview/{page.pk}/exam/")[1]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "No paper can be drawn."), ("zh-hans", "无法抽取试卷。")]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_bank_too_small_is_said_and_what_to_do(trainer, browser, language, words, method):
    page = draft_of(trainer, exam_single=9, question_bank=fill_bank(single=1))
    answer = getattr(browser, method)(
        f"/preview/{page.pk}/exam/", {"seed": "0" * 32}, headers={"accept-language": language}
    )
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert b'name="seed"' not in answer.content


def test_a_draft_without_exam_has_no_paper(trainer, browser):
    page = draft_of(trainer, exam_single=0, exam_multiple=0, exam_true_false=0, question_bank=fill_bank())
    assert browser.get(f"/preview/{page.pk}/exam/").status_code == 404
    outline = browser.get(f"/preview/{page.pk}/").content.decode()
    assert f"/preview/{page.pk}/exam/" not in outline


@pytest.mark.parametrize("seed", ["", "0" * 33, "０" * 32])
def test_a_seed_that_is_none_gives_a_new_paper_and_no_result(browser, address, seed):
    html = hand_in(browser, address, seed, {})
    assert "outcome__score" not in html
    assert re.search(r'name="seed" value="[0-9a-f]{32}"', html)


def test_fields_that_name_no_question_of_the_paper_are_left_aside(browser, address):
    seed, versions = paper(browser, address)
    nonsense = {"q": ["A"], "q999999999": ["A"], "q" + "9" * 40: ["A"], "q１": ["A"], "qx": ["A"]}
    assert score(hand_in(browser, address, seed, right(versions) | nonsense)) == "100"


def test_a_bank_that_changed_meanwhile_is_graded_as_it_is_now(browser, draft, address):
    seed, versions = paper(browser, address)
    choices = right(versions)
    QuestionVersion.objects.filter(pk__in=versions).update(answers=["D"])
    assert score(hand_in(browser, address, seed, choices)) == "0"


def test_a_post_without_its_token_is_refused(trainer, address):
    assert browser_of(trainer, enforce_csrf_checks=True).post(address, {"seed": "0" * 32}).status_code == 403


def test_nobody_else_hands_anything_in(member, address):
    assert browser_of(member()).post(address, {"seed": "0" * 32}).status_code == 404
    assert Client().post(address).status_code == 302


def test_a_paper_costs_the_same_for_three_and_for_thirty_questions(
    trainer, browser, draft, django_assert_max_num_queries
):
    def cost(page: CoursePage) -> int:
        address = f"/preview/{page.pk}/exam/"
        seed, versions = paper(browser, address)
        with django_assert_max_num_queries(60) as spent:
            hand_in(browser, address, seed, right(versions))
        return len(spent)

    large = draft_of(
        trainer,
        *[block for block in draft.lessons.get_prep_value()],
        question_bank=fill_bank(single=30, multiple=5, true_false=5),
        exam_single=25,
        exam_multiple=3,
        exam_true_false=2,
    )
    assert cost(large) == cost(draft)
