"""Where the bytes are: sources and published files in the default storage, work in the spool.

ffmpeg reads local files only. With file storage that is the stored file itself; with a bucket the
source is fetched once into the spool, at constant memory, and kept while there is room for it.
"""

import contextlib
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

from media.errors import MediaError, NoSpace, StoreAway, UnusableSource
from media.models import Source

_BLOCK = 4 * 1024 * 1024
# Left free on every disk, so that the database can still write.
RESERVE = 512 * 1024**2
MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


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
    with reaching():
        if root is not None:
            _write(root / key, data)
            return
        if default_storage.exists(key):
            default_storage.delete(key)
        default_storage.save(key, ContentFile(data))


def get(key: str) -> bytes:
    """Return the bytes under a key; raise `MediaError` "storage" where they cannot be read."""
    with reaching(), default_storage.open(key) as file:
        return bytes(file.read())


def size(key: str) -> int:
    """Return the size of what is stored, -1 where there is nothing; a store that is away is no answer."""
    with reaching():
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
        with reaching():
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
        with reaching():
            try:
                folders, files = default_storage.listdir(folder)
            except FileNotFoundError:
                continue
        waiting += [f"{folder}/{name}" for name in folders if name]
        found |= {f"{folder}/{name}" for name in files if name}
    return found


def remove(keys: set[str]) -> None:
    """Delete files; what is gone already is no error."""
    with reaching():
        for key in sorted(keys):
            default_storage.delete(key)


def remove_tree(prefix: str) -> None:
    """Delete everything under a prefix, and its folders; what is gone already is no error."""
    root = _local_root()
    if root is None:
        remove(names_under(prefix))
        return
    with reaching(), contextlib.suppress(FileNotFoundError):
        shutil.rmtree(root / prefix)


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
def reaching() -> Iterator[None]:
    """Say of whatever goes wrong with disk or bucket that it is the store, and not the lecture.

    Raises `StoreAway`, `NoSpace`, and `MediaError` "storage" for a file that is not there.
    """
    try:
        yield
    except MISSING as error:
        raise MediaError("storage", str(error)) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoSpace("disk_full", str(error)) from error
        raise StoreAway(str(error)) from error
    except Exception as error:
        if not is_of_bucket(error):
            raise
        raise StoreAway(f"{type(error).__name__}: {error}") from error


def is_of_bucket(error: BaseException) -> bool:
    """Whether a bucket's library raised it. Asked by name, since the library is large and may not be loaded."""
    made_in = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return bool(made_in & {"boto3", "botocore", "s3transfer"})
