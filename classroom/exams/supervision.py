"""A supervised sitting: recorded while it goes on, by somebody answerable for it and never by the learner.

What was recorded stays; a mistake is taken back by another row. Once the exam is handed in nothing is
added: what follows from it was decided with what was known then.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.exams import errors
from classroom.exams.models import Attempt, Supervision
from classroom.exams.permissions import may_supervise
from classroom.people.models import User
from classroom.people.services import audit

_WHY = "the caller may see the attempt"
_Kind = Supervision.Kind


def supervisions_of(attempts: Iterable[Attempt]) -> dict[int, Supervision]:
    """Return who watched over these attempts, by attempt; unsupervised ones are absent. One query."""
    rows = Supervision.objects.unscoped(_WHY).filter(attempt__in=[one.pk for one in attempts])
    newest = {row.attempt_id: row for row in rows.select_related("recorded_by").order_by("pk")}
    return {pk: row for pk, row in newest.items() if row.kind == _Kind.SUPERVISED}


def is_supervised(enrolment: Enrolment, number: int) -> bool:
    """Whether the attempt of this number was supervised to its end. One query."""
    rows = Supervision.objects.unscoped(_WHY).filter(attempt__enrolment=enrolment, attempt__number=number)
    newest = rows.order_by("-pk").values_list("kind", flat=True).first()
    return newest == _Kind.SUPERVISED


@transaction.atomic
def supervise(
    *, attempt: Attempt, by: User, invigilator: str, place: str, now: datetime | None = None
) -> Supervision:
    """Record that the sitting under way is watched over by `invigilator` at `place`; audited.

    The same again changes nothing; another invigilator or place is a new row. Locks the attempt row, so
    that it is either recorded before the exam is handed in, or refused. Raises `NotInvigilator`,
    `SupervisionIncomplete`, `NotUnderWay`.
    """
    locked = _under_way(attempt, by, now)
    invigilator, place = invigilator.strip(), place.strip()
    if not invigilator or not place:
        raise errors.SupervisionIncomplete
    if invigilator == locked.enrolment.user.name:
        raise errors.NotInvigilator
    held = supervisions_of([locked]).get(locked.pk)
    if held is not None and (held.invigilator, held.place) == (invigilator, place):
        return held
    return _kept(
        Supervision(
            attempt=locked,
            kind=_Kind.SUPERVISED,
            invigilator=invigilator,
            place=place,
            recorded_by=by,
            at=now or timezone.now(),
        )
    )


@transaction.atomic
def take_back(*, attempt: Attempt, by: User, reason: str, now: datetime | None = None) -> None:
    """Take back, with a reason, that the sitting under way is supervised; audited. Twice is once.

    Locks the attempt row. Raises `NotInvigilator`, `SupervisionIncomplete`, `NotUnderWay`.
    """
    locked = _under_way(attempt, by, now)
    if not reason.strip():
        raise errors.SupervisionIncomplete
    if supervisions_of([locked]):
        _kept(
            Supervision(
                attempt=locked,
                kind=_Kind.TAKEN_BACK,
                reason=reason.strip(),
                recorded_by=by,
                at=now or timezone.now(),
            )
        )


def _under_way(attempt: Attempt, by: User, now: datetime | None) -> Attempt:
    every = Attempt.objects.unscoped("permission is checked here")
    locked = (
        every.select_for_update(of=("self",), no_key=True)
        .select_related("enrolment__user", "enrolment__institution__supervising_authority")
        .get(pk=attempt.pk)
    )
    if not may_supervise(by, locked.enrolment):
        raise errors.NotInvigilator
    if locked.state != Attempt.State.IN_PROGRESS or (now or timezone.now()) >= locked.deadline_at:
        raise errors.NotUnderWay
    return locked


def _kept(row: Supervision) -> Supervision:
    row.save(force_insert=True)
    audit(
        actor=row.recorded_by,
        action="exams.supervise" if row.kind == _Kind.SUPERVISED else "exams.take_back_supervision",
        target=f"attempt:{row.attempt_id}",
        detail={
            "enrolment": row.attempt.enrolment_id,
            "invigilator": row.invigilator,
            "place": row.place,
            "reason": row.reason,
        },
    )
    return row
