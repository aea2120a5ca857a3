"""Settle what follows from the facts. A decision is never changed afterwards."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.completion import assurance, hours, rules
from classroom.completion.models import Completion, LessonCompletion
from classroom.completion.queries import completion_of, inputs_of
from classroom.completion.services.recording import record
from classroom.enrolment.models import Enrolment
from classroom.exams.supervision import is_supervised
from classroom.progress.queries import passed_checks
from classroom.progress.services import hold_clock
from classroom.progress.terms import policy_of
from courses.catalogue.models import EditionLesson


@transaction.atomic
def settle(*, enrolment: Enrolment, now: datetime | None = None) -> Completion | None:
    """Write down what newly follows from the facts of an enrolment; return its completion, or None.

    Lessons that are seen or read become completions of lessons, never to be taken back. Where the
    edition's rule is met, the decision with its inputs, their digest and explanation is kept, the
    credit hours are entered, and the enrolment is marked. Any number of calls, at once or in turn,
    write each of these once. Locks the person's clock, since a decision joins their chain, then the enrolment row.
    """
    hold_clock(enrolment.user_id)
    every = Enrolment.objects.unscoped("the conductor settles everybody's")
    enrolment = (
        every.select_for_update(of=("self",), no_key=True).select_related("edition").get(pk=enrolment.pk)
    )
    if enrolment.state == Enrolment.State.WITHDRAWN:
        return None
    moment = now or timezone.now()
    inputs = inputs_of(enrolment, moment)
    _complete_lessons(enrolment, inputs, moment)
    done = completion_of(enrolment)
    if done is not None:
        return done
    outcome = rules.evaluate(enrolment.edition.rule, inputs)
    if not outcome.satisfied:
        return None
    return _decide(enrolment, inputs, outcome, moment)


def _complete_lessons(enrolment: Enrolment, inputs: dict[str, Any], at: datetime) -> None:
    """Keep as facts the lessons that are seen by the edition's policy, and the readings confirmed."""
    percent = policy_of(enrolment.edition.policy).coverage_percent
    keys = {fact["key"] for fact in inputs["lessons"] if rules.lesson_is_seen(fact, percent)}
    keys |= {fact["key"] for fact in inputs["readings"] if fact["acknowledged"]}
    have = set(LessonCompletion.objects.filter(enrolment=enrolment).values_list("lesson__key", flat=True))
    lessons = EditionLesson.objects.filter(edition_id=enrolment.edition_id, key__in=keys).exclude(
        key__in=have
    )
    LessonCompletion.objects.bulk_create(
        [LessonCompletion(enrolment=enrolment, lesson=lesson, at=at) for lesson in lessons],
        ignore_conflicts=True,
    )


def _decide(enrolment: Enrolment, inputs: dict[str, Any], outcome: rules.Outcome, at: datetime) -> Completion:
    verified = hours.verified_seconds(inputs)
    exam = inputs["exam"]
    tenths = exam["score_tenths"] if exam else None
    known = _known(enrolment, inputs)
    return record(
        enrolment=enrolment,
        inputs={**inputs, "assurance": known},
        explanation=outcome.as_data(),
        credit_hours=hours.credit_hours(verified, enrolment.edition.credit_hours, enrolment.edition.policy),
        score=Decimal(tenths) / 10 if tenths is not None else None,
        assurance=assurance.level(known),
        at=at,
    )


def _known(enrolment: Enrolment, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that decide how sure it is that somebody learned; kept with the decision's inputs."""
    policy, exam = policy_of(enrolment.edition.policy), inputs["exam"]
    return {
        "verified_ms": sum(fact["covered_ms"] for fact in inputs["lessons"]),
        "presence_ms": policy.presence,
        "allowance_ms": policy.allowance,
        "passed_checks": passed_checks(enrolment) if policy.presence else 0,
        "is_exam_supervised": bool(exam and exam["is_passed"] and is_supervised(enrolment, exam["attempt"])),
    }
