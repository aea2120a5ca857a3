"""Uploads from the browser straight into the bucket: begun, signed part by part, put together, given up.

The bytes never pass through a process of ours. Which parts are there is asked of the bucket each time and
never taken from the client; the rows say whose it is and what is to be done next. What happens after the
last byte (the SHA-256, the lecture) is in `media.direct_check`.
"""

import contextlib
import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from media import direct_bucket as bucket
from media import upload_ends as ends
from media.direct_bucket import TransferLost
from media.direct_parts import Layout, part_size_for
from media.models import DirectTransfer, Upload
from media.upload_rules import (
    BadPart,
    BadRequest,
    BucketAway,
    ChecksumMismatch,
    Complete,
    Declared,
    Gone,
    NotDirect,
    NotFound,
    PartsMissing,
    UploadRefused,
    WrongKind,
    check_declared,
    check_head,
)
from media.wake import wake_on_commit

log = logging.getLogger(__name__)

Stage = DirectTransfer.Stage
# How long one address of a part may be used, and how many are given at once.
ADDRESS_SECONDS = 900
ADDRESSES_AT_ONCE = 32
# A part that was on its way may still arrive at the bucket after the transfer was given up.
_CLEARED_AFTER = timedelta(seconds=ADDRESS_SECONDS + 300)
# The request that completes has so long before a worker goes on with it.
_COMPLETES_FOR = timedelta(minutes=2)
_LEFT_AFTER = timedelta(minutes=1)
_SWEEP_AT_ONCE = 100
_TOLD_MISSING = 1000
HEAD = 512
# What is said in the list of an upload that the check refused: the code of media.errors of a refusal.
_REASONS = {
    WrongKind.code: "not_media",
    ChecksumMismatch.code: "upload_damaged",
    NotFound.code: "source_missing",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where one part is to be PUT, and how many bytes it has."""

    number: int
    url: str
    size: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload is: `receiving`, `checking` or `finished`, and which parts the bucket has."""

    state: str
    layout: Layout
    have: list[int] = field(default_factory=list)


def begin(*, owner: Any, declared: Declared, length: int, head: bytes = b"") -> Upload:
    """Make an upload of `length` bytes and open its transfer; a file that is known is finished at once.

    `head` are the first bytes as the client says: what is no recording is refused before it is sent. The
    bucket's own are looked at in the end. Raises `UploadRefused`; rows are written before the bucket is
    asked, so that a crash leaves nothing in it that nobody remembers. Locks the tenant.
    """
    if not bucket.is_there():
        raise NotDirect
    lecture = ends.lecture_to_replace(owner, declared)
    check_declared(declared, length, settings.MAX_UPLOAD_BYTES)
    check_head(head[:HEAD])
    upload = ends.new_upload(owner, declared, length, lecture)
    transfer = DirectTransfer(upload=upload, key=key_of(upload.pk), part_size=part_size_for(length))
    known = ends.known_source(owner, declared.digest, length)
    if known is not None:
        upload.offset, transfer.stage = length, Stage.ENDED
        with ends.room_for(upload, known):
            upload.save(force_insert=True)
            transfer.save(force_insert=True)
            ends.become_lecture(upload, known)
        return upload
    with ends.room_for(upload):
        upload.save(force_insert=True)
        transfer.save(force_insert=True)
    try:
        _open(transfer)
    except UploadRefused:
        drop(upload, Upload.State.TERMINATED)
        raise
    return upload


def key_of(upload_id: uuid.UUID) -> str:
    """Return where the object of an upload lies, for good: it is never moved, so it is never copied."""
    return f"sources/{upload_id.hex[:2]}/{upload_id.hex}"


def _open(transfer: DirectTransfer) -> None:
    """Open a multipart upload in place of the one that is known, unless another request has done so."""
    former, transfer.multipart = transfer.multipart, bucket.open_transfer(transfer.key)
    rows = DirectTransfer.objects.filter(pk=transfer.pk, multipart=former, stage=Stage.SENDING)
    if not rows.update(multipart=transfer.multipart):
        bucket.close_transfer(transfer.key, transfer.multipart)
        transfer.refresh_from_db()


def find(*, owner: Any, upload_id: uuid.UUID) -> Upload:
    """Return a direct upload of this person. Raises `NotFound` for anyone else's, `Gone` for a lapsed one."""
    upload = (
        Upload.objects.filter(pk=upload_id, owner_id=owner.pk, direct__isnull=False)
        .select_related("direct")
        .first()
    )
    if upload is None:
        raise NotFound
    if upload.state == Upload.State.FINISHED or (upload.direct.reason and upload.expires_at > timezone.now()):
        return upload
    lapsed = upload.direct.stage == Stage.SENDING and upload.expires_at <= timezone.now()
    if lapsed or upload.state != Upload.State.RECEIVING:
        raise Gone
    return upload


def layout_of(upload: Upload) -> Layout:
    """Return how the file is cut into parts."""
    return Layout(upload.length, upload.direct.part_size)


def standing(upload: Upload) -> Standing:
    """Ask the bucket how far an upload is, and note it. One that was refused in the end raises its refusal."""
    layout = layout_of(upload)
    if upload.state == Upload.State.FINISHED:
        return Standing("finished", layout)
    _check_not_refused(upload)
    if upload.direct.stage == Stage.CHECKING:
        return Standing("checking", layout)
    sizes = {number: part.size for number, part in _parts(upload).items()}
    if upload.direct.stage != Stage.SENDING:
        return standing(_as_it_is(upload))
    touch(upload, layout.received(sizes))
    return Standing("receiving", layout, layout.whole(sizes))


def addresses(*, upload: Upload, numbers: list[int]) -> list[Address]:
    """Return where the parts of these numbers are to be PUT. Raises `BadPart`, `Complete`, `BucketAway`."""
    _check_not_refused(upload)
    if upload.state == Upload.State.FINISHED or upload.direct.stage != Stage.SENDING:
        raise Complete
    layout, transfer = layout_of(upload), upload.direct
    if not 0 < len(numbers) <= ADDRESSES_AT_ONCE or len(set(numbers)) != len(numbers):
        raise BadRequest
    if not all(layout.has(number) for number in numbers):
        raise BadPart
    if not transfer.multipart:
        _open(transfer)
    touch(upload, None)
    return [
        Address(
            number,
            bucket.address_of_part(
                transfer.key, transfer.multipart, number, layout.size_of(number), ADDRESS_SECONDS
            ),
            layout.size_of(number),
        )
        for number in numbers
    ]


def _parts(upload: Upload) -> dict[int, bucket.Part]:
    """Ask the bucket for the parts. Where it has forgotten the transfer, a new one is opened: none is there.

    It has also forgotten one that another request completed or gave up; the stage then says so.
    """
    transfer = upload.direct
    if transfer.multipart:
        try:
            return bucket.parts_in(transfer.key, transfer.multipart)
        except TransferLost:
            log.warning("upload %s: the bucket has forgotten the transfer; it begins anew", upload.pk)
    _open(transfer)
    return {}


def _as_it_is(upload: Upload) -> Upload:
    """Read again what another request has completed or ended meanwhile. Raises `Gone` where it was given up."""
    upload.refresh_from_db()
    if upload.state not in {Upload.State.RECEIVING, Upload.State.FINISHED} and not upload.direct.reason:
        raise Gone
    return upload


def touch(upload: Upload, offset: int | None) -> None:
    """Note that something was heard of an upload, and how far it is. The database may be away meanwhile."""
    now = timezone.now()
    values: dict[str, Any] = {"updated_at": now, "expires_at": ends.expiry(now)}
    if offset is not None:
        values["offset"] = upload.offset = offset
    with contextlib.suppress(DatabaseError):
        Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).update(**values)


def complete(*, upload: Upload) -> None:
    """Put the parts together and leave the rest to a worker; safe to repeat. Raises `PartsMissing`, `WrongKind`.

    First it is written down that all is there: whatever happens from then on, a worker goes on with it.
    """
    _check_not_refused(upload)
    if upload.state == Upload.State.FINISHED or upload.direct.stage != Stage.SENDING:
        return
    parts = _parts(upload)
    if upload.direct.stage != Stage.SENDING:
        _check_not_refused(_as_it_is(upload))
        return
    layout, sizes = layout_of(upload), {number: part.size for number, part in parts.items()}
    touch(upload, layout.received(sizes))
    missing = layout.missing(sizes)
    if missing:
        raise PartsMissing(missing[:_TOLD_MISSING])
    rows = DirectTransfer.objects.filter(pk=upload.direct.pk, stage=Stage.SENDING)
    if not rows.update(stage=Stage.CHECKING, due_at=timezone.now() + _COMPLETES_FOR):
        return
    upload.direct.stage = Stage.CHECKING
    try:
        put_together(upload)
    except BucketAway:
        log.warning("upload %s is complete; a worker puts it together once the bucket is back", upload.pk)
        return
    except UploadRefused as refused:
        refuse(upload, refused)
        raise
    DirectTransfer.objects.filter(pk=upload.direct.pk, stage=Stage.CHECKING).update(due_at=timezone.now())
    wake_on_commit()


def put_together(upload: Upload) -> None:
    """See to it that the bucket has the whole as one object that may be a recording. Safe to repeat.

    Raises `ChecksumMismatch` for another size than declared, `WrongKind`, `NotFound` where it is lost.
    """
    transfer = upload.direct
    size = bucket.size_of(transfer.key)
    if size < 0:
        try:
            parts = bucket.parts_in(transfer.key, transfer.multipart)
            bucket.put_together(transfer.key, transfer.multipart, parts)
        except TransferLost:
            log.warning("upload %s: neither parts nor object", upload.pk)
        size = bucket.size_of(transfer.key)
    if size < 0:
        raise NotFound
    if size != upload.length:
        raise ChecksumMismatch
    check_head(bucket.head_of(transfer.key, HEAD))


def refuse(upload: Upload, refused: UploadRefused) -> None:
    """End an upload that cannot become a lecture; its list says why until it lapses or is taken away."""
    drop(upload, Upload.State.TERMINATED, reason=_REASONS.get(refused.code, "internal"))


def _check_not_refused(upload: Upload) -> None:
    """Raise again what the check of a complete upload raised, for a client that still waits for it."""
    if upload.direct.reason:
        raise {"not_media": WrongKind, "upload_damaged": ChecksumMismatch}.get(upload.direct.reason, Gone)()


def terminate(*, upload: Upload) -> None:
    """Cancel an upload, or take one that was refused out of the list. Raises `Complete` for a lecture."""
    if upload.state == Upload.State.FINISHED:
        raise Complete
    if upload.direct.reason:
        DirectTransfer.objects.filter(pk=upload.direct.pk).update(reason="")
        return
    drop(upload, Upload.State.TERMINATED)


def drop(upload: Upload, state: str, *, reason: str = "") -> None:
    """End an upload that has not become a lecture, whoever comes first; clear the bucket if it answers."""
    if not _end(upload, state, reason=reason, clear_at=timezone.now() + _CLEARED_AFTER):
        return
    with contextlib.suppress(BucketAway, NotDirect):
        bucket.give_up(upload.direct.key, upload.direct.multipart)


def _end(upload: Upload, state: str, *, clear_at: datetime, reason: str = "") -> bool:
    """Write down that an upload has ended, and when its bytes are to go. Return whether it was this call.

    Locks the upload before its transfer, as the check does.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING)
        if not rows.update(state=state, updated_at=now, expires_at=ends.expiry(now)):
            return False
        DirectTransfer.objects.filter(pk=upload.direct.pk).update(
            stage=Stage.CLEARING, reason=reason, due_at=clear_at, lease=None, leased_until=None
        )
    upload.state, upload.direct.reason = state, reason
    return True


def sweep(now: datetime) -> int:
    """Expire, complete what was left complete, clear the bucket for good; return how many. Safe to run twice."""
    return _expire(now) + _complete_left(now) + _clear(now)


def _expire(now: datetime) -> int:
    lapsed = _sending().filter(expires_at__lte=now).order_by("expires_at", "pk")[:_SWEEP_AT_ONCE]
    return sum(_end(upload, Upload.State.EXPIRED, clear_at=now) for upload in lapsed)


def _complete_left(now: datetime) -> int:
    """Complete uploads whose last part arrived and whose browser went away before it could say so."""
    count = 0
    left = _sending().filter(expires_at__gt=now, updated_at__lt=now - _LEFT_AFTER, offset=F("length"))
    for upload in left.order_by("updated_at", "pk")[:_SWEEP_AT_ONCE]:
        try:
            complete(upload=upload)
            count += 1
        except BucketAway:
            break
        except UploadRefused as refused:
            log.info("upload %s not completed: %s", upload.pk, refused.code)
    return count


def _clear(now: datetime) -> int:
    """Throw away what arrived after an upload was given up, once nothing can arrive any more."""
    count = 0
    due = DirectTransfer.objects.filter(stage=Stage.CLEARING, due_at__lte=now).order_by("due_at")
    for transfer in due[:_SWEEP_AT_ONCE]:
        try:
            bucket.give_up(transfer.key, transfer.multipart)
        except (BucketAway, NotDirect):
            log.warning("transfer %s is cleared away once the bucket is back", transfer.key)
            break
        count += DirectTransfer.objects.filter(pk=transfer.pk, stage=Stage.CLEARING).update(stage=Stage.ENDED)
    return count


def _sending() -> QuerySet[Upload]:
    return Upload.objects.filter(state=Upload.State.RECEIVING, direct__stage=Stage.SENDING).select_related(
        "direct"
    )
