"""What is complete, why, and the credit hours it earned."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom.institutions.scopes import ScopedManager


class LessonCompletion(models.Model):
    """A lesson that was completed; a fact that is never taken back by later edits."""

    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="lesson_completions"
    )
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson"], name="completion_lesson_once"),
        ]


class Completion(models.Model):
    """The immutable decision that an enrolment met its edition's rule.

    `inputs_digest` is the SHA-256 of the canonical `inputs`; the same inputs give the same decision.
    """

    class Assurance(models.TextChoices):
        """What is known of the learning, as the certificate prints it."""

        DECLARED = "A0", _("declared")
        COVERAGE = "A1", _("playback verified by the server")
        PRESENCE = "A2", _("playback verified, with presence checks")
        SUPERVISED = "A3", _("with a supervised exam")

    enrolment = models.OneToOneField(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="completion"
    )
    at = models.DateTimeField(default=timezone.now)
    rule = models.JSONField()
    inputs = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    explanation = models.JSONField()
    verified_seconds = models.PositiveIntegerField()
    credit_hours = models.DecimalField(max_digits=5, decimal_places=1)
    score = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    assurance = models.CharField(max_length=2, choices=Assurance.choices)

    rows = models.Manager()
    objects = ScopedManager(person="enrolment__user_id", institution="enrolment__institution")

    class Meta:
        verbose_name = _("completion")
        verbose_name_plural = _("completions")
        default_manager_name = "rows"


class CreditEntry(models.Model):
    """The append-only ledger of credit hours; a correction is a reversal."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credit_entries"
    )
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="credit_entries")
    category = models.CharField(max_length=16, default="professional")
    year = models.PositiveSmallIntegerField()
    hours = models.DecimalField(max_digits=5, decimal_places=1)
    reverses = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["completion"], condition=Q(reverses__isnull=True), name="completion_credit_once"
            ),
        ]
