"""Reads of what makes a lecture searchable: its published chapters and slides.

Others ask `media.queries`, which names these too.
"""

from dataclasses import dataclass

from media.models import Chapter, Encode, Lecture, Slide


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """Where a chapter begins, in milliseconds of the encode."""

    start_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class SlideMark:
    """A slide, from when to when it is shown; `file` is its picture below the encode's prefix."""

    start_ms: int
    end_ms: int
    text: str
    file: str


def chapters_of(lecture: Lecture, encode: Encode | None = None) -> list[ChapterMark]:
    """Return the published chapters in their order, of `encode` or else of what viewers get. One query."""
    shown = encode or lecture.current
    if shown is None:
        return []
    found = Chapter.objects.filter(encode=shown, state=Chapter.State.PUBLISHED)
    return [ChapterMark(*row) for row in found.order_by("start_ms").values_list("start_ms", "title")]


def slides_of(lecture: Lecture, encode: Encode | None = None) -> list[SlideMark]:
    """Return the published slides in their order, of `encode` or else of what viewers get. One query.

    `file` is served under the prefix of a grant, beside the manifest.
    """
    shown = encode or lecture.current
    if shown is None:
        return []
    found = Slide.objects.filter(encode=shown, state=Slide.State.PUBLISHED).order_by("start_ms", "number")
    return [SlideMark(*row) for row in found.values_list("start_ms", "end_ms", "text", "file")]
