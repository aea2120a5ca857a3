"""Reads of attempts: what is open, what was best, what may be started."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from classroom.enrolment.models import Enrolment
from classroom.exams import errors
from classroom.exams.admission import Admission, admission_of
from classroom.exams.models import Answer, Attempt
from classroom.exams.scoring import Item, earned, is_right
from classroom.people.models import User
from courses.catalogue.models import EditionExam
from courses.questions.models import QuestionVersion


class Reason:
    """Why an exam cannot be started."""

    NO_EXAM = "no_exam"
    WITHDRAWN = "withdrawn"
    PASSED = "passed"
    IN_PROGRESS = "in_progress"
    LESSONS = "lessons"
    NO_ATTEMPTS = "no_attempts"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether an attempt may be started now, and if not why, from when, and how many are left."""

    can_start: bool
    reason: str = ""
    next_at: datetime | None = None
    left: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a paper as the learner sees it: nothing here tells which option is right."""

    number: int
    version_id: int
    kind: str
    points: str
    partial: bool
    stem: str
    options: list[dict[str, str]]
    choice: list[str]
    is_flagged: bool
    revision: int
    saved_at: datetime | None

    @property
    def is_answered(self) -> bool:
        """Whether an option is chosen."""
        return bool(self.choice)


@dataclass(frozen=True, slots=True)
class Marked:
    """One question after grading, with the key and its grounds."""

    number: int
    kind: str
    stem: str
    options: list[dict[str, object]]
    points: Decimal
    max_points: Decimal
    is_right: bool
    is_answered: bool
    explanation: str
    legal_basis: str


def attempts_of(enrolment: Enrolment) -> QuerySet[Attempt]:
    """Return the attempts of an enrolment that count, the newest first."""
    own = Attempt.objects.unscoped("the enrolment says whose they are").filter(enrolment=enrolment)
    return own.exclude(state=Attempt.State.VOIDED).order_by("-number")


def own_attempt(user: User, attempt_id: int) -> Attempt:
    """Return one of the user's own attempts. Raises `Attempt.DoesNotExist` for anybody else's."""
    return (
        Attempt.objects.unscoped("only one's own, by the filter")
        .select_related("enrolment", "enrolment__edition", "enrolment__course", "exam")
        .exclude(state=Attempt.State.VOIDED)
        .get(pk=attempt_id, enrolment__user=user)
    )


def open_attempt(enrolment: Enrolment) -> Attempt | None:
    """Return the attempt under way, or None."""
    return attempts_of(enrolment).filter(state=Attempt.State.IN_PROGRESS).first()


def best_attempt(enrolment: Enrolment) -> Attempt | None:
    """Return the graded attempt with the highest score, the earliest of equals, or None.

    Scores of several attempts are never added.
    """
    graded = attempts_of(enrolment).filter(state=Attempt.State.GRADED)
    return graded.order_by(F("score").desc(), "number").first()


def exam_of(enrolment: Enrolment) -> EditionExam | None:
    """Return the exam of the edition that the enrolment is pinned to, or None."""
    return EditionExam.objects.filter(edition_id=enrolment.edition_id).first()


def overdue_attempts(now: datetime) -> QuerySet[Attempt]:
    """Return the attempts still open though their time is up."""
    every = Attempt.objects.unscoped("the sweep closes everybody's")
    return every.filter(state=Attempt.State.IN_PROGRESS, deadline_at__lte=now).order_by("deadline_at")


def unsettled() -> QuerySet[Attempt]:
    """Return the passed attempts of courses under way from which nobody has yet drawn what follows.

    In no order: those that fail each time would keep the others waiting.
    """
    every = Attempt.objects.unscoped("the sweep settles everybody's")
    passed = every.filter(is_passed=True, settled_at__isnull=True, enrolment__state=Enrolment.State.ACTIVE)
    return passed.order_by("?")


def _interval_end(exam: EditionExam, newest: Attempt | None, now: datetime) -> datetime | None:
    if newest is None or newest.submitted_at is None:
        return None
    end = newest.submitted_at + timedelta(minutes=exam.interval_minutes)
    return end if end > now else None


def eligibility(
    enrolment: Enrolment, *, admission: Admission | None = None, now: datetime | None = None
) -> Eligibility:
    """Return whether the enrolment may start an attempt now.

    `admission` says whether the lessons are done; without it the conductor is asked.
    """
    now = now or timezone.now()
    exam = exam_of(enrolment)
    if exam is None:
        return Eligibility(False, Reason.NO_EXAM, words=_("This course has no exam."))
    attempts = list(attempts_of(enrolment))
    left = max(0, exam.attempts_allowed - len(attempts))
    if enrolment.state == Enrolment.State.WITHDRAWN:
        return Eligibility(False, Reason.WITHDRAWN, left=left, words=_("You left this course."))
    if any(attempt.is_passed for attempt in attempts):
        return Eligibility(False, Reason.PASSED, left=left, words=_("You have passed this exam."))
    if any(attempt.state == Attempt.State.IN_PROGRESS for attempt in attempts):
        return Eligibility(False, Reason.IN_PROGRESS, left=left, words=_("An attempt is under way."))
    admission = admission or admission_of(enrolment)
    if not admission.is_met:
        words = errors.lessons_missing(admission.have, admission.need)
        return Eligibility(False, Reason.LESSONS, left=left, words=words)
    if left == 0:
        words = _("All attempts are used. Ask your training manager what to do next.")
        return Eligibility(False, Reason.NO_ATTEMPTS, words=words)
    next_at = _interval_end(exam, attempts[0] if attempts else None, now)
    if next_at:
        words = _("The next attempt opens later.")
        return Eligibility(False, Reason.INTERVAL, next_at=next_at, left=left, words=words)
    return Eligibility(True, left=left)


def _versions(attempt: Attempt) -> dict[int, QuestionVersion]:
    return QuestionVersion.objects.in_bulk([item["version"] for item in attempt.paper])


def _answers(attempt: Attempt) -> dict[int, Answer]:
    return {answer.version_id: answer for answer in attempt.answers.all()}


def questions_of(attempt: Attempt) -> list[Question]:
    """Return the paper with the saved answers, without any key (2 queries)."""
    versions, answers = _versions(attempt), _answers(attempt)
    listed = []
    for number, item in enumerate(attempt.paper, start=1):
        version = versions[item["version"]]
        answer = answers.get(version.pk)
        texts = {option["key"]: option["text"] for option in version.options}
        listed.append(
            Question(
                number=number,
                version_id=version.pk,
                kind=item["kind"],
                points=item["points"],
                partial=item["partial"],
                stem=version.stem,
                options=[
                    {"key": key, "letter": chr(65 + place), "text": texts[key]}
                    for place, key in enumerate(item["order"])
                ],
                choice=list(answer.choice) if answer else [],
                is_flagged=answer.is_flagged if answer else False,
                revision=answer.revision if answer else 0,
                saved_at=answer.saved_at if answer else None,
            )
        )
    return listed


def items_of(attempt: Attempt) -> list[Item]:
    """Return the paper with keys and choices, as grading needs it; never for a client."""
    versions, answers = _versions(attempt), _answers(attempt)
    return [
        Item(
            kind=item["kind"],
            points=Decimal(item["points"]),
            answers=frozenset(versions[item["version"]].answers),
            choice=frozenset(answers[item["version"]].choice if item["version"] in answers else ()),
            partial=item["partial"],
        )
        for item in attempt.paper
    ]


def may_sit_again(verdict: Eligibility) -> bool:
    """Return whether another paper from the same pool lies ahead, or lies open: the last attempt too."""
    if verdict.reason == Reason.IN_PROGRESS:
        return True
    return verdict.left > 0 and verdict.reason != Reason.PASSED


def may_see_answers(attempt: Attempt, *, may_sit_again: bool) -> bool:
    """Return whether the policy lets the learner read the key now.

    Not while an attempt is open, and not while another one lies ahead: the same pool feeds it.
    """
    return attempt.state == Attempt.State.GRADED and attempt.exam.shows_answers and not may_sit_again


def marked(attempt: Attempt) -> list[Marked]:
    """Return the graded paper with keys and grounds; call only where `may_see_answers`."""
    versions = _versions(attempt)
    listed = []
    pairs = zip(questions_of(attempt), items_of(attempt), strict=True)
    for question, item in pairs:
        version = versions[question.version_id]
        options: list[dict[str, object]] = [
            {**option, "is_key": option["key"] in item.answers, "is_chosen": option["key"] in item.choice}
            for option in question.options
        ]
        listed.append(
            Marked(
                number=question.number,
                kind=question.kind,
                stem=question.stem,
                options=options,
                points=earned(item),
                max_points=item.points,
                is_right=is_right(item.answers, item.choice),
                is_answered=question.is_answered,
                explanation=version.explanation,
                legal_basis=version.legal_basis,
            )
        )
    return listed
