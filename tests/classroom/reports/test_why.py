"""Why a course is not complete yet: manager and regulator read what the learner reads, in their own language."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom.completion.services import settle
from classroom.enrolment.models import Enrolment
from classroom.progress.models import LessonProgress
from courses.catalogue.models import Course
from tests.classroom.reports.correcting import Case
from tests.classroom.reports.worlds import World, member
from tests.factories.catalogue import EditionFactory, EditionLessonFactory, complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db
PREREQUISITES = {"kind": "prerequisites", "courses": ["X1"]}


@pytest.fixture
def taken(city: World) -> Enrolment:
    """A mandatory course of two lectures, a text and an exam, of which somebody in East saw a minute."""
    edition = complete_edition(is_mandatory=True, title="检验报告", title_en="Test reports")
    for number, lesson in enumerate(edition.lessons.order_by("position"), 1):
        lesson.title, lesson.title_en = f"第{number}讲", f"Part {number}"
        lesson.save()
    row = EnrolmentFactory(user=member(city.east, "学员"), institution=city.east, edition=edition)
    LessonProgressFactory(enrolment=row, lesson=edition.lessons.first(), covered=(0, 60_000))
    return row


def page(client: Client, person: Any, row: Enrolment, language: str = "en") -> Any:
    client.force_login(person)
    answer = client.get(f"/overview/person/{row.pk}/", HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    return answer


def ask_first(row: Enrolment, *codes: str) -> None:
    row.edition.rule = {**row.edition.rule, "all": [{"kind": "prerequisites", "courses": list(codes)}]}
    row.edition.save()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Go on with “Part 1”: 01:00 of 03:00 verified so far."),
        ("zh-hans", "“第1讲”"),
    ],
)
def test_learner_manager_and_regulator_read_the_same_words(
    client: Client, city: World, taken: Enrolment, language: str, sentence: str
) -> None:
    client.force_login(taken.user)
    outline = client.get(reverse("api:learning-outline", args=[taken.pk]), HTTP_ACCEPT_LANGUAGE=language)
    own = [(one["title"], one["standing"], one["next_step"]) for one in outline.json()["conditions"]]
    assert len(own) == 3
    for person in (taken.user, city.manager, city.district, city.city):
        answer = page(client, person, taken, language)
        told = answer.context["proof"].reasons
        assert [(line.title, line.standing, line.next_step) for line in told] == own
        text = answer.content.decode()
        assert sentence in text
        for words in own:
            assert all(part in text for part in words)


def test_nobody_is_led_to_do_what_is_anothers_to_do(client: Client, city: World, taken: Enrolment) -> None:
    for person in (city.manager, city.district):
        text = page(client, person, taken).content.decode()
        assert f"/learn/{taken.pk}/" not in text
        assert "Do it now" not in text


def test_a_decision_is_told_as_it_was_made(client: Client, city: World, taken: Enrolment) -> None:
    taken.edition.rule = {"version": 1, "all": [{"kind": "lessons", "keys": "all", "coverage_percent": 100}]}
    taken.edition.save()
    for lesson in taken.edition.lessons.filter(kind="video"):
        LessonProgress.objects.update_or_create(
            enrolment=taken,
            lesson=lesson,
            defaults={"coverage": [[0, lesson.duration_ms]], "covered_ms": lesson.duration_ms},
        )
    assert "What is still missing" in page(client, city.manager, taken).content.decode()
    settle(enrolment=taken)
    ask_first(taken, "X1")
    text = page(client, city.manager, taken).content.decode()
    assert "Why the course is complete" in text
    assert "2 of 2 seen" in text
    assert "X1" not in text


def test_who_has_left_has_no_next_step(client: Client, city: World) -> None:
    answer = page(client, city.manager, city.enrolments["gone"])
    assert answer.context["proof"].reasons == []
    assert "What is still missing" not in answer.content.decode()


@pytest.mark.parametrize(("language", "name"), [("en", "X1 Basics"), ("zh-hans", "X1 基础")])
def test_a_course_that_comes_before_is_named_by_code_and_title(
    client: Client, city: World, taken: Enrolment, language: str, name: str
) -> None:
    edition = EditionFactory(course__code="X1", title="基础", title_en="Basics")
    ask_first(taken, "X1")
    for person in (taken.user, city.manager, city.district):
        assert f"“{name}”" in page(client, person, taken, language).content.decode()
    Course.objects.filter(pk=edition.course_id).update(current=None)
    assert "“X1”" in page(client, city.manager, taken, language).content.decode()


def test_it_asks_as_many_queries_for_three_as_for_one(
    client: Client, city: World, taken: Enrolment, queries_of: Callable[[str], int]
) -> None:
    codes = [EditionFactory(title="前").course.code for _ in range(3)]
    path = f"/overview/person/{taken.pk}/"
    client.force_login(city.district)
    ask_first(taken, codes[0])
    before = queries_of(path)
    ask_first(taken, *codes)
    for position in (7, 8):
        LessonProgressFactory(
            enrolment=taken, lesson=EditionLessonFactory(edition=taken.edition, position=position)
        )
    assert queries_of(path) == before


@pytest.mark.parametrize(
    ("language", "shown", "hidden"),
    [
        ("en", ["Test reports", "Part 1"], ["检验报告", "第1讲"]),
        ("zh-hans", ["检验报告", "第1讲"], ["Part 1"]),
    ],
)
def test_titles_are_in_the_readers_language_also_where_a_record_is_corrected(
    client: Client, case: Case, taken: Enrolment, language: str, shown: list[str], hidden: list[str]
) -> None:
    case.world.enrolments["taken"] = taken
    made = case.proposal("taken")
    client.force_login(case.second)
    for path in (
        f"/overview/person/{taken.pk}/",
        f"/overview/person/{taken.pk}/correct/",
        f"/overview/corrections/{made.pk}/",
    ):
        text = client.get(path, HTTP_ACCEPT_LANGUAGE=language).content.decode()
        assert [words for words in shown if words not in text] == [], path
        assert [words for words in hidden if words in text] == [], path
