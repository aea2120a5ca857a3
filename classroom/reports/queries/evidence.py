"""What proves one enrolment: what was taught, which seconds, when, the exam, the certificate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.completion.reasons import reasons
from classroom.completion.words import Line
from classroom.enrolment import queries as enrolments
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt, Supervision
from classroom.exams.supervision import supervisions_of
from classroom.institutions.scopes import Scope
from classroom.progress.models import Chain, CheckpointLeaf, LessonProgress
from classroom.progress.queries import Heard, Viewing, heard, left_out, viewings
from courses.catalogue.models import EditionLesson
from courses.catalogue.titles import titled

_WHY = "of an enrolment that was read in scope"


def readable(scope: Scope, enrolment_id: int) -> Enrolment | None:
    """Return the enrolment if `scope` may read its evidence, else None."""
    rows = enrolments.readable(scope).select_related(
        "user", "edition", "course__topic", "institution__supervising_authority"
    )
    return rows.filter(pk=enrolment_id).first()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson and what is verified of it. `spans` and `gaps` are [start, end) in milliseconds."""

    row: EditionLesson
    covered_ms: int
    acknowledged_at: datetime | None
    spans: list[tuple[int, int]]
    gaps: list[tuple[int, int]]
    first_at: datetime | None
    last_at: datetime | None
    reports: int

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return titled(self.row)

    @property
    def gap_words(self) -> list[str]:
        """The gaps as `4:07–4:31`, to the second, the shown second included."""
        return [f"{_clock(start)}–{_clock(end)}" for start, end in self.gaps]

    @property
    def percent(self) -> int:
        """Verified share of a lecture, rounded down: 100 means every second."""
        return self.covered_ms * 100 // self.row.duration_ms if self.row.duration_ms else 0


@dataclass(frozen=True, slots=True)
class Proof:
    """All that the evidence page shows."""

    enrolment: Enrolment
    lessons: list[Lesson]
    sessions: list[Viewing]
    chain: Chain | None
    sealed: int
    attempts: list[Attempt]
    supervisions: dict[int, Supervision]
    completion: Completion | None
    certificates: list[Certificate]
    # Why the course is (not) complete; nothing of an enrolment that has ended, where no step is left.
    reasons: list[Line]

    @property
    def title(self) -> str:
        """The course's title in the reader's language."""
        return titled(self.enrolment.edition)

    @property
    def sittings(self) -> list[tuple[Attempt, Supervision | None]]:
        """The attempts, each with who watched over it."""
        return [(attempt, self.supervisions.get(attempt.pk)) for attempt in self.attempts]

    @property
    def open_attempt(self) -> Attempt | None:
        """The sitting under way."""
        now = timezone.now()
        under_way = (one for one in self.attempts if one.state == Attempt.State.IN_PROGRESS)
        return next((one for one in under_way if one.deadline_at > now), None)

    @property
    def covered_ms(self) -> int:
        """Verified milliseconds over all lectures."""
        return sum(lesson.covered_ms for lesson in self.lessons)

    @property
    def duration_ms(self) -> int:
        """Length of all lectures."""
        return sum(lesson.row.duration_ms for lesson in self.lessons if lesson.row.kind == "video")


def proof(enrolment: Enrolment) -> Proof:
    """Gather the evidence of an enrolment that the caller may read. A constant number of queries.

    Of a lecture only what was played is a report; opening it is none. `sealed` says how many rows of
    the chain the newest signed checkpoint covers.
    """
    progress = {row.lesson_id: row for row in LessonProgress.objects.filter(enrolment=enrolment)}
    reported = heard(enrolment)
    lessons = [
        _lesson(row, progress.get(row.pk), reported.get(row.pk), enrolment.edition.policy)
        for row in EditionLesson.objects.filter(edition_id=enrolment.edition_id)
    ]
    sat = Attempt.objects.unscoped(_WHY).filter(enrolment=enrolment)
    attempts = list(sat.select_related("exam").order_by("number"))
    return Proof(
        enrolment=enrolment,
        lessons=lessons,
        sessions=viewings(enrolment),
        chain=Chain.objects.filter(enrolment=enrolment).first(),
        sealed=CheckpointLeaf.objects.filter(enrolment=enrolment).aggregate(n=Max("length"))["n"] or 0,
        attempts=attempts,
        supervisions=supervisions_of(attempts),
        completion=Completion.objects.unscoped(_WHY).filter(enrolment=enrolment).first(),
        certificates=list(
            Certificate.objects.unscoped(_WHY)
            .filter(completion__enrolment=enrolment)
            .order_by("issued_at", "pk")
        ),
        reasons=_reasons(enrolment, lessons),
    )


def _reasons(enrolment: Enrolment, lessons: list[Lesson]) -> list[Line]:
    if enrolment.state == Enrolment.State.WITHDRAWN:
        return []
    return reasons(enrolment, {str(lesson.row.key): lesson.title for lesson in lessons})


def _lesson(
    row: EditionLesson, progress: LessonProgress | None, told: Heard | None, policy: dict[str, Any]
) -> Lesson:
    spans = [(start, end) for start, end in progress.coverage] if progress else []
    return Lesson(
        row=row,
        covered_ms=progress.covered_ms if progress else 0,
        acknowledged_at=progress.acknowledged_at if progress else None,
        spans=spans,
        gaps=left_out(progress, row.duration_ms, policy),
        first_at=told.first_at if told else None,
        last_at=told.last_at if told else None,
        reports=told.reports if told else 0,
    )


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes}:{seconds:02d}"
