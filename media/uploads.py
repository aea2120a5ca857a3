"""Resumable uploads: begun, received piece by piece, put together, finished into a lecture.

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
from typing import Any

from django.conf import settings
from django.db import Error, transaction
from django.utils import timezone

from media import sources, spool
from media import upload_ends as ends
from media.models import Upload
from media.running_digests import RunningDigests
from media.upload_rules import (
    BadRequest,
    ChecksumMismatch,
    Complete,
    Declared,
    Gone,
    NotFound,
    TooLarge,
    UploadRefused,
    WrongKind,
    WrongOffset,
    check_declared,
    check_head,
)

log = logging.getLogger(__name__)

# Small, since what a dead connection has brought of an unfinished piece is lost with it.
PIECE = 64 << 10
HEAD = 512
# How often a running transfer says in its row how far it is; the file is the truth.
_TELL_EVERY_S = 2.0
_ALIVE = [Upload.State.RECEIVING, Upload.State.FINISHED]


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
    owner may see. Raises `UploadRefused`, and nothing is left then. Locks the tenant.
    """
    lecture = ends.lecture_to_replace(owner, declared)
    if not partial:
        check_declared(declared, length, settings.MAX_UPLOAD_BYTES)
    elif not 0 < length <= settings.MAX_UPLOAD_BYTES:
        raise TooLarge if length else BadRequest
    upload = ends.new_upload(owner, declared, length, lecture)
    upload.concat = "partial" if partial else ""
    known = ends.known_source(owner, declared.digest, length) if not partial else None
    if known is not None:
        upload.offset = length
        with ends.room_for(upload, known):
            upload.save(force_insert=True)
            ends.become_lecture(upload, known)
        return upload
    spool.check_room(length)
    with ends.room_for(upload):
        upload.save(force_insert=True)
    try:
        spool.create(upload.pk)
    except BaseException:
        upload.delete()
        raise
    return upload


def find(*, owner: Any, upload_id: uuid.UUID) -> Upload:
    """Return a tus upload of this person. Raises `NotFound` for anyone else's, `Gone` for a lapsed one."""
    upload = Upload.objects.filter(pk=upload_id, owner_id=owner.pk, direct__isnull=True).first()
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
    away keeps what arrived, except where a checksum was announced: then only whole bodies count.
    """
    if upload.concat == "final":
        raise Complete
    if upload.state == Upload.State.FINISHED:
        if offset != upload.length:
            raise WrongOffset(**{"Upload-Offset": str(upload.length)})
        if body.length:
            raise TooLarge
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
            found = running.hexdigest() if running else None
            _finish_or_leave(upload, lambda: _finish_locked(upload, fd, found))
        else:
            _hashers.keep(upload.pk, end, running)
    return end


def _finish_or_leave(upload: Upload, finishing: Callable[[], None]) -> None:
    """Finish; where store or database are away the bytes are safe all the same, and the sweep goes on."""
    try:
        finishing()
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
        drop(upload, Upload.State.TERMINATED)
        raise


def _touch(upload: Upload, offset: int) -> None:
    """Tell the row how far the file is. A database that is away does not stop the transfer."""
    now = timezone.now()
    upload.offset, upload.updated_at, upload.expires_at = offset, now, ends.expiry(now)
    with contextlib.suppress(Error):
        Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).update(
            offset=offset, updated_at=now, expires_at=upload.expires_at
        )


def concatenate(*, owner: Any, declared: Declared, part_ids: list[uuid.UUID]) -> Upload:
    """Put finished parts together into one upload and finish it.

    Every part must be the owner's, complete, not used before and named once. Who asks again for the same
    parts, because the answer was lost or the disk was full, goes on with the upload of the first time.
    The parts counted against the quota when they were begun. Raises `UploadRefused`.
    """
    lecture = ends.lecture_to_replace(owner, declared)
    whole = Upload.objects.filter(
        owner_id=owner.pk, concat="final", state__in=_ALIVE, parts=[str(pk) for pk in part_ids]
    ).first()
    if whole is None:
        parts = _parts_of(owner, part_ids)
        length = sum(part.length for part in parts)
        check_declared(declared, length, settings.MAX_UPLOAD_BYTES)
        spool.check_room(max(part.length for part in parts))
        whole = ends.new_upload(owner, declared, length, lecture)
        whole.concat, whole.parts = "final", [str(pk) for pk in part_ids]
        with transaction.atomic():
            used = Upload.objects.filter(pk__in=part_ids, state=Upload.State.FINISHED)
            if used.update(state=Upload.State.TERMINATED) != len(parts):
                raise Gone
            whole.save(force_insert=True)
    if whole.state == Upload.State.RECEIVING:
        _finish_or_leave(whole, lambda: finish(upload=whole))
    return whole


def _parts_of(owner: Any, part_ids: list[uuid.UUID]) -> list[Upload]:
    """Return the parts in their order; refuse what is not there, not whole, not the owner's, or named twice."""
    if not part_ids or len(set(part_ids)) != len(part_ids):
        raise BadRequest
    found = Upload.objects.filter(owner_id=owner.pk).in_bulk(part_ids)
    if len(found) != len(part_ids):
        raise NotFound
    parts = [found[pk] for pk in part_ids]
    for part in parts:
        if part.concat != "partial" or part.state == Upload.State.RECEIVING:
            raise BadRequest
        is_kept = part.state == Upload.State.FINISHED and part.expires_at > timezone.now()
        if not is_kept or not spool.path_of(part.pk).exists():
            raise Gone
    return parts


def finish(*, upload: Upload) -> None:
    """Turn a complete file into a source, a lecture and an encode. Safe to repeat after a crash.

    Holds the lock on the file. Raises `UploadRefused`, and whatever the store raises where it is away:
    the sweep then tries again.
    """
    if upload.concat == "final":
        _assemble(upload)
    with spool.locked(upload.pk) as fd:
        end = spool.sync(fd)
        if end != upload.length:
            raise WrongOffset(**{"Upload-Offset": str(end)})
        _check_kind(upload, fd, 0, end)
        _finish_locked(upload, fd, None)


def _assemble(upload: Upload) -> None:
    """Put the parts into one file; where one is lost nothing can be made of the others."""
    found = Upload.objects.in_bulk([uuid.UUID(part) for part in upload.parts])
    try:
        spool.assemble(upload.pk, [(pk, found[pk].length) for pk in map(uuid.UUID, upload.parts)])
    except Gone:
        drop(upload, Upload.State.TERMINATED)
        raise


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
        drop(upload, Upload.State.TERMINATED)
        raise ChecksumMismatch
    source = sources.adopt(path=spool.path_of(upload.pk), digest=found, size=upload.length)
    upload.digest, upload.offset = found, upload.length
    with transaction.atomic():
        ends.become_lecture(upload, source)
    spool.remove(upload.pk)


def terminate(*, upload: Upload) -> None:
    """Cancel an upload and take its bytes away, even while they arrive. Raises `Complete` once finished."""
    if upload.state == Upload.State.FINISHED and upload.concat != "partial":
        raise Complete
    drop(upload, Upload.State.TERMINATED)


def drop(upload: Upload, state: str) -> None:
    """End an upload that has not become a lecture, whoever comes first; take the file away."""
    ended = (
        Upload.objects.filter(pk=upload.pk)
        .exclude(state=Upload.State.FINISHED, concat__in=["", "final"])
        .update(state=state, updated_at=timezone.now())
    )
    if ended:
        upload.state = state
        spool.remove(upload.pk)
