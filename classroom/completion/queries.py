"""Reads of completion: the facts that a rule is held against, and why a course is not complete yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from classroom.completion import rules
from classroom.completion.models import Completion, Correction, CreditEntry, LessonCompletion
from classroom.enrolment.models import Enrolment
from classroom.exams.in_lectures import facts_of
from classroom.exams.queries import best_attempt, exam_of
from classroom.progress import spans
from classroom.progress.intervals import intervals, size
from classroom.progress.models import LessonProgress
from classroom.progress.queries import progress_map
from classroom.progress.terms import policy_of
from courses.catalogue.models import EditionLesson

_WHOSE = "the enrolment says whose it is"


@dataclass(frozen=True, slots=True)
class Learned:
    """The lessons of an enrolment in their order; how far each came and when it was complete, by lesson id."""

    lessons: Sequence[EditionLesson]
    progress: Mapping[int, LessonProgress]
    complete: Mapping[int, datetime]


def learned_in(enrolment: Enrolment) -> Learned:
    """Return what was learned under an enrolment. The caller may see it. Three queries."""
    return Learned(
        lessons=list(
            EditionLesson.objects.filter(edition_id=enrolment.edition_id).defer("body").order_by("position")
        ),
        progress=progress_map(enrolment),
        complete=dict(LessonCompletion.objects.filter(enrolment=enrolment).values_list("lesson_id", "at")),
    )


def inputs_of(
    enrolment: Enrolment, now: datetime | None = None, learned: Learned | None = None
) -> dict[str, Any]:
    """Return the facts of an enrolment that its rule is held against; whole numbers and strings only.

    `learned` spares three queries where the caller has read it for the same answer.
    """
    edition, learned = enrolment.edition, learned or learned_in(enrolment)
    progress, complete = learned.progress, learned.complete
    before = _completed_before(enrolment)
    tolerance = policy_of(edition.policy).tolerance
    lessons, readings = [], []
    for lesson in learned.lessons:
        row = progress.get(lesson.pk)
        if lesson.kind == EditionLesson.Kind.VIDEO:
            coverage = intervals(row.coverage) if row else []
            lessons.append(
                {
                    "key": str(lesson.key),
                    "duration_ms": lesson.duration_ms,
                    "covered_ms": size(coverage),
                    "missing_ms": size(spans.missing(coverage, lesson.duration_ms, tolerance)),
                    "is_complete": lesson.pk in complete,
                    "on": _day(complete.get(lesson.pk)),
                }
            )
        else:
            at = complete.get(lesson.pk) or (row.acknowledged_at if row else None)
            readings.append({"key": str(lesson.key), "acknowledged": at is not None, "on": _day(at)})
    return {
        **_questions(enrolment),
        "version": 1,
        "on": timezone.localdate(now).isoformat(),
        "enrolled_on": _day(enrolment.enrolled_at),
        "lessons": lessons,
        "readings": readings,
        "exam": _exam(enrolment),
        "completed_courses": sorted(before),
        "courses_on": _day(max(before.values(), default=None)),
    }


def _day(at: datetime | None) -> str | None:
    """Return the day, by the institution's clock, on which a fact was there."""
    return timezone.localdate(at).isoformat() if at else None


def _questions(enrolment: Enrolment) -> dict[str, Any]:
    """Return what was answered inside the lectures; nothing, and no query, where the rule does not ask for it."""
    if not rules.asks_questions(enrolment.edition.rule):
        return {}
    facts = [
        {**fact, "answered": at is not None, "on": _day(at)}
        for fact in facts_of(enrolment)
        for at in [fact.pop("answered_at")]
    ]
    return {"questions": facts}


def _exam(enrolment: Enrolment) -> dict[str, Any] | None:
    exam = exam_of(enrolment)
    if exam is None:
        return None
    best = best_attempt(enrolment)
    return {
        "pass_mark": exam.pass_mark,
        "attempt": best.number if best else None,
        "score_tenths": int(best.score * 10) if best and best.score is not None else None,
        "is_passed": bool(best and best.is_passed),
        "on": _day(best.submitted_at) if best else None,
    }


def _completed_before(enrolment: Enrolment) -> dict[str, datetime]:
    """Return the courses completed of those that the rule asks for, by code, with the first time of each."""
    asked = rules.courses_before(enrolment.edition.rule)
    if not asked:
        return {}
    own = Completion.objects.unscoped("one person's, by the filter").filter(
        enrolment__user_id=enrolment.user_id,
        enrolment__course__code__in=asked,
        # A completion that two persons withdrew stays on record and opens nothing any more.
        enrolment__state=Enrolment.State.COMPLETED,
    )
    return dict(own.order_by("-at").values_list("enrolment__course__code", "at"))


def unlocked_by(completion: Completion) -> list[Enrolment]:
    """Return the person's enrolments under way that ask for the course that was completed."""
    done = completion.enrolment
    own = Enrolment.objects.unscoped("one person's, by the filter").select_related("edition", "course")
    waiting = own.filter(user_id=done.user_id, state=Enrolment.State.ACTIVE).order_by("pk")
    return [one for one in waiting if done.course.code in rules.courses_before(one.edition.rule)]


def completion_of(enrolment: Enrolment) -> Completion | None:
    """Return the decision that the enrolment met its rule, or None. The caller may see the enrolment."""
    return Completion.objects.unscoped(_WHOSE).filter(enrolment=enrolment).first()


def explain(
    enrolment: Enrolment, now: datetime | None = None, learned: Learned | None = None
) -> rules.Outcome:
    """Return how every part of the rule stands: as it was decided, or as it is now.

    The same for learner, manager and regulator; `completion.words` says it.
    """
    done = completion_of(enrolment)
    if done is not None and done.explanation.get("items"):
        return rules.outcome_from(done.explanation)
    return rules.evaluate(enrolment.edition.rule, inputs_of(enrolment, now, learned))


def credit_of(user: Any, year: int | None = None) -> Decimal:
    """Return the credit hours in a person's ledger, of one year or of all; reversals count against."""
    entries: QuerySet[CreditEntry] = CreditEntry.objects.filter(user=user)
    if year is not None:
        entries = entries.filter(year=year)
    return entries.aggregate(total=Sum("hours"))["total"] or Decimal(0)


def ledger_of(completion: Completion) -> Decimal:
    """Return the credit hours that a completion holds now, reversals taken off."""
    return completion.credit_entries.aggregate(total=Sum("hours"))["total"] or Decimal(0)


def earnings_of(completion: Completion) -> list[CreditEntry]:
    """Return the entries of a completion that earned hours and were not taken back."""
    taken_back = completion.credit_entries.filter(reverses__isnull=False).values("reverses_id")
    earned = completion.credit_entries.filter(reverses__isnull=True).exclude(pk__in=taken_back)
    return list(earned.order_by("pk"))


def automatic_of(completion: Completion) -> rules.Outcome | None:
    """Return what the rules said when two persons decided by hand; None for a decision of the rules."""
    said = completion.explanation.get("automatic")
    return rules.outcome_from(said) if said else None


def _told(rows: QuerySet[Correction]) -> QuerySet[Correction]:
    return rows.select_related("proposed_by", "decided_by", "entry").order_by("-proposed_at", "-pk")


def corrections_of(enrolment: Enrolment) -> list[Correction]:
    """Return the corrections of an enrolment, the newest first. The caller may see the enrolment. One query."""
    return list(_told(Correction.objects.unscoped(_WHOSE).filter(enrolment=enrolment)))


def own_corrections(user: Any) -> list[Correction]:
    """Return the corrections of a person's records, with the course, the newest first. One query."""
    own = Correction.objects.unscoped("one's own, by the filter").filter(enrolment__user_id=user.pk)
    return list(_told(own).select_related("enrolment__edition", "enrolment__course"))
