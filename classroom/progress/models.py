"""Watch evidence (append-only, hash-chained) and progress, its fold.

Media time and session time are whole milliseconds. Interval lists are JSON `[[start, end], …]`,
sorted, disjoint, half open.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom.institutions.scopes import ScopedManager


class PersonClock(models.Model):
    """One row a person: the wall time already credited, and which session may earn now."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    # Wall intervals in Unix milliseconds that are credited; older than the offline allowance folds away.
    life = models.JSONField(default=list)
    folded_until = models.PositiveBigIntegerField(default=0)
    session = models.ForeignKey(
        "PlaySession", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )


class PlaySession(models.Model):
    """A granted viewing of one lesson on one device."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="play_sessions"
    )
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    encode = models.ForeignKey("media.Encode", on_delete=models.PROTECT, related_name="+")
    policy = models.JSONField()
    duration_ms = models.PositiveBigIntegerField()
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Moments (Unix ms) at which the server heard from the session, folded to what the allowance needs.
    heard = models.JSONField(default=list)
    highest_seq = models.IntegerField(default=-1)
    device = models.CharField(max_length=64, blank=True)
    address_digest = models.CharField(max_length=64, blank=True)
    agent_family = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("play session")
        verbose_name_plural = _("play sessions")


class LessonProgress(models.Model):
    """The fold of the evidence of one lesson: which of its milliseconds are verified."""

    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="progress")
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    coverage = models.JSONField(default=list)
    covered_ms = models.PositiveBigIntegerField(default=0)
    furthest_ms = models.PositiveBigIntegerField(default=0)
    slack_ms = models.PositiveSmallIntegerField(default=2000)
    position_ms = models.PositiveBigIntegerField(default=0)
    position_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("lesson progress")
        verbose_name_plural = _("lesson progress")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson"], name="progress_once_a_lesson"),
        ]


class Chain(models.Model):
    """The head of an enrolment's hash chain."""

    enrolment = models.OneToOneField(
        "enrolment.Enrolment", primary_key=True, on_delete=models.PROTECT, related_name="chain"
    )
    genesis = models.JSONField()
    head = models.CharField(max_length=64)
    length = models.PositiveIntegerField(default=0)
    sealed_length = models.PositiveIntegerField(default=0)


class Evidence(models.Model):
    """One report as it was received: what was kept, what was refused and why. Never changed."""

    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="evidence")
    session = models.ForeignKey(PlaySession, on_delete=models.PROTECT, related_name="evidence")
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    spans = models.JSONField()
    kept = models.JSONField()
    refused = models.JSONField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    rows = models.Manager()
    objects = ScopedManager(
        person="enrolment__user_id", institution="enrolment__institution"
    )

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(fields=["session", "seq"], name="progress_evidence_once"),
            models.UniqueConstraint(fields=["enrolment", "index"], name="progress_evidence_in_order"),
        ]


class Checkpoint(models.Model):
    """A signed Merkle root over the chain heads that moved since the checkpoint before."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField(default=timezone.now)
    root = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
    key_id = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["number"]


class CheckpointLeaf(models.Model):
    """One chain head under a checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="leaves")
    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    head = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "position"], name="progress_leaf_position"),
            models.UniqueConstraint(fields=["checkpoint", "enrolment"], name="progress_leaf_once"),
        ]


class PresenceCheck(models.Model):
    """A server-drawn question "still there?". A miss withholds its own span only."""

    class State(models.TextChoices):
        """Where a check stands."""

        OPEN = "open", _("open")
        PASSED = "passed", _("passed")
        MISSED = "missed", _("missed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(PlaySession, on_delete=models.PROTECT, related_name="presence_checks")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    issued_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    # Media intervals credited provisionally while the check is open.
    provisional = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="progress_check_has_time"
            ),
        ]
