"""Who makes proposed captions: claims with a lease, a heartbeat, back-off, as for encodes.

A row of its own for each piece of work, so that an encode never waits for it and never fails with it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from media import leases, worker
from media.errors import PATIENT, LeaseLost, MediaError
from media.models import CaptionJob, Encode
from media.wake import wake_on_commit

Kind, State = CaptionJob.Kind, CaptionJob.State
_FIRST_PAUSE_S = 5


@dataclass(frozen=True)
class Claim:
    """One claimed row."""

    pk: int
    encode_id: uuid.UUID
    kind: str
    lease: uuid.UUID


def expect(*, encode_id: uuid.UUID, kind: str) -> None:
    """Note that there is work; safe to repeat. Call it inside the transaction that makes it due."""
    CaptionJob.objects.get_or_create(encode_id=encode_id, kind=kind)
    wake_on_commit()


def ask_again(*, encode: Encode, kind: str) -> CaptionJob:
    """Make the work due, also where it was done or has failed; what is under way goes on. Locks the Encode."""
    with transaction.atomic():
        Encode.objects.select_for_update().get(pk=encode.pk)
        job, made = CaptionJob.objects.get_or_create(encode=encode, kind=kind)
        if not made and job.state in {State.DONE, State.FAILED}:
            job.state, job.attempts, job.done_ms = State.DUE, 0, 0
            job.reason = job.detail = ""
            job.due_at = timezone.now()
            job.save()
        wake_on_commit()
    return job


def due(kind: str) -> QuerySet[CaptionJob]:
    """Return the work of a kind that is due or was abandoned, the oldest first."""
    now = timezone.now()
    free = Q(state=State.DUE, due_at__lte=now) | Q(state=State.LEASED, leased_until__lt=now)
    return CaptionJob.objects.filter(free, kind=kind).order_by("created_at", "pk")


def due_count(limit: int) -> int:
    """Return how many pieces of work of all kinds are due, counted up to `limit`."""
    return sum(due(kind)[:limit].count() for kind in Kind.values)


def claim(kind: str) -> Claim | None:
    """Claim a piece of work, or return None. One conditional UPDATE; what kills its worker is given up.

    Speech is recognised one recording at a time on all hosts: it takes a worker for as long as an hour, and
    the others stay free for what is uploaded.
    """
    if kind == Kind.SPEECH and _is_listening():
        return None
    for job in due(kind)[:20]:
        claimed = Claim(job.pk, job.encode_id, job.kind, uuid.uuid4())
        taken = due(kind).filter(pk=job.pk).order_by()
        until = timezone.now() + leases.LEASE
        if not taken.update(
            state=State.LEASED,
            lease=claimed.lease,
            leased_until=until,
            attempts=F("attempts") + 1,
            worker=worker.name(),
        ):
            continue
        if job.attempts < leases.MAX_CLAIMS:
            return claimed
        fail(claimed, MediaError("gave_up", f"begun {job.attempts} times"), for_good=True)
    return None


def _is_listening() -> bool:
    now = timezone.now()
    return CaptionJob.objects.filter(kind=Kind.SPEECH, state=State.LEASED, leased_until__gte=now).exists()


class Heart(leases.Heartbeat):
    """Keeps the lease of a claim."""

    def __init__(self, claim: Claim) -> None:
        super().__init__()
        self._claim = claim

    def _renew(self, until: datetime) -> int:
        rows = CaptionJob.objects.filter(pk=self._claim.pk, lease=self._claim.lease)
        return rows.update(leased_until=until, done_ms=self.done_ms)


def finish(claim: Claim) -> None:
    """Mark work as done, in the transaction that writes its result; raise `LeaseLost` where it is another's."""
    rows = CaptionJob.objects.filter(pk=claim.pk, lease=claim.lease)
    if not rows.update(state=State.DONE, lease=None, leased_until=None, attempts=0, reason="", detail=""):
        raise LeaseLost


def fail(claim: Claim, error: MediaError, *, for_good: bool) -> None:
    """Try again later with growing pauses, or end with a reason. Without effect where the lease is lost."""
    with transaction.atomic():
        job = CaptionJob.objects.select_for_update().filter(pk=claim.pk, lease=claim.lease).first()
        if job is None:
            return
        patient = error.code in PATIENT
        if patient:
            job.attempts = max(0, job.attempts - 1)
        ended = not patient and (for_good or job.attempts >= leases.MAX_ATTEMPTS)
        job.state = State.FAILED if ended else State.DUE
        job.due_at = timezone.now() + timedelta(seconds=_FIRST_PAUSE_S * 4 ** min(job.attempts, 3))
        job.lease = job.leased_until = None
        job.reason, job.detail = (error.code if ended else ""), error.detail[-2000:]
        job.save()


def release(claim: Claim) -> None:
    """Give a claim back untouched, as a worker does that must stop in the middle."""
    CaptionJob.objects.filter(pk=claim.pk, lease=claim.lease).update(
        state=State.DUE, lease=None, leased_until=None, due_at=timezone.now(), attempts=F("attempts") - 1
    )
