"""All that is kept of a person, from every room, for the person (PIPL Art. 45)."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt, LectureAnswer, Supervision
from classroom.institutions.queries import employments_of
from classroom.learning.models import Note, PlayerSettings
from classroom.people.models import AuditEntry, User
from classroom.progress.models import LessonProgress, PlaySession

_WHY = "a person's own data, for the person"
# What the newest of one's own audit holds; older entries are kept, but say the same kinds of things.
_MOST_ENTRIES = 1000

Part = tuple[str, "QuerySet[Any]", str]


def personal_data(user: User) -> dict[str, Any]:
    """Return everything about `user` as JSON data, in a number of queries that depends on nothing."""
    data: dict[str, Any] = {
        "exported_at": timezone.now(),
        "account": {
            "pseudonym": user.pseudonym,
            "name": user.name,
            "romanised_name": user.romanised_name,
            "mobile": user.mobile,
            "email": user.email,
            "document": user.id_masked,
            "language": user.language,
            "joined_at": user.date_joined,
        },
        "employments": employments_of(user),
    }
    for parts in (_account_parts(user), _learning_parts(user), _result_parts(user)):
        data |= {name: list(rows.values(*fields.split())) for name, rows, fields in parts}
    return data


def _account_parts(user: User) -> Iterator[Part]:
    yield "consents", user.consents.order_by("pk"), "subject version basis granted at"
    yield "sign_ins", user.sign_ins.all(), "device address at ended_at"
    yield "tokens", user.tokens.order_by("pk"), "label prefix created_at expires_at last_used_at revoked_at"
    entries = AuditEntry.objects.filter(actor=user)
    yield "audit", entries[:_MOST_ENTRIES], "at action target result detail"


def _learning_parts(user: User) -> Iterator[Part]:
    enrolments = Enrolment.objects.unscoped(_WHY).filter(user=user).order_by("pk")
    fields = "id course__code edition__number edition__title state origin"
    yield "enrolments", enrolments, f"{fields} enrolled_at due_on completed_at withdrawn_at"
    progress = LessonProgress.objects.filter(enrolment__user=user).order_by("pk")
    fields = "enrolment_id lesson__title coverage covered_ms furthest_ms position_ms"
    yield "progress", progress, f"{fields} acknowledged_at updated_at"
    sessions = PlaySession.objects.filter(enrolment__user=user).order_by("opened_at")
    yield "play_sessions", sessions, "enrolment_id lesson__title device agent_family opened_at closed_at"
    settings = PlayerSettings.objects.filter(user=user)
    yield "player_settings", settings, "rate rate_at captions captions_at"
    notes = Note.objects.filter(enrolment__user=user).order_by("pk")
    yield "notes", notes, "enrolment_id lesson__title at_ms text created_at"


def _result_parts(user: User) -> Iterator[Part]:
    attempts = Attempt.objects.unscoped(_WHY).filter(enrolment__user=user).order_by("pk")
    fields = "enrolment_id number state started_at submitted_at points max_points score is_passed"
    yield "attempts", attempts, fields
    supervisions = Supervision.objects.unscoped(_WHY).filter(attempt__enrolment__user=user).order_by("pk")
    fields = "attempt__enrolment_id attempt__number kind invigilator place reason recorded_by__name at"
    yield "supervisions", supervisions, fields
    answers = LectureAnswer.objects.unscoped(_WHY).filter(enrolment__user=user).order_by("pk")
    fields = "enrolment_id question__lesson__title question__at_ms number choice is_right at"
    yield "lecture_answers", answers, fields
    completions = Completion.objects.unscoped(_WHY).filter(enrolment__user=user).order_by("pk")
    fields = "enrolment_id at verified_seconds credit_hours score assurance inputs_digest explanation"
    yield "completions", completions, fields
    corrections = Correction.objects.unscoped(_WHY).filter(enrolment__user=user).order_by("pk")
    fields = "enrolment_id kind reason text hours proposed_by__name proposed_at state"
    yield "corrections", corrections, f"{fields} decided_by__name decided_at decision"
    credits_earned = CreditEntry.objects.filter(user=user).order_by("pk")
    yield "credit_entries", credits_earned, "category year hours reason at"
    certificates = Certificate.objects.unscoped(_WHY).filter(user=user).order_by("pk")
    yield "certificates", certificates, "number state issued_at valid_until ended_at reason facts"
