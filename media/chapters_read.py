"""Reads of what makes a lecture searchable: published chapters and slides, and words with their second.

Others ask `media.queries`, which names these too.
"""

import unicodedata
from dataclasses import dataclass

from media import captions
from media.models import Chapter, Encode, Lecture, Slide

# More hits than anyone reads; whoever gets so many gives one more word.
MOST_HITS = 200


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


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a lecture where the words stand. `kind` is chapter, slide or caption."""

    start_ms: int
    text: str
    kind: str


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


def search_lecture(lecture: Lecture, words: str, encode: Encode | None = None) -> list[Hit]:
    """Return where all the words stand in one chapter's title, slide or caption, in the order of time.

    Letters count whatever their case and width, and Chinese is found by any part of it, also by two
    characters. At most `MOST_HITS`. Three queries.
    """
    wanted = [plain(word) for word in words.split()]
    wanted = [word for word in wanted if word]
    if not wanted:
        return []
    found = [
        Hit(mark.start_ms, mark.title, "chapter")
        for mark in chapters_of(lecture, encode)
        if _has(mark.title, wanted)
    ]
    found += [
        Hit(mark.start_ms, _line(mark.text, wanted), "slide")
        for mark in slides_of(lecture, encode)
        if _has(mark.text, wanted)
    ]
    for track in lecture.tracks.all():
        found += [
            Hit(cue.start_ms, cue.text.replace("\n", " "), "caption")
            for cue in captions.read_vtt(track.vtt)
            if _has(cue.text, wanted)
        ]
    order = ("chapter", "slide", "caption")
    # The same words in two languages of captions, or spoken twice in a second, are one place.
    unique = dict.fromkeys(sorted(found, key=lambda hit: (hit.start_ms, order.index(hit.kind), hit.text)))
    return list(unique)[:MOST_HITS]


def plain(text: str) -> str:
    """Return the text as it is compared: one width, no case, no spaces, which OCR puts anywhere."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _has(text: str, wanted: list[str]) -> bool:
    folded = plain(text)
    return all(word in folded for word in wanted)


def _line(text: str, wanted: list[str]) -> str:
    """Return the line of a slide that says most of what was asked; the first of equals."""
    lines = text.splitlines() or [text]
    return max(lines, key=lambda line: sum(word in plain(line) for word in wanted))
