"""What a worker does after the last byte of a direct upload: the SHA-256, then source, lecture and encode.

The object is read once, some megabytes at a time, and kept in the spool along the way where there is room,
since encoding reads it next. Claimed with a lease like all work; until the last transaction nothing is
written that another worker could not write again, so a kill costs one reading.
"""

import contextlib
import hashlib
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from media import direct, leases, sources, store
from media import direct_bucket as bucket
from media import upload_ends as ends
from media.errors import LeaseLost, NoSpace
from media.models import DirectTransfer, Upload
from media.upload_rules import BucketAway, ChecksumMismatch, Gone, NotDirect, UploadRefused

log = logging.getLogger(__name__)

Stage = DirectTransfer.Stage
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5, 600


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed transfer."""

    pk: int
    lease: uuid.UUID


class Heart(leases.Heartbeat):
    """Keeps the lease of a claim."""

    def __init__(self, claim: Claim) -> None:
        super().__init__()
        self._claim = claim

    def _renew(self, until: datetime) -> int:
        return _mine(self._claim).update(leased_until=until)


def due_count(limit: int) -> int:
    """Return how many transfers are due or abandoned, counted up to `limit`."""
    return _due()[:limit].count()


def do_one() -> bool:
    """Claim one transfer and check it; return False where none is due."""
    claim = take()
    if claim is None:
        return False
    perform(claim)
    return True


def take() -> Claim | None:
    """Claim the transfer that has waited longest. Locks nothing beyond the one update."""
    for pk in _due().order_by("due_at", "pk").values_list("pk", flat=True)[:20]:
        claim = Claim(pk, uuid.uuid4())
        until = timezone.now() + leases.LEASE
        taken = _due().filter(pk=pk)
        if taken.update(lease=claim.lease, leased_until=until, attempts=F("attempts") + 1):
            return claim
    return None


def perform(claim: Claim) -> None:
    """Check a claimed transfer. What refuses it ends it; anything else is tried again, with growing pauses."""
    try:
        with Heart(claim) as beating:
            _check(claim, beating)
    except (LeaseLost, Gone, DirectTransfer.DoesNotExist):
        log.info("lease lost: %s", claim)
    except (BucketAway, NotDirect):
        _again(claim)
    except UploadRefused as refused:
        _refuse(claim, refused)
    except (KeyboardInterrupt, SystemExit):
        with contextlib.suppress(Exception):
            _mine(claim).update(lease=None, leased_until=None, attempts=F("attempts") - 1)
        raise
    except Exception:
        log.exception("the check of a direct upload failed: %s", claim)
        _again(claim)


def _check(claim: Claim, beating: leases.Heartbeat) -> None:
    upload = _mine_or_lost(claim).upload
    direct.put_together(upload)
    found = _digest(upload, beating)
    if upload.digest and upload.digest != found:
        raise ChecksumMismatch
    lost = sources.lost_key(found, upload.length)
    leases.patiently(lambda: _finish(claim, found, lost))


def _digest(upload: Upload, beating: leases.Heartbeat) -> str:
    """Return the SHA-256 of the object; memory does not grow with its size."""
    running = hashlib.sha256()
    with _copy(upload) as copy:
        for block in bucket.blocks_of(upload.direct.key, upload.length):
            beating.check()
            running.update(block)
            copy.write(block)
        copy.keep(running.hexdigest())
    return running.hexdigest()


class _Copy:
    """A copy in the spool that may be given up at any time: encoding fetches the source where it is missing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, block: bytes) -> None:
        """Append a block, as long as the disk takes it."""
        if self._path is None:
            return
        try:
            if self._file is None:
                self._file = self._path.open("wb")
            self._file.write(block)
        except OSError:
            self.drop()

    def keep(self, digest: str) -> None:
        """Leave the whole copy where encoding looks for it."""
        if self._path is None or self._file is None:
            return
        try:
            self._file.close()
            self._path.replace(store.spool("sources", digest))
        except OSError:
            self.drop()

    def drop(self) -> None:
        """Take away what is left of the copy."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        self._path.unlink(missing_ok=True)
        self._path = None


@contextlib.contextmanager
def _copy(upload: Upload) -> Iterator[_Copy]:
    """Give a copy to be written, none where there is no room; what was not kept is taken away."""
    path: Path | None = store.spool("sources", f"{upload.pk.hex}.{uuid.uuid4().hex[:8]}")
    try:
        store.require_space(upload.length)
    except NoSpace:
        path = None
    copy = _Copy(path)
    try:
        yield copy
    finally:
        copy.drop()


def _finish(claim: Claim, digest: str, lost: str) -> None:
    """Make source, lecture and encode in one transaction. Locks the Upload, then its transfer."""
    with transaction.atomic():
        transfer = _mine_or_lost(claim)
        upload = Upload.objects.select_for_update().get(pk=transfer.upload_id)
        if not _mine(claim).update(stage=Stage.ENDED, lease=None, leased_until=None):
            raise LeaseLost
        source = sources.adopt_stored(key=transfer.key, digest=digest, size=upload.length, lost=lost)
        upload.digest, upload.offset = digest, upload.length
        ends.become_lecture(upload, source)


def _refuse(claim: Claim, refused: UploadRefused) -> None:
    """End the upload with its reason, unless another worker has taken it over."""
    transfer = _mine(claim).select_related("upload").first()
    if transfer is not None:
        log.warning("upload %s is refused after its last byte: %s", transfer.upload_id, refused.code)
        leases.patiently(lambda: direct.refuse(transfer.upload, refused))


def _again(claim: Claim) -> None:
    """Give the claim back until later. It is never given up: the bytes are there, and checking does no harm."""
    leases.patiently(lambda: _put_off(claim))


def _put_off(claim: Claim) -> None:
    transfer = _mine(claim).first()
    if transfer is None:
        return
    pause = min(_FIRST_PAUSE_S * 2 ** min(transfer.attempts, 10), _LONGEST_PAUSE_S)
    now = timezone.now()
    _mine(claim).update(lease=None, leased_until=None, due_at=now + timedelta(seconds=pause))
    # It counts against the quota, and is shown, for as long as it takes.
    Upload.objects.filter(pk=transfer.upload_id, state=Upload.State.RECEIVING).update(
        expires_at=ends.expiry(now)
    )


def _due() -> QuerySet[DirectTransfer]:
    now = timezone.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    return DirectTransfer.objects.filter(free, stage=Stage.CHECKING, due_at__lte=now)


def _mine(claim: Claim) -> QuerySet[DirectTransfer]:
    return DirectTransfer.objects.filter(pk=claim.pk, lease=claim.lease, stage=Stage.CHECKING)


def _mine_or_lost(claim: Claim) -> Any:
    transfer = _mine(claim).select_related("upload").first()
    if transfer is None:
        raise LeaseLost
    return transfer
