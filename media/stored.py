"""Files that a row names, opened for a reader. One that is missing is told to the operators, and is no fault.

Nor is a store that is away: readers are asked to come back, and the operators are told.
"""

import logging
import uuid
from typing import Any

from django.core.cache import cache
from django.core.files.storage import default_storage

from media import store
from media.errors import PATIENT, MediaError
from media.models import Encode

log = logging.getLogger(__name__)

# So many seconds later readers are asked to come back.
AGAIN_S = 60
# A player asks for a missing segment again and again; its lecture is told once in so long.
_TOLD_FOR_S = 600


class FileLost(Exception):
    """The storage has no file under a key that a row names. Whoever opens it says what the reader can do."""


def open_named(key: str, *, row: str) -> Any:
    """Open the file of a row (`row` names it for the log).

    Raises `FileLost`, having told the operators, and `StoreAway` where nobody can tell.
    """
    with store.reaching():
        try:
            return default_storage.open(key)
        except store.MISSING as missing:
            tell_lost(key, row=row)
            raise FileLost(key) from missing


def reason_to_wait(error: BaseException) -> str:
    """Return the code of `media.errors` where an error says that the store cannot be used now; else ""."""
    if isinstance(error, MediaError):
        return error.code if error.code in PATIENT else ""
    return "storage" if store.is_of_bucket(error) else ""


def tell_away(error: BaseException, *, asked: str) -> None:
    """Tell the operators, in the log, that the store could not be used, and who asked for what."""
    detail = (isinstance(error, MediaError) and error.detail) or f"{type(error).__name__}: {error}"
    log.error("the file store cannot be used: %s; asked by %s", detail, asked)


def tell_lost(key: str, *, row: str) -> None:
    """Tell the operators, in the log, which file is missing and which row names it."""
    log.error("stored file %s is missing; it is named by %s", key, row)


def tell_lost_of(encode: uuid.UUID, file: str) -> bool:
    """Whether a file that was not found belongs to a published encode; the operators are then told."""
    published = Encode.objects.filter(pk=encode, state=Encode.State.PUBLISHED)
    folder = file.partition("/")[0]
    if folder == "slides":
        published = published.filter(slides__file=file)
    elif file not in {"master.m3u8", "poster.jpg"}:
        published = published.filter(renditions__name=folder)
    named = published.exists()
    if named and cache.add(f"media:lost:{encode}", 1, timeout=_TOLD_FOR_S):
        tell_lost(f"lectures/{encode}/{file}", row=f"media.Encode {encode}")
    return named
