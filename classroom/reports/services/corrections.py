"""Decide a correction by hand, and all that follows from it, in one transaction."""

from datetime import datetime

from django.db import transaction

from classroom.certificates.services import award, revoke_withdrawn
from classroom.certificates.tasks import render_soon
from classroom.completion import services as completion
from classroom.completion.models import Correction
from classroom.completion.queries import completion_of
from classroom.enrolment.services import enrol
from classroom.learning.settling import award_each, settle_unlocked
from classroom.people.models import User


@transaction.atomic
def decide(
    *, correction: Correction, by: User, approves: bool, text: str, now: datetime | None = None
) -> Correction:
    """Approve or reject a correction as its second person.

    A course counted as completed gives a certificate that says so, and settles the courses that waited
    for it. A withdrawn completion loses its certificate, and the course begins anew where it is still
    taught and the account is not closed: whoever has to take it is due again, with the employer of
    today. Locks the correction, the enrolment, those that waited for it, the completion and the year's
    counter, in this order.
    Raises what `completion.services.decide` raises.
    """
    decided = completion.decide(correction=correction, by=by, approves=approves, text=text, now=now)
    row = decided.correction
    if not (approves and decided.is_new):
        return row
    done = completion_of(row.enrolment)
    if done is None:
        return row
    if row.kind == Correction.Kind.GRANT:
        unlocked = settle_unlocked(done, now)
        render_soon(award(completion=done, now=now))
        award_each(unlocked, now)
    elif row.kind == Correction.Kind.WITHDRAW:
        revoke_withdrawn(completion=done, by=by, note=row.text)
        _begin_anew(row, by)
    return row


def _begin_anew(correction: Correction, by: User) -> None:
    former = correction.enrolment
    edition = former.course.current
    if edition is None or edition.withdrawn_at is not None or not former.user.is_active:
        return
    enrol(
        user=former.user,
        edition=edition,
        origin=former.origin,
        due_on=former.due_on,
        by=by,
    )
