"""Certificates: a row with its serial and frozen facts; the PDF is rendered from those facts alone."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom.institutions.scopes import ScopedManager


class SerialCounter(models.Model):
    """The last serial given in a year; locked while one is taken, so that numbers have no gap."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)


class Certificate(models.Model):
    """An awarded certificate. "Expired" is derived from `valid_until`."""

    class State(models.TextChoices):
        """What holds of a certificate."""

        ISSUED = "issued", _("issued")
        REVOKED = "revoked", _("revoked")
        REPLACED = "replaced", _("replaced")

    class Rendering(models.TextChoices):
        """Where its PDF stands."""

        DUE = "due", pgettext_lazy("rendering", "due")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    class Reason(models.TextChoices):
        """Why it was revoked or replaced, as the public may read it."""

        ISSUED_IN_ERROR = "issued_in_error", _("issued in error")
        FACTS_CORRECTED = "facts_corrected", _("facts corrected")
        RECORDS_WITHDRAWN = "records_withdrawn", _("learning records withdrawn")
        HOLDER_REQUEST = "holder_request", _("at the holder's request")

    number = models.CharField(_("number"), max_length=32, unique=True)
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    token = models.CharField(max_length=32, unique=True)
    completion = models.ForeignKey(
        "completion.Completion", on_delete=models.PROTECT, related_name="certificates"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="certificates")
    institution = models.ForeignKey(
        "institutions.Institution",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="certificates",
    )
    # Everything that is printed and verified, as it was at the award.
    facts = models.JSONField()
    facts_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ISSUED)
    issued_at = models.DateTimeField(default=timezone.now)
    valid_until = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=24, choices=Reason.choices, blank=True)
    reason_note = models.CharField(max_length=300, blank=True)
    replaced_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaces"
    )
    rendering = models.CharField(max_length=8, choices=Rendering.choices, default=Rendering.DUE)
    render_attempts = models.PositiveSmallIntegerField(default=0)
    # When it is next worth trying; NULL once retries are spent and a person has to look.
    render_due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    render_failure = models.CharField(max_length=300, blank=True)
    # A renderer writes only while it holds the lease that it took.
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    # The Open Badges 3 credential as it was signed and embedded.
    credential = models.JSONField(default=dict, blank=True)
    file = models.CharField(max_length=200, blank=True)
    file_digest = models.CharField(max_length=64, blank=True)

    rows = models.Manager()
    objects = ScopedManager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="certificates_serial_once"),
            models.UniqueConstraint(
                fields=["completion"], condition=Q(state="issued"), name="certificates_one_valid_a_completion"
            ),
            models.CheckConstraint(
                condition=Q(state="issued") | (Q(ended_at__isnull=False) & ~Q(reason="")),
                name="certificates_ended_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["rendering", "render_due_at"], name="certificates_due")]
