"""What keeps a course from being published, and what only deserves a second look."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from courses.catalogue.models import CoursePage, Topic
from courses.catalogue.readiness import blocking, drawn, lesson_seconds, problems_of
from courses.questions import services as questions
from tests.factories.catalogue import CoursePageFactory, lesson_blocks
from tests.factories.questions import fill_bank

pytestmark = pytest.mark.django_db


def codes(page):
    return [problem.code for problem in problems_of(page)]


def sound(**fields):
    """A page with nothing to say about it: pools with a choice, hours within the lessons."""
    bank = fill_bank(single=3, multiple=2, true_false=2)
    return CoursePageFactory(**{"question_bank": bank, **fields})


def reference(**fields):
    value = {
        "document": "《旧法》",
        "clauses": "",
        "lessons": "",
        "effective_from": None,
        "superseded_by": "",
    }
    return [{"type": "reference", "value": value | fields}]


def test_a_sound_course_has_nothing_to_say():
    assert problems_of(sound()) == []


@pytest.mark.parametrize(
    ("fields", "code", "field", "is_warning"),
    [
        ({"lessons": []}, "no_lessons", "lessons", False),
        ({"code": "A91"}, "code_letter", "code", False),
        ({"code": "D91"}, "code_letter", "code", False),
        ({"question_bank": None}, "no_bank", "question_bank", False),
        ({"exam_single": 4}, "pool_too_small", "exam_single", False),
        ({"exam_multiple": 3}, "pool_too_small", "exam_multiple", False),
        ({"exam_true_false": 3}, "pool_too_small", "exam_true_false", False),
        ({"exam_single": 3}, "pool_without_choice", "exam_single", True),
        ({"legal_basis": []}, "no_legal_basis", "legal_basis", True),
        ({"legal_basis": reference(superseded_by="《新法》")}, "superseded", "legal_basis", True),
        ({"reviewed_on": None}, "not_reviewed", "reviewed_on", True),
        ({"credit_hours": Decimal("9.9")}, "hours_above_lessons", "credit_hours", True),
    ],
)
def test_each_finding_names_its_field_and_says_whether_it_blocks(fields, code, field, is_warning):
    page = sound(**fields)
    found = [problem for problem in problems_of(page) if problem.code == code]
    assert [(problem.field, problem.is_warning) for problem in found] == [(field, is_warning)]
    assert (found[0] in blocking(page)) is not is_warning
    with translation.override("zh-hans"):
        assert not str(found[0].words).isascii()


def test_what_blocks_comes_before_what_only_warns():
    page = sound(legal_basis=[], lessons=[], reviewed_on=None)
    flags = [problem.is_warning for problem in problems_of(page)]
    assert flags == sorted(flags)
    assert True in flags


@pytest.mark.parametrize(("code", "letters"), [("B91", "BC"), ("C91", "BC"), ("Z91", "")])
def test_any_letter_of_the_topic_will_do_and_a_topic_without_letters_takes_all(code, letters):
    topic = Topic.objects.get(code="compliance")
    topic.letters = letters
    topic.save()
    assert "code_letter" not in codes(sound(code=code, topic=topic))


def test_a_course_without_questions_needs_no_bank_and_no_exam():
    page = sound(question_bank=None, exam_single=0, exam_multiple=0, exam_true_false=0)
    assert problems_of(page) == []
    assert drawn(page) == {}


def test_a_bank_without_any_question_drawn_deserves_a_look():
    page = sound(exam_single=0, exam_multiple=0, exam_true_false=0)
    assert codes(page) == ["no_exam"]


def test_a_retired_question_makes_a_pool_too_small():
    bank = fill_bank(single=2)
    page = sound(question_bank=bank, exam_single=2, exam_multiple=0, exam_true_false=0)
    assert codes(page) == ["pool_without_choice"]
    question = bank.questions.first()
    questions.retire(question=question)
    assert codes(page) == ["pool_too_small"]
    questions.restore(question=question)
    assert codes(page) == ["pool_without_choice"]


def test_the_figures_of_a_small_pool_are_told():
    with translation.override("zh-hans"):
        (problem,) = blocking(sound(exam_multiple=7))
        words = str(problem.words)
    assert all(part in words for part in ("7", "2", "多选"))


@pytest.mark.parametrize(
    ("hours", "is_told"),
    [("1.3", False), ("1.4", True), ("0.0", False)],
)
def test_hours_are_compared_with_lessons_to_the_tenth(hours, is_told):
    # 50 minutes of lecture and 10 of reading are 3600 seconds: 1.3 hours of 45 minutes.
    assert ("hours_above_lessons" in codes(sound(credit_hours=Decimal(hours)))) is is_told


def test_the_courses_own_length_of_an_hour_counts():
    assert codes(sound(credit_hours=Decimal("2.0"), credit_hour_seconds=1800)) == []
    assert codes(sound(credit_hours=Decimal("2.1"), credit_hour_seconds=1800)) == ["hours_above_lessons"]


def test_lectures_count_by_their_length_and_texts_by_their_minutes():
    page = sound(lessons=lesson_blocks(videos=2, reading=True, duration_ms=61_999))
    assert lesson_seconds(page) == 61 + 61 + 600


def test_a_code_that_was_published_stays(publish):
    page = publish(code="B861")
    page.code = "B862"
    assert [problem.code for problem in blocking(page)] == ["code_changed"]
    page.code = "B861"
    assert blocking(page) == []


def test_a_law_is_named_with_its_successor():
    page = sound(legal_basis=reference(superseded_by="《新法》"))
    with translation.override("zh-hans"):
        (problem,) = problems_of(page)
        assert "《旧法》" in str(problem.words)
        assert "《新法》" in str(problem.words)


@pytest.mark.parametrize(
    ("field", "value", "is_taken"),
    [
        ("code", "B", False),
        ("code", "b91", False),
        ("code", "B9", True),
        ("code", "B1234567", True),
        ("code", "B-1", False),
        ("code", "Ｂ9", False),
        ("pass_mark", 0, False),
        ("pass_mark", 1, True),
        ("pass_mark", 100, True),
        ("pass_mark", 101, False),
        ("exam_attempts", 0, False),
        ("exam_attempts", 1, True),
        ("coverage_percent", 49, False),
        ("coverage_percent", 50, True),
        ("coverage_percent", 101, False),
        ("rate_cap", Decimal("0.99"), False),
        ("rate_cap", Decimal("2.00"), True),
        ("rate_cap", Decimal("2.01"), False),
        ("credit_hour_seconds", 0, False),
        ("credit_hour_seconds", 1, True),
        ("credit_hours", Decimal("-0.1"), False),
        ("credit_hours", Decimal("0.0"), True),
        ("exam_minutes", -1, False),
    ],
)
def test_the_page_takes_figures_within_their_bounds_only(field, value, is_taken):
    errors: dict = {}
    page = CoursePage(**{field: value})
    try:
        page.clean_fields()
    except Exception as error:
        errors = error.message_dict
    assert (field not in errors) is is_taken


def test_the_law_may_have_been_checked_any_day():
    assert codes(sound(reviewed_on=date(2000, 1, 1))) == []
