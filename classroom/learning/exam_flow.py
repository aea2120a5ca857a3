"""From the lessons to the exam, and from the exam to what follows: the conductor's part of exams."""

from django.db import transaction

from classroom.completion.queries import explain
from classroom.enrolment.models import Enrolment
from classroom.exams import services as exams
from classroom.exams.admission import Admission
from classroom.exams.models import Attempt
from classroom.learning.settling import award_each, settle_courses
from classroom.people.models import User
from classroom.progress.services import hold_clock

# Parts of a rule that are learned, and so come before the exam.
LEARNED = frozenset({"lessons", "readings", "prerequisites"})


def admission_of(enrolment: Enrolment) -> Admission:
    """Return whether what the edition's rule asks before the exam is done; exams ask this at start-up."""
    items = [item for item in explain(enrolment).items if item.kind in LEARNED]
    return Admission(
        is_met=all(item.is_met for item in items),
        have=sum(item.have for item in items),
        need=sum(item.need for item in items),
    )


def start_exam(*, user: User, enrolment: Enrolment) -> Attempt:
    """Start one's own exam, or return the attempt under way.

    Raises `Enrolment.DoesNotExist` for somebody else's enrolment, `exams.errors.NotEligible`.
    """
    if enrolment.user_id != user.pk:
        raise Enrolment.DoesNotExist
    return exams.start_attempt(enrolment=enrolment, lessons_met=admission_of(enrolment).is_met)


@transaction.atomic
def submit_exam(*, user: User, attempt: Attempt) -> Attempt:
    """Hand in one's own attempt; what follows from it is decided in the same transaction.

    A certificate that cannot be made now is left to the sweep and never costs the hand-in. Locks the
    person's clock, since a decision joins their chain of evidence, the enrolment, the attempt, then what
    `settling` locks. Handing in twice changes nothing. Raises
    `Attempt.DoesNotExist` for somebody else's attempt.
    """
    hold_clock(user.pk)
    every = Enrolment.objects.unscoped("one's own, by the filter")
    locked = every.select_for_update(no_key=True).filter(pk=attempt.enrolment_id, user=user).first()
    if locked is None:
        raise Attempt.DoesNotExist
    attempt = exams.submit(attempt=attempt)
    if attempt.is_passed:
        award_each(settle_courses([locked.pk]))
        exams.mark_settled(attempt_id=attempt.pk)
    return attempt
