"""The files behind uploads in transfer. The synced size of a file is the truth of its upload's offset.

One writer at a time holds an exclusive lock on the file itself, so that a crash releases it. A file
that was unlinked under a writer (cancelled, expired) is noticed at its next piece.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from media.upload_rules import Busy, Gone, NoRoom

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PIECE = 1 << 20


def folder() -> Path:
    """Return the private folder of uploads in transfer; it is made where it is missing."""
    path = Path(settings.SPOOL_DIR) / "uploads"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def path_of(upload_id: uuid.UUID) -> Path:
    """Return the file of an upload."""
    return folder() / f"{upload_id.hex}.part"


def create(upload_id: uuid.UUID) -> None:
    """Make an empty file that survives a power cut. Raises `NoRoom`."""
    try:
        os.close(os.open(path_of(upload_id), os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        _sync_folder()
    except OSError as error:
        raise_if_full(error)
        raise


def remove(upload_id: uuid.UUID) -> None:
    """Take the file away; a writer that still holds it stops at its next piece."""
    path_of(upload_id).unlink(missing_ok=True)


def size(upload_id: uuid.UUID) -> int:
    """Return how many bytes are in the file, synced or not; 0 where there is no file."""
    try:
        return path_of(upload_id).stat().st_size
    except FileNotFoundError:
        return 0


def synced_size(upload_id: uuid.UUID) -> int:
    """Return how many bytes are safely on the disk; 0 where there is no file (a lost disk begins anew)."""
    try:
        fd = os.open(path_of(upload_id), os.O_RDWR)
    except FileNotFoundError:
        return 0
    try:
        os.fsync(fd)
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


@contextmanager
def locked(upload_id: uuid.UUID) -> Iterator[int]:
    """Hold the exclusive lock on an upload's file and yield its descriptor. Raises `Busy`."""
    fd = os.open(path_of(upload_id), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Busy from held
        os.fsync(fd)
        yield fd
    finally:
        os.close(fd)


def write(fd: int, piece: bytes, start: int) -> None:
    """Append a piece at the end of the file.

    Where the disk is full the file is cut back to `start`, so that others can go on, and `NoRoom` is
    raised; `Gone` where the file was taken away.
    """
    if os.fstat(fd).st_nlink == 0:
        raise Gone
    view = memoryview(piece)
    os.lseek(fd, 0, os.SEEK_END)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        os.ftruncate(fd, start)
        raise_if_full(error)
        raise


def truncate(fd: int, size: int) -> None:
    """Forget everything beyond `size`."""
    os.ftruncate(fd, size)
    os.fsync(fd)


def head(fd: int, count: int) -> bytes:
    """Return the first bytes of the file."""
    return os.pread(fd, count, 0)


def sync(fd: int) -> int:
    """Put everything on the disk and return the size."""
    os.fsync(fd)
    return os.fstat(fd).st_size


def raise_if_full(error: OSError) -> None:
    """Turn the ways in which a system says that a disk is full into `NoRoom`."""
    if error.errno in _FULL:
        raise NoRoom from error


def check_room(needed: int) -> None:
    """Refuse with `NoRoom` what would leave less than the reserve on the disk."""
    if shutil.disk_usage(folder()).free - needed < settings.SPOOL_RESERVE_BYTES:
        raise NoRoom


def digest_of(fd: int) -> str:
    """Return the SHA-256 of a file, in hexadecimal, read from its beginning with constant memory."""
    os.lseek(fd, 0, os.SEEK_SET)
    running = hashlib.sha256()
    while piece := os.read(fd, _PIECE):
        running.update(piece)
    return running.hexdigest()


def assemble(whole: uuid.UUID, parts: list[tuple[uuid.UUID, int]]) -> None:
    """Append the parts, given with their lengths, to the file of `whole`, taking each away once it is in.

    Safe to repeat after a crash at any point: the size of the whole tells how far it came. Never needs
    more room than the largest part. Raises `Busy`, `NoRoom`, and `Gone` where a part is missing.
    """
    target = path_of(whole)
    first = path_of(parts[0][0])
    if not target.exists() and first.exists():
        os.rename(first, target)
        _sync_folder()
    with locked(whole) as fd:
        done = os.fstat(fd).st_size
        before = 0
        for part, length in parts:
            if done < before + length:
                _append(fd, path_of(part), done - before, length)
                done = before + length
            before += length
            remove(part)


def _append(fd: int, part: Path, skip: int, length: int) -> None:
    """Copy a part from `skip` on to the end of the whole, by the kernel, and sync it."""
    start = os.fstat(fd).st_size
    try:
        source = os.open(part, os.O_RDONLY)
    except FileNotFoundError as missing:
        raise Gone from missing
    try:
        offset, left = skip, length - skip
        os.lseek(fd, 0, os.SEEK_END)
        while left > 0:
            count = os.sendfile(fd, source, offset, min(left, 64 << 20))
            if count == 0:
                raise Gone
            offset, left = offset + count, left - count
        os.fsync(fd)
    except OSError as error:
        os.ftruncate(fd, start)
        raise_if_full(error)
        raise
    finally:
        os.close(source)


def orphans(known: set[str], older_than: float) -> list[Path]:
    """Return the files that belong to no upload of `known` ids (hexadecimal) and were left before a time."""
    found = []
    for path in folder().glob("*.part"):
        try:
            if path.stem not in known and path.stat().st_mtime < older_than:
                found.append(path)
        except FileNotFoundError:
            continue
    return found


def _sync_folder() -> None:
    fd = os.open(folder(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
