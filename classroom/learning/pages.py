"""What a learner's pages show: each course taken, where one stands in it, and the next step.

Read only. The number of queries does not depend on the number of courses or lessons (see `courses_of`).
Times are whole milliseconds.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from classroom.certificates.models import Certificate
from classroom.completion.models import LessonCompletion
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.scopes import Scope
from classroom.learning.lines import Line
from classroom.learning.times import clock, to_go
from classroom.people.models import User
from classroom.progress.models import LessonProgress
from classroom.progress.terms import policy_of
from courses.catalogue.conditions import is_asked, part_of
from courses.catalogue.models import CoursePage, EditionExam, EditionLesson
from courses.catalogue.titles import titled

SOON_DAYS = 30
# Where the catalogue's pages lie; learners are led there where they take no course.
CATALOGUE = "/courses/"
# Stands in an address for the key of a lesson.
_ANY_KEY = uuid.UUID(int=0)
# Of a course's page only its address is needed, not its texts and streams; nor what else an edition froze.
_UNREAD = (
    "edition__manifest",
    *(
        f"course__page__{field.name}"
        for field in CoursePage._meta.concrete_fields
        if field.name not in {"page_ptr", "id", "slug"}
    ),
)


@dataclass(frozen=True)
class Step:
    """The one thing to do next: a button."""

    label: str
    address: str
    kind: str


@dataclass(frozen=True)
class Taken:
    """A course that a learner takes, with everything its row or panel says.

    It lives for one answer: what walks over all lessons is walked once.
    """

    enrolment: Enrolment
    lines: list[Line]
    exam: EditionExam | None
    attempts: list[Attempt] = field(default_factory=list)
    certificate: Certificate | None = None
    is_revoked: bool = False
    today: date = field(default_factory=timezone.localdate)

    @property
    def code(self) -> str:
        """The course's code."""
        return self.enrolment.course.code

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return titled(self.enrolment.edition)

    @property
    def address(self) -> str:
        """The course's page; empty where the page is gone, which takes nothing from what was learned."""
        page = self.enrolment.course.page
        return f"{CATALOGUE}{page.slug}/" if page else ""

    @cached_property
    def asked(self) -> list[Line]:
        """The lessons that the edition's rule asks for; the others are offered beside."""
        rule = self.enrolment.edition.rule
        return [
            line
            for line in self.lines
            if is_asked(rule, "lessons" if line.is_video else "readings", str(line.lesson.key))
        ]

    @cached_property
    def videos(self) -> list[Line]:
        """The lessons that are watched."""
        return [line for line in self.lines if line.is_video]

    @cached_property
    def total_ms(self) -> int:
        """Length of all lectures."""
        return sum(line.lesson.duration_ms for line in self.lines)

    @cached_property
    def verified_ms(self) -> int:
        """How much of all lectures is verified."""
        return sum(line.verified_ms for line in self.lines)

    @cached_property
    def left_ms(self) -> int:
        """How much of the lectures that are asked for is still to be watched."""
        return sum(line.left_ms for line in self.asked)

    @property
    def to_go(self) -> str:
        """What is left of all that is asked for, in words: watching, texts, the exam; empty for nothing."""
        texts = sum(not line.is_video and not line.is_done for line in self.asked)
        return to_go(
            self.left_ms, texts, asks_exam=bool(self.exam and self._asks_exam and not self.has_passed)
        )

    @cached_property
    def gap_count(self) -> int:
        """How many gaps are to be made up."""
        return sum(len(line.gaps) for line in self.lines)

    @cached_property
    def missing_ms(self) -> int:
        """How much the gaps come to."""
        return sum(line.missing_ms for line in self.lines)

    @property
    def percent(self) -> int:
        """Verified share in whole percent, rounded down."""
        return self.verified_ms * 100 // self.total_ms if self.total_ms else 0

    @property
    def is_completed(self) -> bool:
        """Whether the whole was met."""
        return self.enrolment.state == Enrolment.State.COMPLETED

    @property
    def lessons_done(self) -> bool:
        """Whether every lesson that is asked for is done."""
        return all(line.is_done for line in self.asked)

    @property
    def days_left(self) -> int | None:
        """Days to the due date, negative once it is past; None without one."""
        due = self.enrolment.due_on
        return (due - self.today).days if due else None

    @property
    def is_overdue(self) -> bool:
        """Whether the due date is past and the course is not complete."""
        return not self.is_completed and self.days_left is not None and self.days_left < 0

    @property
    def days_over(self) -> int:
        """Days since the due date."""
        return max(0, -(self.days_left or 0))

    @property
    def is_due_soon(self) -> bool:
        """Whether it is due within thirty days."""
        return not self.is_completed and self.days_left is not None and 0 <= self.days_left <= SOON_DAYS

    @cached_property
    def left_at(self) -> datetime | None:
        """When one last learned in it."""
        return max((line.left_at for line in self.lines if line.left_at), default=None)

    @property
    def last_line(self) -> Line | None:
        """The lesson in which one last learned, done or not."""
        begun = [line for line in self.lines if line.left_at]
        return max(begun, key=lambda line: line.left_at.timestamp() if line.left_at else 0, default=None)

    @cached_property
    def current(self) -> Line | None:
        """The lesson to go on with: the one left last if it is not done, else the first that is not."""
        undone = [line for line in self.asked if not line.is_done]
        begun = [line for line in undone if line.left_at]
        if begun:
            return max(begun, key=lambda line: line.left_at.timestamp() if line.left_at else 0)
        return undone[0] if undone else None

    @property
    def best(self) -> Attempt | None:
        """The graded attempt with the highest score."""
        graded = [attempt for attempt in self.attempts if attempt.score is not None]
        return max(graded, key=lambda attempt: (attempt.score or 0, -attempt.number), default=None)

    @property
    def sitting(self) -> Attempt | None:
        """The attempt under way."""
        return next((a for a in self.attempts if a.state == Attempt.State.IN_PROGRESS), None)

    @property
    def questions(self) -> int:
        """How many questions the exam asks."""
        return sum(int(section["count"]) for section in self.exam.sections) if self.exam else 0

    @property
    def attempts_left(self) -> int:
        """How often the exam may still be sat."""
        return max(0, self.exam.attempts_allowed - len(self.attempts)) if self.exam else 0

    @property
    def has_passed(self) -> bool:
        """Whether the exam is passed."""
        return any(attempt.is_passed for attempt in self.attempts)

    @cached_property
    def step(self) -> Step:
        """The next step: sit, resume, begin, be examined, or see what was earned."""
        if self.is_completed:
            if self.certificate and not self.certificate.file:
                return Step(_("Certificate is being made"), reverse("certificates:mine"), "certificate")
            if self.certificate:
                address = reverse("certificates:pdf", args=[self.certificate.number])
                return Step(_("Certificate"), address, "certificate")
            return Step(_("See again"), self.lines[0].address if self.lines else self.address, "again")
        if self.sitting:
            return Step(_("Go on with the exam"), reverse("exams:sitting", args=[self.sitting.pk]), "exam")
        line = self.current
        if line is None:
            return self._after_lessons()
        if line.is_video and line.position_ms:
            return Step(_("Resume %(time)s") % {"time": clock(line.position_ms)}, line.address, "resume")
        if any(other.is_begun or other.is_done for other in self.lines):
            return Step(_("Go on"), line.address, "resume")
        return Step(_("Start learning"), line.address, "start")

    @property
    def _asks_exam(self) -> bool:
        """Whether the exam is asked for; one that is only offered is never what is missing."""
        return part_of(self.enrolment.edition.rule, "exam") is not None

    def _after_lessons(self) -> Step:
        if self.exam and self._asks_exam and not self.has_passed:
            return Step(_("Take the exam"), reverse("exams:cover", args=[self.enrolment.pk]), "exam")
        return Step(_("See what is missing"), f"{self.address}#why", "why")

    @property
    def first_gap(self) -> str:
        """The address at which the first gap begins to play; empty without one."""
        for line in self.lines:
            if line.gaps:
                return f"{line.address}?at={line.gaps[0][0]}"
        return ""

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The lectures as parts of the course's ruler."""
        current = self.current
        return [
            {
                "length_ms": line.lesson.duration_ms,
                "label": f"{line.number} {line.title}",
                "short": str(line.number),
                "spans": line.spans,
                "is_current": line is current,
            }
            for line in self.videos
        ]

    @property
    def position_on_scale(self) -> int | None:
        """Where one stands on the course's ruler; None where the current lesson is not on it."""
        at = 0
        for line in self.videos:
            if line is self.current:
                return at + line.position_ms
            at += line.lesson.duration_ms
        return None


def lesson_addresses(enrolment_id: int, lessons: list[EditionLesson]) -> list[str]:
    """Return the address of each lesson's page. The route is looked up once: for 200 it costs a page's time."""
    pattern = reverse("learning:player", args=[enrolment_id, _ANY_KEY])
    return [pattern.replace(str(_ANY_KEY), str(lesson.key)) for lesson in lessons]


def own_enrolments(user: User, *, page: int | None = None) -> list[Enrolment]:
    """Return what `user` is enrolled in, withdrawn ones left out, the newest first (1 query).

    `page` keeps those of the course on this page.
    """
    own = Enrolment.objects.visible_to(Scope(person_id=user.pk)).filter(user=user)
    if page is not None:
        own = own.filter(course__page=page)
    return list(
        own.exclude(state=Enrolment.State.WITHDRAWN)
        .select_related("edition", "course", "course__page")
        .defer(*_UNREAD)
        .order_by("-enrolled_at", "-pk")
    )


def courses_of(user: User, enrolments: list[Enrolment] | None = None) -> list[Taken]:
    """Return where `user` stands in each of `enrolments` (all, where left out).

    Seven queries for any number of them: enrolments, lessons, progress, lesson completions, exams,
    attempts, certificates.
    """
    rows = own_enrolments(user) if enrolments is None else enrolments
    if not rows:
        return []
    ids = [row.pk for row in rows]
    editions = {row.edition_id for row in rows}
    lessons = _lessons(editions)
    progress = {(p.enrolment_id, p.lesson_id): p for p in LessonProgress.objects.filter(enrolment__in=ids)}
    completed = LessonCompletion.objects.filter(enrolment__in=ids)
    done = {(pk, lesson): at for pk, lesson, at in completed.values_list("enrolment_id", "lesson_id", "at")}
    exams = {exam.edition_id: exam for exam in EditionExam.objects.filter(edition__in=editions)}
    attempts = _attempts(ids)
    held, newest = _certificates(ids)
    today = timezone.localdate()
    tolerance = {row.edition_id: policy_of(row.edition.policy).tolerance for row in rows}
    return [
        Taken(
            enrolment=row,
            lines=[
                Line(
                    number=number,
                    lesson=lesson,
                    address=address,
                    progress=progress.get((row.pk, lesson.pk)),
                    done_at=done.get((row.pk, lesson.pk)),
                    tolerance_ms=tolerance[row.edition_id],
                )
                for number, (lesson, address) in enumerate(
                    zip(
                        lessons[row.edition_id],
                        lesson_addresses(row.pk, lessons[row.edition_id]),
                        strict=True,
                    ),
                    start=1,
                )
            ],
            exam=exams.get(row.edition_id),
            attempts=attempts[row.pk],
            certificate=held.get(row.pk),
            is_revoked=newest.get(row.pk) == Certificate.State.REVOKED,
            today=today,
        )
        for row in rows
    ]


def _lessons(editions: set[int]) -> dict[int, list[EditionLesson]]:
    """Return the lessons of each edition in their order, without their texts."""
    found: dict[int, list[EditionLesson]] = defaultdict(list)
    rows = EditionLesson.objects.filter(edition__in=editions).defer("body")
    for lesson in rows.order_by("edition_id", "position"):
        found[lesson.edition_id].append(lesson)
    return found


def _attempts(enrolment_ids: list[int]) -> dict[int, list[Attempt]]:
    """Return the attempts of each enrolment that count, without their papers."""
    found: dict[int, list[Attempt]] = defaultdict(list)
    counting = Attempt.objects.unscoped("of one's own enrolments, by the filter")
    rows = counting.filter(enrolment__in=enrolment_ids).exclude(state=Attempt.State.VOIDED)
    for attempt in rows.defer("paper").order_by("number"):
        found[attempt.enrolment_id].append(attempt)
    return found


def _certificates(enrolment_ids: list[int]) -> tuple[dict[int, Certificate], dict[int, str]]:
    """Return the certificate that holds for each enrolment, and what became of the newest one of each."""
    every = Certificate.objects.unscoped("of one's own enrolments, by the filter")
    rows = every.filter(completion__enrolment__in=enrolment_ids).order_by("pk")
    held: dict[int, Certificate] = {}
    newest: dict[int, str] = {}
    for certificate in rows.select_related("completion").defer("facts", "credential"):
        newest[certificate.completion.enrolment_id] = certificate.state
        if certificate.state == Certificate.State.ISSUED:
            held[certificate.completion.enrolment_id] = certificate
    return held, newest
