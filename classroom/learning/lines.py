"""A lesson as a line of its course: its name in the reader's language, and where one stands in it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classroom.learning.times import clock, in_minutes
from classroom.progress.intervals import Intervals, intervals, size
from classroom.progress.models import LessonProgress
from classroom.progress.queries import waiting_media
from classroom.progress.spans import left_out, missing
from courses.catalogue.models import EditionLesson
from courses.catalogue.titles import titled


@dataclass(frozen=True)
class Line:
    """A lesson of a course, and where one stands in it; it lives for one answer, in one language."""

    number: int
    lesson: EditionLesson
    address: str
    progress: LessonProgress | None = None
    # When it was complete; None before.
    done_at: datetime | None = None
    # Holes up to this long are no gaps to anyone (see `progress.spans.missing`).
    tolerance_ms: int = 0

    @cached_property
    def title(self) -> str:
        """The title in the reader's language."""
        return titled(self.lesson)

    @property
    def name(self) -> str:
        """The title with the lesson's number."""
        return _("Lesson %(number)s, %(title)s") % {"number": self.number, "title": self.title}

    @property
    def is_done(self) -> bool:
        """Whether the whole of it is verified, or it was acknowledged."""
        return self.done_at is not None

    @property
    def is_video(self) -> bool:
        """Whether it is watched; else it is read and acknowledged."""
        return self.lesson.kind == EditionLesson.Kind.VIDEO

    @cached_property
    def spans(self) -> Intervals:
        """The verified parts."""
        return intervals(self.progress.coverage) if self.progress else []

    @property
    def verified_ms(self) -> int:
        """How much of it is verified."""
        return self.progress.covered_ms if self.progress else 0

    @cached_property
    def missing(self) -> Intervals:
        """What is still to be watched, ahead or left out; nothing once the lesson is done."""
        return [] if self.is_done else missing(self.spans, self.lesson.duration_ms, self.tolerance_ms)

    @cached_property
    def gaps(self) -> Intervals:
        """What was left out: missing behind the furthest point, or behind what waits for it."""
        return left_out(self.missing, waiting_media(self.progress), self.furthest_ms)

    @property
    def furthest_ms(self) -> int:
        """How far one has come."""
        return self.progress.furthest_ms if self.progress else 0

    @property
    def missing_ms(self) -> int:
        """How much the gaps come to."""
        return size(self.gaps)

    @property
    def left_ms(self) -> int:
        """How much is still to be watched."""
        return size(self.missing)

    @property
    def position_ms(self) -> int:
        """Where it was left."""
        return self.progress.position_ms if self.progress else 0

    @property
    def left_at(self) -> datetime | None:
        """When it was left."""
        return self.progress.position_at if self.progress else None

    @property
    def is_begun(self) -> bool:
        """Whether any of it was seen."""
        return bool(self.verified_ms or self.position_ms)

    @property
    def state_words(self) -> str:
        """How one stands in it: done, what is missing or left, or how long it is."""
        if self.is_done:
            return _("verified") if self.is_video else _("read")
        if not self.is_video:
            return _minutes(self.lesson.minutes)
        if self.gaps and self.left_ms <= self.missing_ms:
            return _("%(time)s missing") % {"time": clock(self.missing_ms)}
        if self.is_begun:
            return _("%(time)s left") % {"time": clock(self.left_ms)}
        return _minutes(in_minutes(self.lesson.duration_ms))


def _minutes(count: int) -> str:
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}
