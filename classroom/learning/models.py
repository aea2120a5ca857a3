"""Notes that a learner takes at a moment of a lecture."""

from django.db import models
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
