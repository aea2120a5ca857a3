"""Resumable uploads: begun, received piece by piece, put together, finished into a lecture, swept.

The bytes are in `media.spool`, whose synced size is the truth of the offset; the row says whose it is and
what it becomes. No transaction is open while bytes arrive, so an upload of hours blocks nobody, and a
database that is away for a minute loses nothing.
"""

import contextlib
import hashlib
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from media import ingest, sources, spool
from media.models import Lecture, Source, Upload
from media.permissions import may_change, may_upload, tenant_of
from media.queries import used_bytes, visible_lectures
from media.running_digests import RunningDigests
from media.upload_rules import (
    BadRequest,
    ChecksumMismatch,
    Declared,
    Gone,
    NotAllowed,
    NotFound,
    OverQuota,
    TooLarge,
    UploadRefused,
    WrongKind,
    WrongOffset,
    check_declared,
    check_head,
    declared_in,
    title_of,
)

log = logging.getLogger(__name__)

# Small, since what a dead connection has brought of an unfinished piece is lost with it.
PIECE = 64 << 10
HEAD = 512
# How often a running transfer says in its row how far it is; the file is the truth.
_TELL_EVERY_S = 2.0
# A finished transfer whose lecture was not made (the store was away) is taken up again after this.
_FINISH_AGAIN = timedelta(minutes=1)
_SWEEP_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the client says about one body: a name of hashlib and the digest."""

    algorithm: str
    digest: bytes


@dataclass(slots=True)
class Body:
    """A body to be received. `read(n)` gives at most n bytes, none at the end; `length` None is unknown."""

    read: Callable[[int], bytes]
    length: int | None
    checksum: Checksum | None = None


_hashers = RunningDigests()


def begin(*, owner: Any, declared: Declared, length: int, partial: bool = False) -> Upload:
    """Make an upload of `length` bytes and its empty file; a file that is known is finished at once.

    A file is known when its declared SHA-256 and length are those of a source behind a lecture that the
    owner may see. Raises `UploadRefused` before anything is written.
    """
    lecture = _allowed(owner, declared)
    if not partial:
        check_declared(declared, length, settings.MAX_UPLOAD_BYTES)
    elif not 0 < length <= settings.MAX_UPLOAD_BYTES:
        raise TooLarge if length else BadRequest
    upload = Upload(
        owner=owner,
        tenant=tenant_of(owner),
        filename=declared.filename,
        content_type=declared.content_type,
        metadata=declared.raw,
        length=length,
        concat="partial" if partial else "",
        digest=declared.digest,
        lecture=lecture,
        expires_at=_expiry(),
    )
    known = _known_source(owner, declared.digest, length) if not partial else None
    if known is not None:
        upload.offset = length
        with transaction.atomic():
            upload.save(force_insert=True)
            _become_lecture(upload, known)
        return upload
    _check_quota(upload.tenant, length)
    spool.check_room(length)
    spool.create(upload.pk)
    try:
        upload.save(force_insert=True)
    except BaseException:
        spool.remove(upload.pk)
        raise
    return upload


def find(*, owner: Any, upload_id: uuid.UUID) -> Upload:
    """Return an upload of this person. Raises `NotFound` for anyone else's, `Gone` for a lapsed one."""
    upload = Upload.objects.filter(pk=upload_id, owner_id=owner.pk).first()
    if upload is None:
        raise NotFound
    lapsed = upload.state != Upload.State.FINISHED and upload.expires_at <= timezone.now()
    if lapsed or upload.state in {Upload.State.TERMINATED, Upload.State.EXPIRED}:
        raise Gone
    return upload


def offset_of(upload: Upload) -> int:
    """Return how many bytes are safely here."""
    return upload.length if upload.state == Upload.State.FINISHED else spool.synced_size(upload.pk)


def receive(*, upload: Upload, offset: int, body: Body) -> int:
    """Append a body at `offset`, finish the upload where it is complete, and return the new offset.

    Holds the exclusive lock on the upload's file; no transaction while bytes arrive. A client that goes
    away keeps what arrived, except where a checksum was announced: then only whole bodies count. Raises
    `UploadRefused`: `Busy`, `WrongOffset`, `TooLarge`, `NoRoom`, `ChecksumMismatch`, `WrongKind`, `Gone`.
    """
    if upload.concat == "final":
        raise NotAllowed
    if upload.state == Upload.State.FINISHED:
        if offset != upload.length:
            raise WrongOffset(**{"Upload-Offset": str(upload.length)})
        return upload.length
    with spool.locked(upload.pk) as fd:
        start = spool.sync(fd)
        if offset != start:
            raise WrongOffset(**{"Upload-Offset": str(start)})
        room = upload.length - start
        if body.length is not None:
            if body.length > room:
                raise TooLarge
            spool.check_room(body.length)
        _touch(upload, start)
        running = _take_in(upload, fd, start, body)
        end = spool.sync(fd)
        _check_kind(upload, fd, start, end)
        _touch(upload, end)
        if end == upload.length:
            _finish_or_leave(upload, fd, running.hexdigest() if running else None)
        else:
            _hashers.keep(upload.pk, end, running)
    return end


def _finish_or_leave(upload: Upload, fd: int, digest: str | None) -> None:
    """Finish; where store or database are away the bytes are safe all the same, and the sweep goes on."""
    try:
        _finish_locked(upload, fd, digest)
    except UploadRefused:
        raise
    except Exception:
        log.exception("upload %s is complete but could not be stored; the sweep will", upload.pk)


def _take_in(upload: Upload, fd: int, start: int, body: Body) -> Any | None:
    """Write a body to the file; return the running SHA-256 of the whole file where it is known."""
    running = _hashers.take(upload.pk, start)
    check = hashlib.new(body.checksum.algorithm) if body.checksum else None
    room = upload.length - start
    told = time.monotonic()
    while True:
        try:
            piece = body.read(min(PIECE, room + 1))
        except OSError:  # the client went away; what came is kept
            break
        if not piece:
            break
        if len(piece) > room:
            spool.truncate(fd, start)
            raise TooLarge
        spool.write(fd, piece, start)
        room -= len(piece)
        for digest in (running, check):
            if digest is not None:
                digest.update(piece)
        if time.monotonic() - told > _TELL_EVERY_S:
            told = time.monotonic()
            _touch(upload, upload.length - room)
    if check is not None and body.checksum is not None and check.digest() != body.checksum.digest:
        spool.truncate(fd, start)
        raise ChecksumMismatch
    return running


def _check_kind(upload: Upload, fd: int, start: int, end: int) -> None:
    """Look once at the first bytes; what is certainly no recording is cancelled. Parts are not looked at."""
    if upload.concat == "partial" or start >= HEAD or end == start:
        return
    try:
        check_head(spool.head(fd, HEAD))
    except WrongKind:
        _drop(upload, Upload.State.TERMINATED)
        raise


def _touch(upload: Upload, offset: int) -> None:
    """Tell the row how far the file is. A database that is away does not stop the transfer."""
    now = timezone.now()
    upload.offset, upload.updated_at, upload.expires_at = offset, now, _expiry(now)
    with contextlib.suppress(DatabaseError):
        Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).update(
            offset=offset, updated_at=now, expires_at=upload.expires_at
        )


def concatenate(*, owner: Any, declared: Declared, part_ids: list[uuid.UUID]) -> Upload:
    """Put finished parts together into one upload and finish it.

    Every part must be the owner's, complete, not used before and named once. Raises `UploadRefused`.
    """
    lecture = _allowed(owner, declared)
    found = Upload.objects.in_bulk(part_ids)
    parts = [found[pk] for pk in part_ids if pk in found]
    if not parts or len(parts) != len(part_ids) or len(set(part_ids)) != len(part_ids):
        raise BadRequest
    for part in parts:
        if part.owner_id != owner.pk:
            raise NotFound
        if part.concat != "partial" or part.state != Upload.State.FINISHED:
            raise BadRequest
        if not spool.path_of(part.pk).exists():
            raise Gone
    length = sum(part.length for part in parts)
    check_declared(declared, length, settings.MAX_UPLOAD_BYTES)
    _check_quota(tenant_of(owner), length)
    spool.check_room(max((part.length for part in parts[1:]), default=0))
    upload = Upload.objects.create(
        owner=owner,
        tenant=tenant_of(owner),
        filename=declared.filename,
        content_type=declared.content_type,
        metadata=declared.raw,
        length=length,
        concat="final",
        parts=[str(part.pk) for part in parts],
        digest=declared.digest,
        lecture=lecture,
        expires_at=_expiry(),
    )
    finish(upload=upload)
    return upload


def finish(*, upload: Upload) -> None:
    """Turn a complete file into a source, a lecture and an encode. Safe to repeat after a crash.

    Holds the lock on the file. Raises `UploadRefused`, and whatever the store raises where it is away:
    the sweep then tries again.
    """
    if upload.concat == "final":
        found = Upload.objects.in_bulk([uuid.UUID(part) for part in upload.parts])
        spool.assemble(upload.pk, [(pk, found[pk].length) for pk in map(uuid.UUID, upload.parts)])
    with spool.locked(upload.pk) as fd:
        end = spool.sync(fd)
        if end != upload.length:
            raise WrongOffset(**{"Upload-Offset": str(end)})
        _check_kind(upload, fd, 0, end)
        _finish_locked(upload, fd, None)


def _finish_locked(upload: Upload, fd: int, digest: str | None) -> None:
    """Finish under the lock. A part only becomes complete; the rest becomes a lecture."""
    if upload.concat == "partial":
        Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).update(
            state=Upload.State.FINISHED, offset=upload.length
        )
        upload.state = Upload.State.FINISHED
        return
    found = digest or spool.digest_of(fd)
    if upload.digest and upload.digest != found:
        _drop(upload, Upload.State.TERMINATED)
        raise ChecksumMismatch
    source = sources.adopt(path=spool.path_of(upload.pk), digest=found, size=upload.length)
    upload.digest, upload.offset = found, upload.length
    with transaction.atomic():
        _become_lecture(upload, source)
    spool.remove(upload.pk)


def _become_lecture(upload: Upload, source: Source) -> None:
    """Make the lecture, or a new encode of the one to be replaced. Inside a transaction.

    Locks the upload's row: a cancellation that came first wins (`Gone`).
    """
    row = Upload.objects.select_for_update().get(pk=upload.pk)
    if row.state != Upload.State.RECEIVING:
        raise Gone
    declared = _declared_of(upload)
    lecture = upload.lecture
    if lecture is None:
        lecture = Lecture.objects.create(
            title=declared[0], owner_id=upload.owner_id, tenant=upload.tenant, language=declared[1]
        )
    ingest.start_encode(lecture=lecture, source=source, filename=upload.filename or lecture.title)
    upload.lecture, upload.state, upload.updated_at = lecture, Upload.State.FINISHED, timezone.now()
    upload.save(update_fields=["lecture", "state", "updated_at", "offset", "digest"])


def _declared_of(upload: Upload) -> tuple[str, str]:
    """Return title and language for the lecture of an upload."""
    declared = declared_in(upload.metadata)
    stamp = timezone.localtime(upload.created_at).strftime("%Y-%m-%d %H:%M")
    title = declared.title or (title_of(upload.filename) if upload.filename else stamp)
    return title, declared.language or "zh-Hans"


def terminate(*, upload: Upload) -> None:
    """Cancel an upload and take its bytes away, even while they arrive. Raises `NotAllowed` once finished."""
    if upload.state == Upload.State.FINISHED and upload.concat != "partial":
        raise NotAllowed
    _drop(upload, Upload.State.TERMINATED)


def _drop(upload: Upload, state: str) -> None:
    """End an upload that has not become a lecture, whoever comes first; take the file away."""
    ended = (
        Upload.objects.filter(pk=upload.pk)
        .exclude(state=Upload.State.FINISHED, concat__in=["", "final"])
        .update(state=state, updated_at=timezone.now())
    )
    if ended:
        upload.state = state
        spool.remove(upload.pk)


def sweep_expired(now: datetime) -> int:
    """Forget lapsed uploads, finish complete ones that were left, remove files of nobody; return how many.

    For the pipeline's sweep. Safe to run twice and at once: each step is conditional on the row's state.
    """
    count = 0
    lapsed = Upload.objects.filter(expires_at__lte=now).filter(
        state__in=[Upload.State.RECEIVING, Upload.State.FINISHED]
    )
    for upload in lapsed.exclude(state=Upload.State.FINISHED, concat__in=["", "final"])[:_SWEEP_AT_ONCE]:
        _drop(upload, Upload.State.EXPIRED)
        count += 1
    count += _finish_left(now)
    waiting = Upload.objects.filter(
        Q(state=Upload.State.RECEIVING) | Q(state=Upload.State.FINISHED, concat="partial")
    )
    known = {pk.hex for pk in waiting.values_list("pk", flat=True)}
    for path in spool.orphans(known, (now - timedelta(days=1)).timestamp()):
        path.unlink(missing_ok=True)
        count += 1
    return count


def _finish_left(now: datetime) -> int:
    """Finish the uploads that are complete and were left: the store was away, or the process was killed."""
    count = 0
    left = Upload.objects.filter(
        state=Upload.State.RECEIVING, expires_at__gt=now, updated_at__lt=now - _FINISH_AGAIN
    )
    for upload in left[:_SWEEP_AT_ONCE]:
        if upload.concat != "final" and spool.synced_size(upload.pk) != upload.length:
            continue
        try:
            finish(upload=upload)
            count += 1
        except UploadRefused as refused:
            log.info("upload %s not finished: %s", upload.pk, refused.code)
        except Exception:
            log.exception("upload %s could not be stored; the next sweep tries again", upload.pk)
    return count


def _allowed(owner: Any, declared: Declared) -> Lecture | None:
    """Return the lecture whose video is to be replaced, if any; raise `NotAllowed` or `NotFound`."""
    if not may_upload(owner):
        raise NotAllowed
    if declared.lecture is None:
        return None
    lecture = visible_lectures(owner).filter(pk=declared.lecture, trashed_at__isnull=True).first()
    if lecture is None or not may_change(owner, lecture):
        raise NotFound
    return lecture


def _known_source(owner: Any, digest: str, length: int) -> Source | None:
    """Return the source with these bytes if the person sees a lecture made of it."""
    if not digest:
        return None
    return (
        Source.objects.filter(digest=digest, size=length, encodes__lecture__in=visible_lectures(owner))
        .distinct()
        .first()
    )


def _check_quota(tenant: str, length: int) -> None:
    quota = settings.TENANT_QUOTA_BYTES
    if quota and used_bytes(tenant) + length > quota:
        raise OverQuota


def _expiry(now: datetime | None = None) -> datetime:
    return (now or timezone.now()) + timedelta(days=settings.UPLOAD_LIFETIME_DAYS)
