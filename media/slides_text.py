"""From what was read on a slide to its title and its text, and from titles to chapters. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Below this the reader itself doubts what it read.
_LEAST_SCORE = 0.55
_TITLE_LENGTH = 200
# A title stands in this upper part of the slide, and its letters are nearly the largest there.
_UPPER = 0.55
_LARGE = 0.8
# A second line of a title follows closely and is as tall; the first bullet is neither.
_NEAR, _AS_TALL = 0.5, 0.88
# Chapters nearer to each other than this are one: nobody jumps so short a way.
_SHORTEST_MS = 5000
_COUNTED = re.compile(
    r"[\s(（\[【]*(?:续|continued|cont\.?|[0-9一二三四五六七八九十]+(?:\s*/\s*[0-9]+)?)[\s)）\]】.]*$", re.I
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was read: where it stands (pixels), how sure the reader is."""

    text: str
    score: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """How tall its letters are."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Read:
    """The text of a slide, line by line, and its title; empty where there is none."""

    title: str
    text: str


def compose(lines: Iterable[Line], height: int) -> Read:
    """Return text and title of a slide of `height` pixels."""
    kept = [line for line in lines if line.score >= _LEAST_SCORE and line.text.strip()]
    rows = _rows(kept)
    text = "\n".join(" ".join(_clean(line.text) for line in row) for row in rows)
    return Read(_title(kept, height)[:_TITLE_LENGTH], text)


def propose(titles: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the chapters that slides with these times and titles make: a new one with each new title.

    Slides without a title belong to the chapter before them; "(2)" and "continued" begin none.
    """
    chapters: list[tuple[int, str]] = []
    for start_ms, title in titles:
        if not title:
            continue
        if chapters and _subject(chapters[-1][1]) == _subject(title):
            continue
        if chapters and start_ms - chapters[-1][0] < _SHORTEST_MS:
            continue
        chapters.append((start_ms, title))
    return chapters


def _subject(title: str) -> str:
    """Return what two parts of one chapter have in common: the title without its count, spaces and case."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return "".join((_COUNTED.sub("", plain) or plain).split())


def _clean(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines from top to bottom; those beside each other in one row, from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.top, line.left)):
        middle = (line.top + line.bottom) / 2
        if rows and rows[-1][0].top < middle < rows[-1][0].bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _title(lines: Sequence[Line], height: int) -> str:
    """Return the uppermost of the large lines in the upper part, with a second line of the same size."""
    upper = [line for line in lines if line.bottom <= height * _UPPER and len(line.text.strip()) > 1]
    if not upper:
        return ""
    tallest = max(line.height for line in upper)
    large = [line for line in _flat(_rows(upper)) if line.height >= tallest * _LARGE]
    title = [large[0]]
    for line in large[1:]:
        last = title[-1]
        near = line.top - last.bottom < last.height * _NEAR
        if near and line.height >= last.height * _AS_TALL and len(title) < 3:
            title.append(line)
    return _clean(_joined([line.text for line in title]))


def _flat(rows: Iterable[Iterable[Line]]) -> list[Line]:
    return [line for row in rows for line in row]


def _joined(parts: Sequence[str]) -> str:
    """Return broken lines as one: a space between words of letters, none within Chinese."""
    whole = parts[0].strip()
    for part in parts[1:]:
        gap = " " if whole[-1:].isascii() and part.strip()[:1].isascii() else ""
        whole += gap + part.strip()
    return whole
