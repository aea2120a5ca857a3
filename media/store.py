"""Where the bytes are: sources and published files in the default storage, work in the spool.

ffmpeg reads local files only. With file storage that is the stored file itself; with a bucket the
source is fetched once into the spool, at constant memory, and kept while there is room for it.
"""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from media.errors import MediaError, NoSpace, UnusableSource
from media.models import Source

_BLOCK = 4 * 1024 * 1024
# Left free on every disk, so that the database can still write.
RESERVE = 512 * 1024**2


def spool(*parts: str) -> Path:
    """Return a path under the private spool; its folder is made."""
    path = Path(settings.SPOOL_DIR, *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def workshop(*parts: str) -> Iterator[Path]:
    """Give a fresh folder in the spool for the time of one piece of work."""
    folder = spool("work", *parts, uuid.uuid4().hex[:8])
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_space(needed: int) -> None:
    """Raise `NoSpace` unless spool and store have room for `needed` bytes and a reserve."""
    folders = [Path(settings.SPOOL_DIR)]
    root = _local_root()
    if root is not None:
        folders.append(root)
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < needed + RESERVE:
            raise NoSpace("disk_full", f"{free} bytes free, {needed} needed")


def put(key: str, data: bytes) -> None:
    """Store bytes under a key, replacing what is there; whole or not at all, and safe from a power cut."""
    root = _local_root()
    with _reaching():
        if root is not None:
            _write(root / key, data)
            return
        if default_storage.exists(key):
            default_storage.delete(key)
        default_storage.save(key, ContentFile(data))


def get(key: str) -> bytes:
    """Return the bytes under a key; raise `MediaError` "storage" where they cannot be read."""
    with _reaching(), default_storage.open(key) as file:
        return bytes(file.read())


def size(key: str) -> int:
    """Return the size of what is stored, -1 where there is nothing; a store that is away is no answer."""
    with _reaching():
        try:
            return int(default_storage.size(key))
        except (FileNotFoundError, NotADirectoryError, LookupError):
            return -1


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, read block by block."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local_source(source: Source) -> Path:
    """Return a local path of a source; raise `UnusableSource` where it is gone from the store."""
    root = _local_root()
    if root is not None:
        path = root / source.key
        if not path.is_file() or path.stat().st_size != source.size:
            raise UnusableSource("source_missing", source.key)
        return path
    path = spool("sources", source.digest)
    if path.is_file() and path.stat().st_size == source.size:
        os.utime(path)
        return path
    if size(source.key) != source.size:
        raise UnusableSource("source_missing", source.key)
    require_space(source.size)
    fetched = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with _reaching():
            with default_storage.open(source.key) as remote, fetched.open("wb") as file:
                shutil.copyfileobj(remote, file, _BLOCK)
            fetched.replace(path)
    finally:
        fetched.unlink(missing_ok=True)
    return path


def names_under(prefix: str) -> set[str]:
    """Return the keys of all files under a prefix."""
    found: set[str] = set()
    waiting = [prefix.rstrip("/")]
    while waiting:
        folder = waiting.pop()
        try:
            folders, files = default_storage.listdir(folder)
        except FileNotFoundError:
            continue
        waiting += [f"{folder}/{name}" for name in folders if name]
        found |= {f"{folder}/{name}" for name in files if name}
    return found


def remove(keys: set[str]) -> None:
    """Delete files; what is gone already is no error."""
    for key in sorted(keys):
        default_storage.delete(key)


def remove_tree(prefix: str) -> None:
    """Delete everything under a prefix, and its folders; what is gone already is no error."""
    root = _local_root()
    try:
        if root is not None:
            shutil.rmtree(root / prefix)
        else:
            remove(names_under(prefix))
    except FileNotFoundError:
        return


def _local_root() -> Path | None:
    return Path(default_storage.location) if isinstance(default_storage, FileSystemStorage) else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


@contextmanager
def _reaching() -> Iterator[None]:
    """Say of whatever goes wrong with disk or bucket that it is the store, and not the lecture."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoSpace("disk_full", str(error)) from error
        raise MediaError("storage", str(error)) from error
    except _bucket_errors() as error:
        raise MediaError("storage", f"{type(error).__name__}: {error}") from error


def _bucket_errors() -> tuple[type[Exception], ...]:
    """Return what a bucket's library raises; loaded only where something went wrong, since it is large."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return (Boto3Error, BotoCoreError, ClientError)
