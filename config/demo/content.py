"""Reads the demo's courses from `content/*.md`; the format is described in `content/README.md`."""

import html
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from config.demo.lecture import Page

FOLDER = Path(__file__).parent / "content"
_BOLD = re.compile(r"[*]{2}(.+?)[*]{2}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A law or standard that a course rests on; `effective_from` is ISO, a year or empty."""

    document: str
    clauses: str
    lessons: str
    effective_from: str


@dataclass
class Lesson:
    """A lecture with its pages, or a reading with its paragraphs."""

    title: str
    title_en: str
    summary: str
    basis: str = ""
    minutes: int = 0
    pages: list[Page] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    # Questions inside the lecture: after how many sentences, and which.
    asks: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_reading(self) -> bool:
        """Whether it is read rather than watched."""
        return self.minutes > 0

    def body(self) -> str:
        """Return a reading as HTML paragraphs; `**x**` becomes bold."""
        texts = (_BOLD.sub(r"<b>\1</b>", html.escape(text)) for text in self.paragraphs)
        return "".join(f"<p>{text}</p>" for text in texts)


@dataclass
class CourseText:
    """One course of the demo."""

    code: str
    title: str
    title_en: str
    values: dict[str, str] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    legal_basis: list[Reference] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)


@cache
def courses() -> tuple[CourseText, ...]:
    """Return the courses in the order of their codes, with no more lectures each than `DEMO_LECTURES` allows."""
    found = tuple(parse(path.read_text()) for path in sorted(FOLDER.glob("[A-Z][0-9].md")))
    if settings.DEMO_LECTURES:
        for course in found:
            course.lessons = shortened(course.lessons, settings.DEMO_LECTURES)
    return found


def shortened(lessons: list[Lesson], most: int) -> list[Lesson]:
    """Return the readings and the first `most` lectures."""
    kept = [lesson for lesson in lessons if not lesson.is_reading][:most]
    return [lesson for lesson in lessons if lesson.is_reading or lesson in kept]


@cache
def questions() -> tuple[dict[str, Any], ...]:
    """Return the questions of the banks."""
    return tuple(json.loads((FOLDER / "questions.json").read_text()))


def parse(text: str) -> CourseText:
    """Return the course that `text` describes; raise `ValueError` at a line of no known form."""
    reader = _Reader()
    for raw in text.splitlines():
        if line := raw.strip():
            reader.take(line)
    return reader.end()


class _Reader:
    """Reads a course line by line; what a line means depends on what was opened before it."""

    def __init__(self) -> None:
        self.course: CourseText | None = None
        self.slide: tuple[str, list[str], list[str]] | None = None

    def take(self, line: str) -> None:
        """Take one line that is not empty."""
        if line.startswith("# "):
            code, rest = line[2:].split(" ", 1)
            title, english = _cells(rest, 2)
            self.course = CourseText(code, title, english)
        elif self.course is None:
            raise ValueError(f"before the title: {line}")
        elif line.startswith("### "):
            self._close_slide()
            self.slide = (line[4:], [], [])
        elif line.startswith("## "):
            self._close_slide()
            self.course.lessons.append(_lesson(line[3:]))
        elif line.startswith("? ") and self.slide:
            lesson = self.course.lessons[-1]
            spoken = sum(len(page.sentences) for page in lesson.pages) + len(self.slide[2])
            lesson.asks.append((spoken, line[2:]))
        elif self.slide:
            bullet, mark, sentence = line.removeprefix("- ").partition(" :: ")
            if mark:
                self.slide[1].append(bullet)
            self.slide[2].append(sentence or line)
        elif self.course.lessons:
            self.course.lessons[-1].paragraphs.append(line)
        else:
            self._head(self.course, line)

    def end(self) -> CourseText:
        """Return what was read."""
        self._close_slide()
        if self.course is None:
            raise ValueError("no title")
        return self.course

    def _close_slide(self) -> None:
        if self.slide and self.course:
            title, bullets, sentences = self.slide
            self.course.lessons[-1].pages.append(Page(title, tuple(bullets), tuple(sentences)))
        self.slide = None

    @staticmethod
    def _head(course: CourseText, line: str) -> None:
        if line.startswith("+ "):
            course.outcomes.append(line[2:])
        elif line.startswith("§ "):
            course.legal_basis.append(Reference(*_cells(line[2:], 4)))
        elif ": " in line:
            key, value = line.split(": ", 1)
            course.values[key] = value
        else:
            raise ValueError(f"unknown line: {line}")


def _cells(line: str, count: int) -> list[str]:
    cells = [cell.strip() for cell in line.split("|")]
    return [*cells, *[""] * (count - len(cells))][:count]


def _lesson(line: str) -> Lesson:
    if line.startswith("= "):
        title, english, summary, minutes = _cells(line[2:], 4)
        return Lesson(title, english, summary, minutes=int(minutes))
    title, english, summary, basis = _cells(line, 4)
    return Lesson(title, english, summary, basis)
