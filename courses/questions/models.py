"""The question bank. A version is frozen once an edition draws on it; a correction is a new version."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class QuestionBank(models.Model):
    """A named collection of questions on one subject."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=128)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("question bank")
        verbose_name_plural = _("question banks")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """A question over all its versions."""

    class Kind(models.TextChoices):
        """How a question is answered."""

        SINGLE = "single", _("single choice")
        MULTIPLE = "multiple", _("multiple choice")
        TRUE_FALSE = "true_false", _("true or false")

    bank = models.ForeignKey(QuestionBank, on_delete=models.PROTECT, related_name="questions")
    reference = models.CharField(_("reference in the bank"), max_length=64)
    kind = models.CharField(pgettext_lazy("question", "kind"), max_length=12, choices=Kind.choices)
    current = models.ForeignKey(
        "QuestionVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["bank", "reference"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "reference"], name="questions_unique_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.current.stem[:80]}" if self.current else self.reference


class QuestionVersion(models.Model):
    """The wording of a question at one time.

    `options` is a list of `{"key": "A", "text": "…"}`, `answers` the list of right keys. Keys name
    options inside a version only: papers shuffle what learners see.
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    stem = models.TextField(_("question"))
    options = models.JSONField(_("options"))
    answers = models.JSONField(_("right answers"))
    explanation = models.TextField(_("explanation"), blank=True)
    legal_basis = models.TextField(_("legal basis"), blank=True)
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    reviewed_on = models.DateField(_("reviewed on"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("question version")
        verbose_name_plural = _("question versions")
        ordering = ["question", "number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="questions_unique_version"),
            models.CheckConstraint(condition=Q(number__gte=1), name="questions_version_from_one"),
        ]

    @property
    def mark(self) -> str:
        """What a form hands back to tell which wording its reader saw; a correction in place moves it too."""
        return f"{self.number}@{self.created_at.isoformat()}"
