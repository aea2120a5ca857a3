"""Tries at questions inside lectures: graded, numbered, kept as they were given."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from classroom.exams import errors, in_lectures
from classroom.exams.models import LectureAnswer
from classroom.institutions.scopes import Scope, UnscopedRead
from classroom.people.append_only import AppendOnly
from tests.factories.catalogue import ask
from tests.factories.enrolment import EnrolmentFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def learner():
    return Learner.on_edition()


def tried(learner, question, *choice, **more):
    return in_lectures.answer(enrolment=learner.enrolment, question=question, choice=choice, **more)


def kept():
    return LectureAnswer.objects.unscoped("test").order_by("number")


@pytest.mark.parametrize(
    ("kind", "choice", "is_right"),
    [
        ("single", "A", True),
        ("single", "B", False),
        ("true_false", "A", True),
        ("true_false", "B", False),
        ("multiple", "AB", True),
        ("multiple", "BA", True),
        ("multiple", "A", False),
        ("multiple", "ABC", False),
        ("multiple", "CD", False),
    ],
)
def test_a_try_is_right_where_exactly_the_right_options_are_chosen(learner, kind, choice, is_right):
    (question,) = ask(learner.lesson, 60, kind=kind)
    row = tried(learner, question, *choice, now=NOW)
    assert (row.is_right, row.number, row.choice, row.at) == (is_right, 1, sorted(choice), NOW)


@pytest.mark.parametrize(
    ("kind", "choice"),
    [
        ("single", []),
        ("single", ["A", "B"]),
        ("single", ["A", "A"]),
        ("single", ["E"]),
        ("single", [""]),
        ("true_false", ["C"]),
        ("multiple", ["A", "A"]),
        ("multiple", ["A", "E"]),
        ("multiple", []),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused_and_not_kept(learner, kind, choice):
    (question,) = ask(learner.lesson, 60, kind=kind)
    with pytest.raises(errors.ImpossibleChoice):
        tried(learner, question, *choice)
    assert not kept().exists()


def test_every_try_is_kept_with_the_next_number_without_a_limit(learner):
    (question,) = ask(learner.lesson, 60)
    for choice in "BCDBA":
        tried(learner, question, choice)
    tried(learner, question, "C")
    assert list(kept().values_list("number", "is_right")) == [
        (1, False), (2, False), (3, False), (4, False), (5, True), (6, False),
    ]  # fmt: skip


def test_a_request_sent_again_counts_once_and_another_choice_moves_on(learner):
    (question,) = ask(learner.lesson, 60)
    first = tried(learner, question, "B", number=1)
    assert tried(learner, question, "B", number=1) == first
    assert kept().count() == 1
    other_device = tried(learner, question, "A", number=1)
    assert (other_device.number, other_device.is_right) == (2, True)
    assert tried(learner, question, "B", number=9).number == 3, "a number that is ahead is not believed"


def test_a_try_is_never_changed_and_no_number_stands_twice(learner):
    (question,) = ask(learner.lesson, 60)
    row = tried(learner, question, "B")
    row.is_right = True
    for act in (row.save, row.delete, LectureAnswer.rows.all().delete):
        with pytest.raises(AppendOnly):
            act()
    with pytest.raises(AppendOnly):
        LectureAnswer.rows.update(is_right=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        LectureAnswer.objects.create(
            enrolment=learner.enrolment, question=question, number=1, choice=["A"], is_right=True
        )
    assert not kept().get().is_right


def test_answers_are_read_for_somebody_only(learner):
    (question,) = ask(learner.lesson, 60)
    row = tried(learner, question, "B")
    with pytest.raises(UnscopedRead):
        LectureAnswer.objects.all()
    enrolment = learner.enrolment
    seen = {
        "self": Scope(person_id=enrolment.user_id),
        "manager": Scope(person_id=None, institution_ids=(enrolment.institution_id,)),
        "other": Scope(person_id=enrolment.user_id + 1),
        "elsewhere": Scope(person_id=None, institution_ids=(enrolment.institution_id + 1,)),
    }
    found = {name for name, scope in seen.items() if row in LectureAnswer.objects.visible_to(scope)}
    assert found == {"self", "manager"}


def test_where_one_stands_is_told_without_any_key(learner):
    late, early = (*ask(learner.lesson, 90, kind="multiple"), *ask(learner.lesson, 30))
    tried(learner, early, "B")
    tried(learner, early, "A")
    tried(learner, late, "C")
    tried(Learner(EnrolmentFactory(edition=learner.enrolment.edition), learner.lesson), late, "A", "B")
    told = in_lectures.asked_of(learner.enrolment.pk, learner.lesson.pk)
    assert [(one.at_ms, one.kind, one.tries, one.is_answered) for one in told] == [
        (30_000, "single", 2, True),
        (90_000, "multiple", 1, False),
    ]
    assert told[0].options == [{"key": key, "text": f"选项{key}"} for key in "ABCD"]
    assert early.version.explanation not in repr(told)


def test_what_is_asked_costs_the_same_for_one_and_three(learner, django_assert_num_queries):
    lesson = learner.lesson
    with django_assert_num_queries(1):
        assert in_lectures.asked_of(learner.enrolment.pk, lesson.pk) == []
    tried(learner, ask(lesson, 10)[0], "A")
    for _ in range(2):
        with django_assert_num_queries(2):
            in_lectures.asked_of(learner.enrolment.pk, lesson.pk)
        with django_assert_num_queries(2):
            in_lectures.facts_of(learner.enrolment)
        for question in ask(lesson, *(20, 30) if lesson.questions.count() == 1 else ()):
            tried(learner, question, "B")


def test_a_question_is_found_in_its_own_lecture_only(learner):
    first, second = learner.enrolment.edition.lessons.order_by("position")
    (question,) = ask(first, 60)
    assert in_lectures.question_of(first.pk, question.key) == question
    for lesson, key in ((second, question.key), (first, uuid.uuid4())):
        with pytest.raises(errors.NotAsked):
            in_lectures.question_of(lesson.pk, key)


def test_the_facts_hold_the_first_right_answer_of_each_in_the_order_of_the_course(learner):
    first, second = learner.enrolment.edition.lessons.order_by("position")
    (later,), (b, a) = ask(second, 5), ask(first, 90, 30)
    for day, choice in ((2, "B"), (3, "A"), (4, "A")):
        tried(learner, a, choice, now=datetime(2026, 11, day, tzinfo=UTC))
    tried(learner, b, "B")
    facts = in_lectures.facts_of(learner.enrolment)
    assert [fact["key"] for fact in facts] == [str(one.key) for one in (a, b, later)]
    assert [fact["answered_at"] for fact in facts] == [datetime(2026, 11, 3, tzinfo=UTC), None, None]
    assert (facts[2]["lesson"], facts[2]["at_ms"]) == (str(second.key), 5000)
