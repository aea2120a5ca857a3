"""Questions inside lectures: how a trainer sets them, what keeps them out, and how an edition freezes them."""

import uuid

import pytest
from django.urls import reverse
from django.utils import translation

from courses.catalogue.changes import compare, weigh
from courses.catalogue.course_view import from_draft
from courses.catalogue.manifest import manifest_of, rule_of
from courses.catalogue.models import CoursePage, EditionQuestion
from courses.catalogue.readiness import blocking, problems_of
from courses.questions.models import QuestionBank
from courses.questions.rows import QuestionRow, lettered
from courses.questions.services import add_version, retire
from tests.courses.forms import course_form, stream
from tests.factories.catalogue import CoursePageFactory, catalogue_page, lesson_blocks
from tests.factories.questions import QuestionFactory, fill_bank

pytestmark = pytest.mark.django_db


def asked(at, question, key=None):
    """One question of a lecture's stream; `question` is a number."""
    key = key or str(uuid.uuid4())
    return {"type": "question", "id": key, "value": {"at": at, "question": getattr(question, "pk", question)}}


def lessons(*questions, duration_ms=180_000):
    blocks = lesson_blocks(duration_ms=duration_ms)
    blocks[0]["value"]["questions"] = list(questions)
    return blocks


def with_questions(page, *questions):
    """The raw lessons of a page with these questions in its first lecture, their keys kept."""
    raw = [dict(block) for block in page.lessons.raw_data]
    raw[0] = {**raw[0], "value": {**raw[0]["value"], "questions": list(questions)}}
    return raw


@pytest.fixture
def one():
    return QuestionFactory(version__stem="分包要不要标注？")


def test_an_edition_freezes_the_wording_with_its_moment(publish, one):
    key = str(uuid.uuid4())
    edition = publish(lessons=lessons(asked("1:30", one, key))).course.current
    frozen = EditionQuestion.objects.get(lesson__edition=edition)
    assert (str(frozen.key), frozen.at_ms, frozen.version) == (key, 90_000, one.current)
    assert frozen.version.frozen_at is not None
    told = edition.manifest["lessons"][0]["questions"]
    assert [(item["key"], item["at_ms"], item["version"]) for item in told] == [(key, 90_000, one.current_id)]
    assert {"kind": "questions", "keys": "all"} in edition.rule["all"]


def test_a_correction_reaches_the_next_edition_only(publish, revise, one):
    page = publish(lessons=lessons(asked("1:30", one)))
    first = page.course.current
    row = QuestionRow(kind="single", stem="换了说法？", options=lettered(["甲", "乙"]), answers=("B",))
    add_version(question=one, row=row, by=None)
    second = revise(page).course.current
    stems = [EditionQuestion.objects.get(lesson__edition=edition).version.stem for edition in (first, second)]
    assert stems == ["分包要不要标注？", "换了说法？"]
    assert second.change_class == "carry_over"


def test_the_same_questions_are_the_same_edition_and_a_moved_one_is_another(publish, revise, one):
    key = str(uuid.uuid4())
    page = publish(lessons=lessons(asked("1:30", one, key)))
    first = page.course.current
    assert revise(page).course.current == first
    moved = revise(page, lessons=with_questions(page, asked("1:31", one, key))).course.current
    assert moved != first
    assert moved.digest != first.digest
    assert EditionQuestion.objects.get(lesson__edition=first).at_ms == 90_000


def test_a_course_without_questions_says_nothing_of_them(publish):
    edition = publish().course.current
    assert all("questions" not in lesson for lesson in edition.manifest["lessons"])
    assert "questions" not in [part["kind"] for part in edition.rule["all"]]
    assert not EditionQuestion.objects.exists()


def test_the_rule_asks_for_questions_before_the_exam_and_only_where_there_are_any():
    rule = rule_of([{"kind": "video", "questions": [{}]}], has_exam=True, coverage_percent=100)
    assert [part["kind"] for part in rule["all"]] == ["lessons", "questions", "exam"]
    rule = rule_of([{"kind": "video", "questions": []}], has_exam=False, coverage_percent=100)
    assert [part["kind"] for part in rule["all"]] == ["lessons"]


@pytest.mark.parametrize(
    ("moments", "codes"),
    [
        (["0:00"], []),
        (["2:59"], []),
        (["3:00"], ["question_after_end"]),
        (["1:30", "1：30"], ["question_twice"]),
        (["1:30", "1:31"], []),
        (["soon"], ["question_no_moment"]),
        ([""], ["question_no_moment"]),
        (["soon", "9:00", "1:30", "1:30"], ["question_no_moment", "question_twice", "question_after_end"]),
    ],
)
def test_a_moment_has_to_be_one_inside_the_lecture_and_of_one_question(moments, codes):
    page = CoursePageFactory(lessons=lessons(*(asked(at, QuestionFactory()) for at in moments)))
    found = [problem for problem in blocking(page) if problem.code.startswith("question_")]
    assert sorted(problem.code for problem in found) == sorted(codes)
    assert all(problem.field == "lessons" and "第1课" in str(problem.words) for problem in found)


@pytest.mark.parametrize("gone", ["retired", "deleted", "bare"])
def test_a_question_that_cannot_be_asked_keeps_a_course_back(one, gone):
    number = one.pk
    if gone == "retired":
        retire(question=one)
    elif gone == "deleted":
        number = 10**6
    else:
        number = QuestionFactory(version=False).pk
    page = CoursePageFactory(lessons=lessons(asked("1:30", number)))
    assert [problem.code for problem in blocking(page)] == ["question_gone"]
    assert from_draft(page).lessons, "the preview goes on"
    if gone != "retired":
        assert "questions" not in manifest_of(page)["lessons"][0]


def test_a_question_that_the_exam_may_draw_is_only_pointed_out():
    bank = fill_bank(single=3, multiple=2, true_false=2)
    page = CoursePageFactory(
        question_bank=bank, lessons=lessons(asked("1:30", bank.questions.first()), duration_ms=3_000_000)
    )
    assert [problem.code for problem in problems_of(page)] == ["asked_before_exam"]
    assert blocking(page) == []
    page.exam_single = page.exam_multiple = page.exam_true_false = 0
    assert "asked_before_exam" not in [problem.code for problem in problems_of(page)]


def entry(key, question=1, **fields):
    return {"key": key, "at_ms": 1000, "question": question, "version": 1, "digest": "d"} | fields


@pytest.mark.parametrize(
    ("was", "now", "what", "weight"),
    [
        ([], [entry("a")], "questions_added", "material"),
        ([entry("a")], [entry("a"), entry("b")], "questions_added", "material"),
        ([entry("a")], [entry("a", question=2)], "questions_added", "material"),
        ([entry("a")], [entry("a", version=2, digest="e")], "questions_changed", "carry_over"),
        ([entry("a")], [entry("a", at_ms=2000)], "questions_changed", "carry_over"),
        ([entry("a")], [], "questions_changed", "carry_over"),
    ],
)
def test_only_another_question_is_something_new_to_answer(was, now, what, weight):
    base = {
        name: "" for name in ("title", "title_en", "summary", "encode", "encode_digest", "source_digest")
    } | {"key": "k", "body": "", "document": None, "document_digest": ""}
    old, new = ({"lessons": [base | ({"questions": listed} if listed else {})]} for listed in (was, now))
    changes = compare(old, new)
    assert [(change.what, change.weight) for change in changes] == [(what, weight)]
    assert weigh(changes) == weight


def test_the_course_page_says_how_many_and_nobody_reads_one(publish, client, one):
    one.current.explanation = "EXPLANATION-MARK"
    one.current.save()
    page = publish(lessons=lessons(asked("0:30", one), asked("1:30", QuestionFactory())))
    for language, words in (("zh-hans", "讲中提问"), ("en", "Answer 2 questions inside the lectures")):
        client.cookies["django_language"] = language
        text = client.get(page.url, headers={"accept-language": language}).content.decode()
        assert words in text
        assert one.current.stem not in text
    api = client.get(f"/api/courses/{page.code}/").content.decode()
    assert one.current.stem not in api
    assert "EXPLANATION-MARK" not in api
    with translation.override("en"):
        rules = [rule.title for rule in from_draft(page).rules]
    assert "Answer 2 questions inside the lectures" in rules


@pytest.mark.parametrize(("offered", "told"), [(0, 1), (1, 0)])
def test_questions_of_a_lecture_that_is_only_offered_are_not_asked_for(one, offered, told):
    page = CoursePageFactory(lessons=lessons(asked("0:30", one)))
    page.optional_lessons = [block.id for block in page.lessons if block.block_type == "video"][:offered]
    with translation.override("en"):
        rules = [rule.title for rule in from_draft(page).rules]
    assert sum("inside the lectures" in title for title in rules) == told


@pytest.fixture
def trainer(member, browser_of):
    return browser_of(member("Trainers"))


def posted(browser, at, question):
    blocks = lessons(asked(at, question), duration_ms=3_000_000)
    form = course_form("B733", **stream("lessons", blocks))
    add = reverse("wagtailadmin_pages:add", args=["catalogue", "coursepage", catalogue_page().pk])
    return browser.post(add, form, follow=True)


def test_the_editor_keeps_a_question_with_its_moment(trainer, one):
    posted(trainer, "2：05", one)
    page = CoursePage.objects.get(code="B733")
    (question,) = page.lessons[0].value["questions"]
    assert (question.value["question"], question.value["at"]) == (one, "2：05")
    assert [problem.code for problem in blocking(page)] == []


def test_the_editor_refuses_what_is_no_moment_and_says_how_to_write_one(trainer, one):
    with translation.override("en"):
        answer = posted(trainer, "half past", one)
    assert not CoursePage.objects.filter(code="B733").exists()
    assert "1:30" in answer.content.decode()


def test_the_chooser_shows_questions_in_use_by_words_and_bank_and_no_answer(trainer):
    bank = QuestionBank.objects.create(code="law", name="法规")
    QuestionFactory(bank=bank, version__stem="分包要不要标注？", version__explanation="GROUNDS-MARK")
    QuestionFactory(version__stem="分包谁负责？")
    QuestionFactory(bank=bank, version__stem="有效期几年？")
    retire(question=QuestionFactory(bank=bank, version__stem="旧的分包题？"))
    results = reverse("question_chooser:choose_results")
    text = trainer.get(results, {"q": "分包", "bank": bank.pk}).content.decode()
    assert "分包要不要标注？" in text
    assert [stem for stem in ("谁负责", "有效期", "旧的", "GROUNDS-MARK") if stem in text] == []
    assert "谁负责" in trainer.get(results, {"q": "分包"}).content.decode()


def test_the_chooser_costs_the_same_for_one_and_ten(trainer, django_assert_max_num_queries):
    QuestionFactory()
    results = reverse("question_chooser:choose_results")
    with django_assert_max_num_queries(30) as few:
        trainer.get(results)
    most = len(few)
    assert most
    fill_bank(single=9)
    with django_assert_max_num_queries(most):
        trainer.get(results)


def test_the_chooser_is_closed_to_those_who_may_not_read_questions(member, browser_of, one):
    operator = browser_of(member("Operators"))
    for name, arguments in (("choose", []), ("choose_results", []), ("chosen", [one.pk])):
        answer = operator.get(reverse(f"question_chooser:{name}", args=arguments))
        assert one.current.stem not in answer.content.decode()
        assert answer.status_code in (302, 403)
    retire(question=one)
    trainer = browser_of(member("Trainers"))
    assert trainer.get(reverse("question_chooser:chosen", args=[one.pk])).status_code == 404
