"""What is complete, why, and the credit hours it earned."""

from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom.institutions.scopes import ScopedManager
from classroom.people.append_only import AppendOnly, AppendOnlyModel, AppendOnlyQuerySet


class LessonCompletion(AppendOnlyModel):
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


class Completion(AppendOnlyModel):
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
    # Set where two persons made the decision by hand; then `explanation` keeps the automatic one beside.
    correction = models.OneToOneField(
        "completion.Correction", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = AppendOnlyQuerySet.as_manager()
    # A person's data: unlike the rows of its base, these are read for somebody.
    objects = ScopedManager.from_queryset(AppendOnlyQuerySet)(  # type: ignore[misc,assignment]  # on purpose
        person="enrolment__user_id", institution="enrolment__institution"
    )

    class Meta:
        verbose_name = _("completion")
        verbose_name_plural = _("completions")
        default_manager_name = "rows"


class CreditEntry(AppendOnlyModel):
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
    correction = models.ForeignKey(
        "completion.Correction", null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["completion"],
                condition=Q(reverses__isnull=True, correction__isnull=True),
                name="completion_credit_once",
            ),
            models.UniqueConstraint(
                fields=["correction"],
                condition=Q(reverses__isnull=True),
                name="completion_credit_once_a_correction",
            ),
        ]


class Correction(models.Model):
    """A correction by hand: proposed by one person, decided by another. Neither alone has effect.

    What was proposed is never changed; the decision is added once. Whether a proposal has lapsed
    follows from `expires_at`; the state is written when the next one is made.
    """

    class Kind(models.TextChoices):
        """What is to be corrected."""

        GRANT = "grant", _("count the course as completed")
        WITHDRAW = "withdraw", _("withdraw the completion")
        ADD_HOURS = "add_hours", _("add credit hours")
        REVERSE_HOURS = "reverse_hours", _("take credit hours back")

    class Reason(models.TextChoices):
        """Why, as a category that can be counted."""

        LOST_RECORDS = "lost_records", _("learning records lost by a fault of the platform")
        LEARNED_ELSEWHERE = "learned_elsewhere", _("learned in person or elsewhere, with proof")
        ACCESS = "access", _("could not use the platform because of illness or a disability")
        NOT_IN_PERSON = "not_in_person", _("somebody else learned in this person's name")
        IRREGULAR = "irregular", _("irregularity in learning or exam")
        IN_ERROR = "in_error", _("entered in error")
        OTHER = "other", _("another reason")

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", _("waits for a second person")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        LAPSED = "lapsed", _("lapsed")

    # Of the form that proposed it: sent twice, it is one.
    key = models.UUIDField(unique=True)
    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="corrections")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    text = models.CharField(max_length=600)
    # For whoever decides: where the proof lies. The subject does not read it.
    note = models.CharField(max_length=600, blank=True)
    hours = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    entry = models.ForeignKey(
        CreditEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="corrections"
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=600, blank=True)

    rows = models.Manager()
    objects = ScopedManager(person="enrolment__user_id", institution="enrolment__institution")

    class Meta:
        verbose_name = _("correction by hand")
        verbose_name_plural = _("corrections by hand")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(state="proposed"), name="completion_one_open_correction"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="completion_correction_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True, decision="")
                | Q(state="lapsed", decided_by__isnull=True, decided_at__isnull=False, decision="")
                | Q(state__in=["approved", "rejected"], decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decision=""),
                name="completion_correction_decided",
            ),
            models.CheckConstraint(
                condition=Q(kind="grant", hours__isnull=False, hours__gte=0, entry__isnull=True)
                | Q(kind="add_hours", hours__isnull=False, hours__gt=0, entry__isnull=True)
                | Q(kind="reverse_hours", hours__isnull=True, entry__isnull=False)
                | Q(kind="withdraw", hours__isnull=True, entry__isnull=True),
                name="completion_correction_says_what",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="completion_correction_has_reason"),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="completion_correction_open")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises `AppendOnly` for one that is there: only `decide` adds the decision."""
        if not self._state.adding:
            raise AppendOnly("Correction: rows are not changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `AppendOnly`."""
        raise AppendOnly("Correction: rows are not deleted.")

    def standing(self, now: datetime | None = None) -> str:
        """Return where it stands; one that nobody decided in time has lapsed."""
        is_late = self.state == self.State.PROPOSED and self.expires_at <= (now or timezone.now())
        return self.State.LAPSED if is_late else self.State(self.state)
