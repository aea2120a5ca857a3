"""What a learner leaves in the player: notes at a moment of a lecture, and how one likes to watch."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Note(models.Model):
    """A learner's own note at `at_ms` of a lesson; nobody else reads it."""

    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="notes")
    lesson = models.ForeignKey("catalogue.EditionLesson", on_delete=models.PROTECT, related_name="+")
    at_ms = models.PositiveBigIntegerField()
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["lesson", "at_ms", "id"]


class PlayerSettings(models.Model):
    """How a person likes to watch, on every device. What was never chosen is empty, and so is its moment."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="player_settings"
    )
    # What was wished, not what a course allows: a first view may be held slower, and the wish outlives it.
    rate = models.FloatField(null=True)
    rate_at = models.DateTimeField(null=True)
    # A language, or "off".
    captions = models.CharField(max_length=16, blank=True)
    captions_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("player settings")
        verbose_name_plural = _("player settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__isnull=True, rate_at__isnull=True)
                | Q(rate__isnull=False, rate__gte=0.5, rate__lte=2.0, rate_at__isnull=False),
                name="learning_settings_rate",
            ),
            models.CheckConstraint(
                condition=Q(captions="", captions_at__isnull=True)
                | (~Q(captions="") & Q(captions_at__isnull=False)),
                name="learning_settings_captions",
            ),
        ]
