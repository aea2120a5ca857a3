"""Chapters and slides of a lesson's lecture, as its page shows them."""

from dataclasses import dataclass

from courses.catalogue.models import EditionLesson
from media.queries import chapters_of, slides_of

# A slide is named by what stands at its top; the rest of its text is only searched.
_TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a lecture with a name, from one moment to the next chapter's."""

    start_ms: int
    end_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide as it was shown: from when to when, what stands on it, and its picture below the encode."""

    start_ms: int
    end_ms: int
    text: str
    file: str

    @property
    def title(self) -> str:
        """The first line that says something; empty for a slide without words."""
        lines = (line.strip() for line in self.text.splitlines())
        return next((line for line in lines if line), "")[:_TITLE_CHARACTERS]


def chapters_in(lesson: EditionLesson) -> list[Chapter]:
    """Return the published chapters of the encode that this edition teaches; none of a text. One query."""
    if lesson.lecture is None:
        return []
    found = chapters_of(lesson.lecture, lesson.encode)
    marks = [mark for mark in found if mark.start_ms < lesson.duration_ms]
    ends = [*(mark.start_ms for mark in marks), lesson.duration_ms][1:]
    return [Chapter(mark.start_ms, end, mark.title) for mark, end in zip(marks, ends, strict=True)]


def slides_in(lesson: EditionLesson) -> list[Slide]:
    """Return the published slides of the encode that this edition teaches; none of a text. One query."""
    if lesson.lecture is None:
        return []
    return [
        Slide(mark.start_ms, min(mark.end_ms, lesson.duration_ms), mark.text, mark.file)
        for mark in slides_of(lesson.lecture, lesson.encode)
        if mark.start_ms < lesson.duration_ms
    ]
