"""A learner whose player reports honestly, on a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress import services
from classroom.progress.models import LessonProgress, PlaySession
from classroom.progress.services import Credit
from classroom.progress.spans import Span
from courses.catalogue.models import EditionLesson
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory

BEGIN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@dataclass
class Learner:
    """A person on an edition; `play` moves the clock on and reports what was played."""

    enrolment: Enrolment
    lesson: EditionLesson
    now: datetime = BEGIN
    session: PlaySession | None = None
    seq: int = 0
    opened: datetime = field(default=BEGIN)

    @classmethod
    def on_edition(cls, *, policy: dict[str, Any] | None = None, **fields: Any) -> "Learner":
        """Return a learner on a new edition of two lectures of three minutes, without exam and reading."""
        edition = complete_edition(**{"reading": False, "exam": False, **fields})
        if policy:
            edition.policy = {**edition.policy, **policy}
            edition.save()
        enrolment = EnrolmentFactory(edition=edition)
        return cls(enrolment, edition.lessons.first())

    @property
    def progress(self) -> LessonProgress:
        return LessonProgress.objects.get(enrolment=self.enrolment, lesson=self.lesson)

    def open(self, lesson: EditionLesson | None = None) -> PlaySession:
        """Open a session now."""
        self.lesson = lesson or self.lesson
        self.session = services.open_session(
            enrolment=self.enrolment,
            lesson=self.lesson,
            address="192.0.2.7",
            agent="Chrome Windows",
            now=self.now,
        )
        self.seq, self.opened = 0, self.now
        return self.session

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ms(self) -> int:
        """The session's clock."""
        return (self.now - self.opened) // timedelta(milliseconds=1)

    def span(self, start_s: float, seconds: float) -> Span:
        """A span that begins now; the clock moves to its end."""
        t0 = self.ms()
        self.wait(seconds)
        return Span(round(start_s * 1000), round((start_s + seconds) * 1000), t0, self.ms())

    def report(self, *spans: Span, seq: int | None = None, **more: Any) -> Credit:
        """Send a report."""
        number = self.seq if seq is None else seq
        self.seq = max(self.seq, number + 1)
        assert self.session is not None
        return services.receive(
            session_id=self.session.pk,
            user_id=self.enrolment.user_id,
            seq=number,
            spans=spans,
            now=self.now,
            **more,
        )

    def play(self, start_s: float, end_s: float, step_s: float = 15) -> Credit:
        """Play in real time and report every `step_s`."""
        at, credit = start_s, None
        while at < end_s:
            part = min(step_s, end_s - at)
            credit = self.report(self.span(at, part))
            at += part
        assert credit is not None
        return credit
