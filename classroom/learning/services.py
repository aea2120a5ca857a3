"""The conductor: each act of a learner and all that follows from it, in one transaction.

Locks are taken in this order everywhere: progress row, person's clock, enrolment, attempt, the person's
enrolments that waited for this one, completion, counter of certificates (see `settling`).
"""

import logging
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.enrolment import errors as enrolment_errors
from classroom.enrolment import services as enrolments
from classroom.enrolment.models import Enrolment
from classroom.enrolment.queries import enrolment_of
from classroom.exams import in_lectures
from classroom.exams.models import LectureAnswer
from classroom.exams.queries import unsettled
from classroom.exams.services import mark_settled
from classroom.learning.exam_flow import submit_exam
from classroom.learning.settling import award_each, award_one, settle_courses
from classroom.people.models import User
from classroom.progress import errors as progress_errors
from classroom.progress import services as progress
from classroom.progress.models import LessonProgress, PlaySession
from classroom.progress.queries import has_shown
from classroom.progress.services import Answer, Credit
from classroom.progress.spans import Span
from courses.catalogue.models import Course, EditionLesson

__all__ = [
    "Beat",
    "acknowledge",
    "answer_presence",
    "answer_question",
    "award_missing",
    "enrol_in",
    "settle_corrected",
    "settle_passed",
    "submit_exam",
    "take_heartbeat",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beat:
    """What a report led to."""

    credit: Credit
    certificate: Certificate | None = None

    @property
    def is_course_complete(self) -> bool:
        """Whether the course is complete, by this report or before it."""
        return self.credit.is_course_complete or self.certificate is not None


def take_heartbeat(
    *,
    user_id: int,
    session_id: uuid.UUID,
    seq: int,
    spans: Iterable[Span],
    position_ms: int | None = None,
    now: datetime | None = None,
    admits: Callable[[User], bool] | None = None,
) -> Beat:
    """Take one report of a person's own session: credit it, and settle where a lesson came to be seen.

    One transaction; on SQLite most reports need but one statement. Sent again, it changes nothing and says
    the same. `admits` is asked about the person's row. Raises what `progress.services.take_report` raises.
    """
    report: dict[str, Any] = {
        "session_id": session_id,
        "user_id": user_id,
        "seq": seq,
        "spans": list(spans),
        "position_ms": position_ms,
        "now": now,
        "admits": admits,
    }
    credit = progress.take_in_two_calls(**report)
    if credit is not None:
        return Beat(credit)
    with transaction.atomic():
        credit = progress.take_report(**report)
        if not credit.crossed:
            return Beat(credit, _awarded(credit.enrolment_id) if credit.is_repeat else None)
        return Beat(credit, _settle(credit.enrolment_id, now))


def _awarded(enrolment_id: int) -> Certificate | None:
    own = Certificate.objects.unscoped("the session says whose it is")
    return own.filter(completion__enrolment=enrolment_id).order_by("-pk").first()


def _settle(enrolment_id: int, now: datetime | None = None) -> Certificate | None:
    """Settle an enrolment and award what it earned; returns the certificate where there is one now."""
    certificates = award_each(settle_courses([enrolment_id], now), now)
    return certificates[0] if certificates else None


@transaction.atomic
def settle_corrected(*, enrolment_id: int) -> None:
    """Settle an enrolment whose progress was put right from its evidence; nothing else would."""
    _settle(enrolment_id)


@transaction.atomic
def acknowledge(
    *, enrolment: Enrolment, lesson: EditionLesson, now: datetime | None = None
) -> LessonProgress:
    """Take a learner's word that a text was read, and settle. The caller has checked whose it is.

    Raises what `progress.services.acknowledge_reading` raises.
    """
    row = progress.acknowledge_reading(enrolment=enrolment, lesson=lesson, now=now)
    _settle(enrolment.pk, now)
    return row


@transaction.atomic
def answer_presence(*, user: User, check_id: uuid.UUID, now: datetime | None = None) -> Answer:
    """Take a person's answer to a presence check, and settle where held time completes a lesson.

    Raises `progress.errors.CheckUnknown`.
    """
    answer = progress.answer_check(check_id=check_id, user_id=user.pk, now=now)
    award_each(settle_courses(answer.seen_in, now), now)
    return answer


@dataclass(frozen=True, slots=True)
class Answered:
    """What a try at a question inside a lecture led to."""

    answer: LectureAnswer
    is_course_complete: bool
    certificate: Certificate | None = None


@transaction.atomic
def answer_question(
    *,
    user_id: int,
    session_id: uuid.UUID,
    key: uuid.UUID,
    choice: Collection[str],
    number: int | None = None,
    now: datetime | None = None,
) -> Answered:
    """Grade and keep a person's try at a question of the lecture that is viewed; a right one may complete.

    Only a moment that was played is answered: as early as it is met, and as late as one likes. Locks the
    person's clock, then the enrolment row. Raises `progress.errors.SessionUnknown`, `NotLearning`,
    `MomentNotReached`, and what `exams.in_lectures.answer` raises.
    """
    read = PlaySession.objects.select_related("progress", "clock__check_open")
    session = read.filter(pk=session_id, enrolment__user_id=user_id).first()
    if session is None:
        raise progress_errors.SessionUnknown
    progress.hold_clock(user_id)
    every = Enrolment.objects.unscoped("one's own, by the session")
    enrolment = every.select_for_update(of=("self",), no_key=True).get(pk=session.enrolment_id)
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise progress_errors.NotLearning
    question = in_lectures.question_of(session.lesson_id, key)
    if not has_shown(session, question.at_ms, now or timezone.now()):
        raise progress_errors.MomentNotReached
    answer = in_lectures.answer(enrolment=enrolment, question=question, choice=choice, number=number, now=now)
    certificate = _settle(enrolment.pk, now) if answer.is_right else None
    enrolment.refresh_from_db(fields=["state"])
    return Answered(answer, enrolment.state == Enrolment.State.COMPLETED, certificate)


def enrol_in(*, user: User, course: Course) -> Enrolment:
    """Put a person on what the course teaches now; twice is once, and who is under way stays where they are.

    Raises `enrolment.errors.NothingToEnrolIn`, `EditionWithdrawn`.
    """
    if course.current is None:
        raise enrolment_errors.NothingToEnrolIn
    held = enrolment_of(user, course)
    if held is not None and held.state == Enrolment.State.ACTIVE:
        # Under way on an earlier edition: that one is finished, not begun a second time on the new one.
        return held
    return enrolments.enrol(user=user, edition=course.current)


def settle_passed(*, at_most: int = 200) -> int:
    """Settle what follows from exams that were passed unseen; return how many courses are complete.

    An exam whose time ran out is handed in by the exams' own sweep, and this finds what follows. Each
    passed attempt is settled once, in its own transaction: what is still missing then, settles by itself
    when it comes. One that fails is logged and left for a later sweep.
    """
    due = unsettled().values_list("pk", "enrolment_id")[:at_most]
    return sum(_settle_attempt(attempt_id, enrolment_id) for attempt_id, enrolment_id in due)


def _settle_attempt(attempt_id: int, enrolment_id: int) -> bool:
    try:
        with transaction.atomic():
            done = settle_courses([enrolment_id])
            award_each(done)
            mark_settled(attempt_id=attempt_id)
            return bool(done)
    except Exception:
        log.exception("enrolment %s could not be settled", enrolment_id)
        return False


def award_missing(*, at_most: int = 200) -> int:
    """Award the certificates that completions still lack; return how many.

    Any of them: in a fixed order, those that fail each time would keep the others waiting.
    """
    due = (
        Completion.objects.unscoped("the sweep awards everybody's")
        .filter(certificates__isnull=True, enrolment__state=Enrolment.State.COMPLETED)
        .order_by("?")
    )
    return sum(award_one(completion) is not None for completion in due[:at_most])
