"""Settling: what follows from the facts is written once, explained, and never changed."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from classroom.completion import hours, queries, services, words
from classroom.completion.models import Completion, CreditEntry, LessonCompletion
from classroom.completion.reasons import reasons
from classroom.enrolment.models import Enrolment
from classroom.learning import services as learning
from classroom.people.append_only import AppendOnly
from classroom.progress.models import LessonProgress
from classroom.progress.verifier import canonical
from tests.factories.completion import CreditEntryFactory
from tests.factories.exams import AttemptFactory
from tests.factories.people import UserFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def watched(learner: Learner, covered_ms: int = 180_000) -> None:
    """Every lecture of the edition as if it were watched so far."""
    for lesson in learner.enrolment.edition.lessons.filter(kind="video"):
        LessonProgress.objects.update_or_create(
            enrolment=learner.enrolment,
            lesson=lesson,
            defaults={"coverage": [[0, covered_ms]], "covered_ms": covered_ms, "furthest_ms": covered_ms},
        )


@pytest.mark.parametrize("model", [Completion, LessonCompletion, CreditEntry])
def test_what_was_decided_is_neither_changed_nor_deleted_by_any_road(model):
    learner = Learner.on_edition()
    watched(learner)
    services.settle(enrolment=learner.enrolment, now=NOW)
    rows = model.rows if model is Completion else model.objects
    row = rows.first()
    row.at = NOW - timedelta(days=1)
    for act in (row.save, row.delete, rows.all().delete, lambda: rows.update(at=NOW)):
        with pytest.raises(AppendOnly):
            act()
    if model is Completion:
        for act in (Completion.objects.unscoped("test").delete, Completion.objects.unscoped("test").update):
            with pytest.raises(AppendOnly):
                act()
    assert rows.get(pk=row.pk).at == NOW


def titles(enrolment) -> dict[str, str]:
    return {str(lesson.key): lesson.title for lesson in enrolment.edition.lessons.all()}


def test_nothing_follows_from_nothing():
    learner = Learner.on_edition()
    assert services.settle(enrolment=learner.enrolment, now=NOW) is None
    assert LessonCompletion.objects.count() == 0


def test_a_course_is_complete_once_with_inputs_digest_explanation_and_hours():
    learner = Learner.on_edition()
    watched(learner)
    done = services.settle(enrolment=learner.enrolment, now=NOW)
    assert done is not None
    assert done.inputs_digest == hashlib.sha256(canonical(done.inputs)).hexdigest()
    assert done.explanation["satisfied"]
    assert (done.verified_seconds, done.credit_hours, done.score) == (360, Decimal("0.1"), None)
    assert done.assurance == Completion.Assurance.COVERAGE
    assert services.settle(enrolment=learner.enrolment) == done
    assert LessonCompletion.objects.filter(enrolment=learner.enrolment).count() == 2
    entry = CreditEntry.objects.get(completion=done)
    assert (entry.hours, entry.year, entry.user) == (Decimal("0.1"), 2026, learner.enrolment.user)
    learner.enrolment.refresh_from_db()
    assert (learner.enrolment.state, learner.enrolment.completed_at) == (Enrolment.State.COMPLETED, NOW)


def test_a_lesson_completed_stays_though_progress_is_lost():
    learner = Learner.on_edition(exam=True)
    watched(learner)
    assert services.settle(enrolment=learner.enrolment, now=NOW) is None
    assert LessonCompletion.objects.count() == 2
    watched(learner, covered_ms=0)
    AttemptFactory(enrolment=learner.enrolment, exam=learner.enrolment.edition.exam, graded=True)
    done = services.settle(enrolment=learner.enrolment, now=NOW)
    assert done is not None
    assert done.score == Decimal("92.0")
    assert done.assurance == Completion.Assurance.DECLARED


def test_readings_count_when_confirmed():
    learner = Learner.on_edition(reading=True)
    watched(learner)
    assert services.settle(enrolment=learner.enrolment) is None
    reading = learner.enrolment.edition.lessons.get(kind="reading")
    learning.acknowledge(enrolment=learner.enrolment, lesson=reading)
    assert queries.completion_of(learner.enrolment) is not None


def test_a_withdrawn_enrolment_settles_nothing():
    learner = Learner.on_edition()
    watched(learner)
    learner.enrolment.state = Enrolment.State.WITHDRAWN
    learner.enrolment.save()
    assert services.settle(enrolment=learner.enrolment) is None


def test_an_exam_not_passed_keeps_it_open_and_the_words_say_why():
    learner = Learner.on_edition(exam=True)
    AttemptFactory(
        enrolment=learner.enrolment,
        exam=learner.enrolment.edition.exam,
        graded=True,
        score=Decimal("45.5"),
        is_passed=False,
    )
    watched(learner, covered_ms=60_000)
    with translation.override("en"):
        lines = words.lines(queries.explain(learner.enrolment), titles(learner.enrolment))
        assert [line.kind for line in lines] == ["lessons", "exam"]
        assert lines[0].standing == "0 of 2 seen"
        assert "01:00 of 03:00 verified so far" in lines[0].next_step
        assert lines[1].title == "Pass the exam with at least 60 of 100"
        watched(learner)
        exam = words.lines(queries.explain(learner.enrolment), titles(learner.enrolment))[1]
        assert exam.standing == "Best result so far: 45.5"
        assert exam.next_step == "Sit the exam again."
    with translation.override("zh-hans"):
        chinese = words.lines(queries.explain(learner.enrolment), titles(learner.enrolment))
        assert chinese[1].next_step
        assert chinese[0].is_met


def test_the_explanation_of_a_completed_course_is_the_one_decided():
    learner = Learner.on_edition()
    watched(learner)
    services.settle(enrolment=learner.enrolment, now=NOW)
    watched(learner, covered_ms=1)
    outcome = queries.explain(learner.enrolment)
    assert outcome.satisfied
    assert outcome.items[0].parts[0].have == 180_000


def test_prerequisites_look_at_the_persons_own_completions():
    first = Learner.on_edition()
    watched(first)
    second = Learner.on_edition()
    second.enrolment.user = first.enrolment.user
    second.enrolment.save()
    edition = second.enrolment.edition
    edition.rule = {
        "version": 1,
        "all": [*edition.rule["all"], {"kind": "prerequisites", "courses": [first.enrolment.course.code]}],
    }
    edition.save()
    watched(second)
    assert services.settle(enrolment=second.enrolment) is None
    with translation.override("en"):
        lines = words.lines(queries.explain(second.enrolment), {})
    assert lines[-1].next_step == f"Complete “{first.enrolment.course.code}” first."
    services.settle(enrolment=first.enrolment)
    assert services.settle(enrolment=second.enrolment) is not None


@pytest.mark.parametrize(
    ("seconds", "nominal", "policy", "expected"),
    [
        (0, "4.0", {}, "0.0"),
        (269, "4.0", {}, "0.0"),
        (270, "4.0", {}, "0.1"),
        (10_799, "4.0", {}, "3.9"),
        (10_800, "4.0", {}, "4.0"),
        (99_999, "4.0", {}, "4.0"),
        (3600, "4.0", {"credit_hour_seconds": 3600}, "1.0"),
        (3600, "4.0", {"credit_hour_seconds": None}, "1.3"),
    ],
)
def test_hours_are_rounded_down_and_never_more_than_nominal(seconds, nominal, policy, expected):
    assert hours.credit_hours(seconds, Decimal(nominal), policy) == Decimal(expected)


def test_the_ledger_is_corrected_by_a_reversal():
    entry = CreditEntryFactory(hours=Decimal("4.0"))
    operator = UserFactory()
    back = services.reverse_credit(entry=entry, reason="issued in error", by=operator)
    assert (back.hours, back.reverses, back.year) == (Decimal("-4.0"), entry, entry.year)
    assert services.reverse_credit(entry=entry, reason="again", by=operator) == back
    assert queries.credit_of(entry.user) == Decimal("0.0")
    assert queries.credit_of(entry.user, entry.year + 1) == 0
    for reason, which in (("", entry), ("why", back)):
        with pytest.raises(ValueError, match="reversal"):
            services.reverse_credit(entry=which, reason=reason, by=operator)


def test_the_sweep_settles_and_awards_what_was_left():
    learner = Learner.on_edition(exam=True)
    watched(learner)
    AttemptFactory(enrolment=learner.enrolment, exam=learner.enrolment.edition.exam, graded=True)
    assert learning.settle_passed() == 1
    assert learning.settle_passed() == 0
    done = queries.completion_of(learner.enrolment)
    assert done.certificates.count() == 1
    done.certificates.all().delete()
    assert learning.award_missing() == 1
    assert learning.award_missing() == 0


def test_an_exam_that_waits_for_lessons_tells_the_best_result_so_far_where_it_was_sat():
    learner = Learner.on_edition(exam=True)
    with translation.override("en"):
        exam = words.lines(queries.explain(learner.enrolment), {})[1]
        assert exam.standing == "Not sat yet"
        AttemptFactory(
            enrolment=learner.enrolment,
            exam=learner.enrolment.edition.exam,
            graded=True,
            score=Decimal("45.5"),
            is_passed=False,
        )
        exam = words.lines(queries.explain(learner.enrolment), {})[1]
    assert exam.standing == "Best result so far: 45.5"
    assert exam.next_step == "The exam opens when the lessons before it are finished."


@pytest.mark.parametrize(
    ("minutes", "attempts", "said"),
    [
        (0, 3, "Sit the exam again."),
        (60, 3, "Sit the exam again from {moment} on."),
        (60, 1, "All attempts are used. Ask your training manager what to do next."),
    ],
)
def test_after_a_failed_exam_the_next_step_is_one_that_is_there(minutes: int, attempts: int, said: str):
    learner = Learner.on_edition(exam=True)
    watched(learner)
    exam = learner.enrolment.edition.exam
    exam.interval_minutes, exam.attempts_allowed = minutes, attempts
    exam.save()
    ended = timezone.now() - timedelta(minutes=10)
    row = {"score": Decimal("45.5"), "is_passed": False, "submitted_at": ended}
    AttemptFactory(enrolment=learner.enrolment, exam=exam, graded=True, **row)
    with translation.override("en"):
        (told,) = (line for line in reasons(learner.enrolment) if line.kind == "exam")
    moment = timezone.localtime(ended + timedelta(minutes=60)).strftime("%Y-%m-%d %H:%M")
    assert (told.state, told.next_step) == ("under_way", said.format(moment=moment))


def test_what_is_verified_is_never_told_to_be_more_than_it_is():
    assert words.clock(59_999) == "00:59"
    assert words.clock(60_000) == "01:00"
    assert words.clock(3_599_001) == "59:59"
    assert words.clock(3_661_000) == "1:01:01"


def test_states_have_words():
    with translation.override("en"):
        assert [
            words.state(code) for code in ("met", "under_way", "not_begun", "blocked", "missed", "x")
        ] == [
            "met",
            "under way",
            "not begun",
            "waits",
            "missed",
            "cannot be judged",
        ]
