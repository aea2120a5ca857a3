"""A person on a course edition."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom.institutions.scopes import ScopedManager


class Enrolment(models.Model):
    """A person on an edition, pinned to it. `institution` is the employer at that time.

    `period` counts recertifications, so a new one never resets what was learned before.
    """

    class State(models.TextChoices):
        """Where an enrolment stands; "overdue" is derived from `due_on`."""

        ACTIVE = "active", _("under way")
        COMPLETED = "completed", _("completed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Origin(models.TextChoices):
        """Who asked for it."""

        SELF = "self", _("by oneself")
        PLAN = "plan", _("by a plan")
        MANAGER = "manager", _("by the manager")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrolments")
    edition = models.ForeignKey("catalogue.Edition", on_delete=models.PROTECT, related_name="enrolments")
    course = models.ForeignKey("catalogue.Course", on_delete=models.PROTECT, related_name="enrolments")
    institution = models.ForeignKey(
        "institutions.Institution", null=True, blank=True, on_delete=models.PROTECT, related_name="enrolments"
    )
    period = models.PositiveSmallIntegerField(default=1)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.SELF)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    enrolled_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(fields=["user", "edition", "period"], name="enrolment_once_a_period"),
            models.CheckConstraint(
                condition=Q(state="completed", completed_at__isnull=False)
                | (~Q(state="completed") & Q(completed_at__isnull=True)),
                name="enrolment_completed_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "course", "state"], name="enrolment_by_institution"),
            models.Index(fields=["course", "state"], name="enrolment_by_course"),
        ]
