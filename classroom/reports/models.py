"""Rollups, rebuildable from the facts, and the exports made of them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom.institutions.scopes import ScopedManager


class CountedRow(models.Model):
    """The counts that every rollup holds."""

    due_staff = models.PositiveIntegerField(default=0)
    enrolled = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    examined = models.PositiveIntegerField(default=0)
    passed = models.PositiveIntegerField(default=0)
    resat = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)
    verified_seconds = models.PositiveBigIntegerField(default=0)
    credit_hours = models.DecimalField(max_digits=12, decimal_places=1, default=0)
    corrected = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class Rollup(CountedRow):
    """The counts of one institution on one course. Dashboards read only these."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.CASCADE, related_name="rollups"
    )
    course = models.ForeignKey("catalogue.Course", on_delete=models.CASCADE, related_name="rollups")
    as_of = models.DateTimeField(default=timezone.now)

    rows = models.Manager()
    objects = ScopedManager(person=None)

    class Meta:
        verbose_name = _("rollup")
        verbose_name_plural = _("rollups")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(fields=["institution", "course"], name="reports_one_rollup"),
        ]


class RollupPart(CountedRow):
    """The counts of one institution on one course, of one year, one post, or both.

    Year 0 is every year, post "" everybody; a row with neither would be the rollup itself. A person
    with two posts is in both, so posts do not add up.
    """

    institution = models.ForeignKey("institutions.Institution", on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey("catalogue.Course", on_delete=models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField(default=0)
    post = models.CharField(max_length=24, blank=True)

    rows = models.Manager()
    objects = ScopedManager(person=None)

    class Meta:
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "course", "year", "post"], name="reports_one_part"
            ),
        ]
        indexes = [models.Index(fields=["year", "post", "institution"], name="reports_part_filter")]


class RollupMonth(models.Model):
    """How many people enrolled and completed in one month; their sums draw the trend.

    With a post, only those who hold it.
    """

    institution = models.ForeignKey("institutions.Institution", on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey("catalogue.Course", on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    post = models.CharField(max_length=24, blank=True)
    enrolled = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)

    rows = models.Manager()
    objects = ScopedManager(person=None)

    class Meta:
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "course", "month", "post"], name="reports_one_month"
            ),
        ]


class Watermark(models.Model):
    """One row: up to when the facts were read for changes, and on which day all was counted last."""

    read_until = models.DateTimeField()
    counted_on = models.DateField(null=True)


class Reminder(models.Model):
    """A manager's reminder to one person; a task sends it, a sweep repeats what was not sent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reminders")
    institution = models.ForeignKey("institutions.Institution", on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_on = models.DateField()
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution", "created_on"], name="reports_remind_once_a_day"
            ),
        ]


class Due(models.Model):
    """A rollup that has to be counted again. `marked_at` tells a mark made during the count."""

    institution = models.ForeignKey("institutions.Institution", on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey("catalogue.Course", on_delete=models.CASCADE, related_name="+")
    marked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "course"], name="reports_due_once"),
        ]


class ReportRun(models.Model):
    """An export: what was asked, on whose behalf, and the digest of what was given."""

    class State(models.TextChoices):
        """Where an export stands."""

        QUEUED = "queued", _("queued")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="report_runs")
    kind = models.CharField(max_length=32)
    spec = models.JSONField(default=dict)
    scope = models.JSONField(default=dict)
    format = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    as_of = models.DateTimeField(null=True, blank=True)
    rows_count = models.PositiveIntegerField(null=True, blank=True)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager(institution=None)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        default_manager_name = "rows"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "leased_until"], name="reports_run_due")]
