"""All that is kept of a person, from every room, for the person (PIPL Art. 45)."""

from typing import Any

from django.utils import timezone

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion, CreditEntry
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.queries import employments_of
from classroom.learning.models import Note
from classroom.people.models import AuditEntry, User
from classroom.progress.models import LessonProgress, PlaySession

_WHY = "a person's own data, for the person"


def personal_data(user: User) -> dict[str, Any]:
    """Return everything about `user` as JSON data, in a number of queries that depends on nothing."""
    return {
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
        "consents": list(user.consents.values("subject", "version", "basis", "granted", "at")),
        "sign_ins": list(user.sign_ins.values("device", "address", "at", "ended_at")),
        "tokens": list(user.tokens.values("label", "prefix", "created_at", "expires_at", "revoked_at")),
        "enrolments": list(
            Enrolment.objects.unscoped(_WHY)
            .filter(user=user)
            .values(
                "id",
                "course__code",
                "edition__number",
                "edition__title",
                "state",
                "origin",
                "enrolled_at",
                "due_on",
                "completed_at",
                "withdrawn_at",
            )
            .order_by("id")
        ),
        "progress": list(
            LessonProgress.objects.filter(enrolment__user=user)
            .values(
                "enrolment_id",
                "lesson__title",
                "coverage",
                "covered_ms",
                "furthest_ms",
                "position_ms",
                "acknowledged_at",
                "updated_at",
            )
            .order_by("id")
        ),
        "play_sessions": list(
            PlaySession.objects.filter(enrolment__user=user)
            .values("enrolment_id", "lesson__title", "device", "agent_family", "opened_at", "closed_at")
            .order_by("opened_at")
        ),
        "attempts": list(
            Attempt.objects.unscoped(_WHY)
            .filter(enrolment__user=user)
            .values(
                "enrolment_id",
                "number",
                "state",
                "started_at",
                "submitted_at",
                "points",
                "max_points",
                "score",
                "is_passed",
            )
            .order_by("id")
        ),
        "completions": list(
            Completion.objects.unscoped(_WHY)
            .filter(enrolment__user=user)
            .values(
                "enrolment_id",
                "at",
                "verified_seconds",
                "credit_hours",
                "score",
                "assurance",
                "inputs_digest",
                "explanation",
            )
            .order_by("id")
        ),
        "credit_entries": list(
            CreditEntry.objects.filter(user=user)
            .values("category", "year", "hours", "reason", "at")
            .order_by("id")
        ),
        "certificates": list(
            Certificate.objects.unscoped(_WHY)
            .filter(user=user)
            .values("number", "state", "issued_at", "valid_until", "ended_at", "reason", "facts")
            .order_by("id")
        ),
        "notes": list(
            Note.objects.filter(enrolment__user=user)
            .values("enrolment_id", "lesson__title", "at_ms", "text", "created_at")
            .order_by("id")
        ),
        "audit": list(
            AuditEntry.objects.filter(actor=user)
            .values("at", "action", "target", "result", "detail")
            .order_by("-at")[:1000]
        ),
    }
