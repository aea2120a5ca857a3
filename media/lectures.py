"""What people do with a lecture: name it, give it a poster, put it into the bin and back."""

import hashlib
import struct
import zlib
from dataclasses import asdict
from io import BytesIO
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from media import ingest, store
from media.models import Encode, Lecture
from media.plan import Options

_POSTER_SIZE = (1280, 720)
_MOST_PIXELS = 50_000_000
# Only what browsers make and trainers have: other readers of the library start programs (EPS) or are rarely tried.
_PICTURES = ("JPEG", "PNG", "WEBP")


# What the library raises for bytes that are no whole picture, or one that unfolds to too much.
_BROKEN = (
    UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError,
    struct.error, zlib.error, LookupError, TypeError, ZeroDivisionError, MemoryError,
)  # fmt: skip


class UnreadablePicture(Exception):
    """A poster that is no picture, or one that is too large to be opened safely."""


def rename(*, lecture: Lecture, title: str, language: str) -> None:
    """Give a lecture its title and the language that is spoken in it. No lock: the last writer wins."""
    lecture.title, lecture.language = title, language
    lecture.save(update_fields=["title", "language"])


def set_options(
    *, lecture: Lecture, content: str, max_height: int, may_copy: bool, with_av1: bool | None = None
) -> None:
    """Keep what the trainer decided about the encoding; the next encode goes by it.

    Only what differs from the plan's own choice is kept; `with_av1` None leaves that to the site. Raises
    ValueError for what no plan knows.
    """
    given = {
        "content": content or None,
        "max_height": max_height,
        "may_copy": may_copy,
        "with_av1": with_av1,
    }
    taken = asdict(Options.from_json(given))
    if any(taken[name] != value for name, value in given.items()):
        raise ValueError("an option that no plan knows")
    usual = asdict(Options())
    others = {name: value for name, value in lecture.options.items() if name not in given}
    lecture.options = others | {name: value for name, value in given.items() if value != usual[name]}
    lecture.save(update_fields=["options"])


def can_repeat(encode: Encode | None) -> bool:
    """Whether the recording can be encoded again: it has come to an end, well or badly."""
    return encode is not None and encode.state in {Encode.State.PUBLISHED, Encode.State.FAILED}


def encode_again(*, lecture: Lecture) -> Encode | None:
    """Begin a new encode over the newest recording; None where one is under way or there is none.

    Locks the lecture, so that pressing twice begins one. What is published plays on until the new one is.
    """
    with transaction.atomic():
        locked = Lecture.objects.select_for_update().get(pk=lecture.pk)
        newest = locked.encodes.select_related("source").order_by("-number").first()
        if newest is None or not can_repeat(newest):
            return None
        return ingest.start_encode(lecture=locked, source=newest.source, filename=newest.filename)


def trash(*, lecture: Lecture) -> None:
    """Put a lecture into the bin: it can no longer be chosen. Published editions go on playing it."""
    Lecture.objects.filter(pk=lecture.pk, trashed_at__isnull=True).update(trashed_at=timezone.now())


def restore(*, lecture: Lecture) -> None:
    """Take a lecture out of the bin."""
    Lecture.objects.filter(pk=lecture.pk).update(trashed_at=None)


def set_poster(*, lecture: Lecture, picture: IO[bytes]) -> None:
    """Keep a picture as the poster: 16:9, at most 1280x720, without anything the camera wrote into it.

    The file is named by its content, so caches never show an old one. Raises `UnreadablePicture`.
    """
    try:
        with Image.open(picture, formats=_PICTURES) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise UnreadablePicture
            upright = _on_white(ImageOps.exif_transpose(opened))
            fitted = ImageOps.fit(upright, _fitting(upright.size))
    except _BROKEN as error:
        raise UnreadablePicture from error
    written = BytesIO()
    # A fresh image carries no EXIF, so no place and no device reach a viewer.
    fitted.save(written, "JPEG", quality=86, optimize=True, progressive=True)
    data = written.getvalue()
    key = f"posters/{lecture.pk}/{hashlib.sha256(data).hexdigest()[:32]}.jpg"
    with store.reaching():
        if not default_storage.exists(key):
            key = default_storage.save(key, ContentFile(data))
    lecture.poster = key
    lecture.save(update_fields=["poster"])


def clear_poster(*, lecture: Lecture) -> None:
    """Go back to the poster that was taken out of the video."""
    lecture.poster = ""
    lecture.save(update_fields=["poster"])


def _on_white(picture: Image.Image) -> Image.Image:
    """Return the picture without transparency: what shone through is white, not black."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    ground = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(ground, clear).convert("RGB")


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """Return the largest 16:9 size within the picture and the limit."""
    width = min(size[0], round(size[1] * 16 / 9), _POSTER_SIZE[0])
    width = max(width - width % 16, 16)
    return width, width * 9 // 16
