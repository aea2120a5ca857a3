"""What a course's page or card says, as plain values."""

from dataclasses import dataclass, field
from datetime import date, datetime

from courses.catalogue.policy import Policy


@dataclass(frozen=True, slots=True)
class LessonView:
    """One line of the outline."""

    number: int
    key: str
    kind: str
    title: str
    summary: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A law or standard that the course rests on."""

    document: str
    clauses: str
    lessons: str
    effective_from: date | None
    superseded_by: str


@dataclass(frozen=True, slots=True)
class ExamView:
    """The exam in figures; `interval_minutes` lie between two attempts."""

    questions: int
    minutes: int
    pass_mark: int
    attempts: int
    interval_minutes: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One plain rule for completing the course."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class CourseView:
    """All that a course's page or card says. Texts are in the reader's language where there are two."""

    code: str
    title: str
    letter: str
    topic_code: str
    topic_name: str
    purpose: str
    audience: str
    teacher: str
    teacher_note: str
    hours: float
    is_mandatory: bool
    validity_months: int | None
    reviewed_on: date | None
    next_review_on: date | None
    outcomes: tuple[str, ...]
    basis: tuple[Reference, ...]
    lessons: tuple[LessonView, ...]
    exam: ExamView | None
    policy: Policy
    address: str = ""
    edition_number: str = ""
    published_at: datetime | None = None
    rules: tuple[Rule, ...] = field(default=())
    courses_before: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """All lessons together, in minutes."""
        return sum(lesson.minutes for lesson in self.lessons)

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audience as single groups: trainers part them by comma or enumeration mark."""
        text = self.audience
        for mark in "，,；;/":
            text = text.replace(mark, "、")
        return tuple(part.strip() for part in text.split("、") if part.strip())
