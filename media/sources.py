"""Original bytes, kept in the default storage and addressed by their SHA-256: the same file is kept once."""

import os
import shutil
import uuid
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from media.models import Leftover, Source


def key_of(digest: str) -> str:
    """Return where a source with this digest lies in the default storage."""
    return f"sources/{digest[:2]}/{digest}"


def adopt(*, path: Path, digest: str, size: int) -> Source:
    """Keep the file at `path` as a source; `path` itself stays and may be removed afterwards.

    Safe to repeat. On a local storage of the same disk it is a link, so that ten gigabytes cost no time
    and no room; elsewhere a copy that appears whole or not at all. Takes no lock: two writers of the
    same digest write the same bytes, and the row is unique. Bytes that wait to be deleted are wanted
    again: their row is taken away first, which waits for a deletion under way.
    """
    key = key_of(digest)
    Leftover.objects.filter(path=key).delete()
    known = Source.objects.filter(digest=digest).first()
    if known is not None and _is_whole(known.key, size):
        return known
    if isinstance(default_storage, FileSystemStorage):
        _link(path, Path(default_storage.path(key)))
    elif not _is_whole(key, size):
        with path.open("rb") as file:
            key = default_storage.save(key, File(file))
    source, _created = Source.objects.update_or_create(digest=digest, defaults={"size": size, "key": key})
    return source


def _is_whole(key: str, size: int) -> bool:
    try:
        return default_storage.size(key) == size
    except (FileNotFoundError, OSError):
        return False


def _link(path: Path, target: Path) -> None:
    """Put the bytes at `target` by an atomic rename, linked where the disk allows, copied otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        try:
            os.link(path, temporary)
        except OSError:
            shutil.copyfile(path, temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
