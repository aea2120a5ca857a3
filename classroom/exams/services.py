"""Writes of exams: start, save, hand in, close what is overdue. The server's clock decides."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.exams import errors, queries
from classroom.exams.admission import Admission
from classroom.exams.models import Answer, Attempt
from classroom.exams.papers import draw
from classroom.exams.scoring import grade
from courses.catalogue.models import EditionExam
from courses.questions.models import QuestionVersion

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands after a save. Not `accepted`: a newer answer was there already and stays."""

    answer: Answer
    accepted: bool


def _locked(attempt: Attempt) -> Attempt:
    every = Attempt.objects.unscoped("the caller checked whose it is")
    return every.select_for_update(of=("self",), no_key=True).select_related("exam").get(pk=attempt.pk)


def start_attempt(*, enrolment: Enrolment, lessons_met: bool = True, now: datetime | None = None) -> Attempt:
    """Start an attempt, or return the one under way.

    An attempt whose time is up is handed in first, and stays so where a new one is refused. Locks the
    enrolment row, so that two devices start one attempt. The paper is drawn and frozen with its seed.
    Raises `NotEligible`.
    """
    now = now or timezone.now()
    overdue = queries.open_attempt(enrolment)
    if overdue and overdue.deadline_at <= now:
        submit(attempt=overdue, auto=True, now=now)
    return _start(enrolment, lessons_met, now)


@transaction.atomic
def _start(enrolment: Enrolment, lessons_met: bool, now: datetime) -> Attempt:
    every = Enrolment.objects.unscoped("the caller checked whose it is")
    enrolment = every.select_for_update(of=("self",), no_key=True).get(pk=enrolment.pk)
    open_now = queries.open_attempt(enrolment)
    if open_now:
        return open_now
    # The count of lessons only feeds the words; the conductor's page shows them in full.
    admission = Admission(is_met=True) if lessons_met else None
    verdict = queries.eligibility(enrolment, admission=admission or Admission(is_met=False), now=now)
    exam = queries.exam_of(enrolment)
    if not verdict.can_start or exam is None:
        raise errors.NotEligible(verdict.reason, verdict.words)
    return _new_attempt(enrolment, exam, now)


def _new_attempt(enrolment: Enrolment, exam: EditionExam, now: datetime) -> Attempt:
    pooled = [version for section in exam.sections for version in section["pool"]]
    options = {
        pk: [option["key"] for option in listed]
        for pk, listed in QuestionVersion.objects.filter(pk__in=pooled).values_list("pk", "options")
    }
    seed = secrets.token_hex(16)
    paper = draw(exam.sections, options, seed)
    last = Attempt.objects.unscoped("numbering").filter(enrolment=enrolment).order_by("-number").first()
    return Attempt.objects.create(
        enrolment=enrolment,
        exam=exam,
        number=last.number + 1 if last else 1,
        seed=seed,
        paper=paper,
        started_at=now,
        deadline_at=now + timedelta(minutes=exam.minutes),
        max_points=sum((Decimal(item["points"]) for item in paper), Decimal(0)),
    )


def _checked_choice(attempt: Attempt, version_id: int, choice: list[str]) -> list[str]:
    item = next((item for item in attempt.paper if item["version"] == version_id), None)
    if item is None:
        raise errors.UnknownQuestion
    chosen = set(choice)
    if len(chosen) != len(choice) or not chosen <= set(item["order"]):
        raise errors.ImpossibleChoice
    if item["kind"] != "multiple" and len(chosen) > 1:
        raise errors.ImpossibleChoice
    return sorted(chosen)


@transaction.atomic
def save_answer(
    *,
    attempt: Attempt,
    version_id: int,
    choice: list[str],
    is_flagged: bool,
    revision: int,
    now: datetime | None = None,
) -> Saved:
    """Save the answer to one question; when this returns accepted, it is durable.

    `revision` is one above the last that the client knew. An older or equal one never overwrites:
    the newer answer is returned, unaccepted, unless it says the same (a repeated request).
    An empty `choice` takes an answer back. Locks the attempt row. Raises `AttemptClosed`,
    `DeadlinePassed`, `UnknownQuestion`, `ImpossibleChoice`.
    """
    attempt = _locked(attempt)
    now = now or timezone.now()
    if attempt.state != Attempt.State.IN_PROGRESS:
        raise errors.AttemptClosed
    if now >= attempt.deadline_at:
        raise errors.DeadlinePassed
    choice = _checked_choice(attempt, version_id, choice)
    answer = Answer.objects.filter(attempt=attempt, version_id=version_id).first()
    if answer is None:
        answer = Answer(attempt=attempt, version_id=version_id)
    elif revision <= answer.revision:
        same = revision == answer.revision and (answer.choice, answer.is_flagged) == (choice, is_flagged)
        return Saved(answer, accepted=same)
    answer.choice, answer.is_flagged, answer.revision, answer.saved_at = choice, is_flagged, revision, now
    answer.save()
    return Saved(answer, accepted=True)


@transaction.atomic
def submit(*, attempt: Attempt, auto: bool = False, now: datetime | None = None) -> Attempt:
    """Hand an attempt in and grade it; a second time changes nothing.

    After the deadline it counts as handed in at the deadline, by the clock. Locks the attempt row,
    so an answer is saved either before and graded, or refused.
    """
    attempt = _locked(attempt)
    if attempt.state != Attempt.State.IN_PROGRESS:
        return attempt
    now = now or timezone.now()
    result = grade(queries.items_of(attempt), attempt.exam.pass_mark)
    attempt.state = Attempt.State.GRADED
    attempt.submitted_at = min(now, attempt.deadline_at)
    attempt.is_auto_submitted = auto or now >= attempt.deadline_at
    attempt.points, attempt.score, attempt.is_passed = result.points, result.score, result.is_passed
    attempt.save()
    return attempt


def mark_settled(*, attempt_id: int, now: datetime | None = None) -> None:
    """Keep that what follows from a passed attempt was looked at; the conductor asks in its transaction."""
    every = Attempt.objects.unscoped("the conductor settles everybody's")
    every.filter(pk=attempt_id, settled_at__isnull=True).update(settled_at=now or timezone.now())


def close_overdue(*, now: datetime | None = None) -> int:
    """Hand in every attempt whose time is up, each in its own transaction; return how many.

    One that fails is logged and left for the next sweep.
    """
    now = now or timezone.now()
    closed = 0
    for attempt in queries.overdue_attempts(now)[:500]:
        try:
            submit(attempt=attempt, auto=True, now=now)
            closed += 1
        except Exception:
            log.exception("attempt %s could not be closed", attempt.pk)
    return closed
