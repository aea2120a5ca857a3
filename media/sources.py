"""Original bytes, kept in the default storage and known by their SHA-256: the same file is kept once.

What came through the spool lies under its digest, what the browser put into a bucket where it was put.
"""

import os
import shutil
import uuid
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from media import store
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
        with path.open("rb") as file, store.reaching():
            key = default_storage.save(key, File(file))
    source, _created = Source.objects.update_or_create(digest=digest, defaults={"size": size, "key": key})
    return source


def lost_key(digest: str, size: int) -> str:
    """Return where a source with this digest should lie and does not, or not whole; "" for any other."""
    key = Source.objects.filter(digest=digest).values_list("key", flat=True).first()
    return key if key and not _is_whole(key, size) else ""


def adopt_stored(*, key: str, digest: str, size: int, lost: str) -> Source:
    """Keep what lies in the store under `key` as a source. Inside a transaction; asks no store.

    `lost` is what `lost_key` said before. Where the same bytes are kept already, those under `key` are noted
    to be deleted. Safe for two at once: the row is unique, and locked.
    """
    source, made = Source.objects.select_for_update().get_or_create(
        digest=digest, defaults={"size": size, "key": key}
    )
    if made or source.key == key:
        return source
    if source.key == lost:
        source.key, source.size = key, size
        source.save(update_fields=["key", "size"])
    else:
        Leftover.objects.get_or_create(path=key)
    return source


def _is_whole(key: str, size: int) -> bool:
    return store.size(key) == size


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
