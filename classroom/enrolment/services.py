"""Writes of enrolments: begin, withdraw, complete. Everything else hangs on an enrolment."""

from collections.abc import Callable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from classroom.enrolment import errors
from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution
from classroom.institutions.queries import employer_of
from classroom.people.models import User
from classroom.people.services import audit
from courses.catalogue.models import Edition

_WHY = "the caller checked whose it is"


def _locked(enrolment: Enrolment) -> Enrolment:
    every = Enrolment.objects.unscoped(_WHY)
    return every.select_for_update(of=("self",), no_key=True).get(pk=enrolment.pk)


def enrol(
    *,
    user: User,
    edition: Edition,
    origin: str = Enrolment.Origin.SELF,
    institution: Institution | None = None,
    due_on: date | None = None,
    by: User | None = None,
) -> Enrolment:
    """Put a person on an edition, or return the enrolment that is there already.

    The employer of today is kept with it (`institution` overrides), since people change employers and
    records do not. An earlier due date wins: a plan never gives more time than another one did. A
    person who withdrew begins again with the next period; what was learned before stays with the
    former one. Raises `EditionWithdrawn`. Locks the enrolment that is there.
    """
    if edition.withdrawn_at is not None:
        raise errors.EditionWithdrawn
    for _ in range(3):
        try:
            with transaction.atomic():
                return _enrol(user, edition, origin, institution, due_on, by)
        except IntegrityError:
            # Another request made it between our look and our insert: look again.
            continue
    raise errors.EnrolmentError


def _enrol(
    user: User,
    edition: Edition,
    origin: str,
    institution: Institution | None,
    due_on: date | None,
    by: User | None,
) -> Enrolment:
    every = Enrolment.objects.unscoped(_WHY).filter(user=user, edition=edition)
    newest = every.select_for_update(of=("self",), no_key=True).order_by("-period").first()
    if newest is not None and newest.state != Enrolment.State.WITHDRAWN:
        _bring_forward(newest, due_on)
        return newest
    enrolment = Enrolment.objects.create(
        user=user,
        edition=edition,
        course_id=edition.course_id,
        institution=institution or employer_of(user),
        period=newest.period + 1 if newest else 1,
        origin=origin,
        due_on=due_on,
    )
    if by is not None and by.pk != user.pk:
        audit(actor=by, action="enrolment.enrol", target=f"enrolment:{enrolment.pk}")
    return enrolment


def enrol_again(
    *,
    user: User,
    edition: Edition,
    is_due: Callable[[Enrolment], bool],
    origin: str = Enrolment.Origin.PLAN,
    institution: Institution | None = None,
    due_on: date | None = None,
    by: User | None = None,
) -> Enrolment | None:
    """Let a person who completed the course begin it once more, with evidence and results of its own.

    `is_due` says of the newest completed enrolment whether it is time. None, and nothing changes, where it
    is not, or where the person is under way: of two calls at once one enrols. The period is the next of
    the course, whichever edition had the former. Raises `EditionWithdrawn`. Locks the person's enrolments
    on the course.
    """
    if edition.withdrawn_at is not None:
        raise errors.EditionWithdrawn
    with transaction.atomic():
        every = Enrolment.objects.unscoped(_WHY).filter(user=user, course_id=edition.course_id)
        # First the locks, then a fresh look: what a rival made while this call waited counts.
        list(every.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
        rows = list(every.order_by("enrolled_at", "period", "pk"))
        done = [row for row in rows if row.state == Enrolment.State.COMPLETED]
        if any(row.state == Enrolment.State.ACTIVE for row in rows) or not done or not is_due(done[-1]):
            return None
        enrolment = Enrolment.objects.create(
            user=user,
            edition=edition,
            course_id=edition.course_id,
            institution=institution or employer_of(user),
            period=max(row.period for row in rows) + 1,
            origin=origin,
            due_on=due_on,
        )
        audit(actor=by, action="enrolment.enrol_again", target=f"enrolment:{enrolment.pk}")
    return enrolment


def _bring_forward(enrolment: Enrolment, due_on: date | None) -> None:
    is_open = enrolment.state == Enrolment.State.ACTIVE
    if is_open and due_on is not None and (enrolment.due_on is None or due_on < enrolment.due_on):
        enrolment.due_on = due_on
        enrolment.save(update_fields=["due_on"])


@transaction.atomic
def withdraw(*, enrolment: Enrolment, by: User | None = None, now: datetime | None = None) -> Enrolment:
    """End an enrolment without completion; evidence stays, and nothing counts any more from this moment.

    A second time changes nothing. Raises `AlreadyCompleted`. Locks the enrolment.
    """
    enrolment = _locked(enrolment)
    if enrolment.state == Enrolment.State.COMPLETED:
        raise errors.AlreadyCompleted
    if enrolment.state != Enrolment.State.WITHDRAWN:
        enrolment.state = Enrolment.State.WITHDRAWN
        enrolment.withdrawn_at = now or timezone.now()
        enrolment.save(update_fields=["state", "withdrawn_at"])
        audit(actor=by, action="enrolment.withdraw", target=f"enrolment:{enrolment.pk}")
    return enrolment


@transaction.atomic
def mark_completed(*, enrolment: Enrolment, at: datetime) -> Enrolment:
    """Mark an enrolment as completed; only `completion.settle` decides that. Locks the enrolment.

    A second time changes nothing. Raises `EnrolmentError` for a withdrawn one.
    """
    enrolment = _locked(enrolment)
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise errors.EnrolmentError
    if enrolment.state == Enrolment.State.ACTIVE:
        enrolment.state, enrolment.completed_at = Enrolment.State.COMPLETED, at
        enrolment.save(update_fields=["state", "completed_at"])
    return enrolment


@transaction.atomic
def take_back_completion(*, enrolment: Enrolment, at: datetime) -> Enrolment:
    """End a completed enrolment without its completion; only an approved correction does that.

    What was learned stays with it, and a next period can begin. A second time changes nothing.
    Raises `EnrolmentError` for one that was not complete. Locks the enrolment.
    """
    enrolment = _locked(enrolment)
    if enrolment.state == Enrolment.State.ACTIVE:
        raise errors.EnrolmentError
    if enrolment.state == Enrolment.State.COMPLETED:
        enrolment.state = Enrolment.State.WITHDRAWN
        enrolment.completed_at, enrolment.withdrawn_at = None, at
        enrolment.save(update_fields=["state", "completed_at", "withdrawn_at"])
    return enrolment
