"""Attempts at an exam. Time is the server's; an acknowledged answer is durable."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom.institutions.scopes import ScopedManager
from classroom.people.append_only import AppendOnlyModel, AppendOnlyQuerySet


class Attempt(models.Model):
    """One sitting. `paper` is frozen at the start: the versions drawn and the order of their options.

    `paper` is a list of `{"version": id, "points": n, "order": ["C", "A", …]}`; `seed` drew it, so
    that the same pools and seed give the same paper again.
    """

    class State(models.TextChoices):
        """Where an attempt stands."""

        IN_PROGRESS = "in_progress", _("in progress")
        GRADED = "graded", _("graded")
        VOIDED = "voided", _("voided")

    enrolment = models.ForeignKey("enrolment.Enrolment", on_delete=models.PROTECT, related_name="attempts")
    exam = models.ForeignKey("catalogue.EditionExam", on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=32)
    paper = models.JSONField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    started_at = models.DateTimeField(default=timezone.now)
    deadline_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    is_auto_submitted = models.BooleanField(default=False)
    points = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    max_points = models.DecimalField(max_digits=7, decimal_places=2)
    # Percent of all points, rounded down to one decimal.
    score = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    is_passed = models.BooleanField(null=True)
    # When the conductor looked at what follows from passing; NULL means that it still has to.
    settled_at = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager(person="enrolment__user_id", institution="enrolment__institution")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = pgettext_lazy("exam", "attempts")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "number"], name="exams_attempt_number"),
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(state="in_progress"), name="exams_one_attempt_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(deadline_at__gt=F("started_at")), name="exams_deadline_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(state="graded")
                | Q(score__isnull=False, is_passed__isnull=False, submitted_at__isnull=False),
                name="exams_graded_has_score",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "deadline_at"], name="exams_due"),
            models.Index(
                fields=["enrolment"],
                condition=Q(is_passed=True, settled_at__isnull=True),
                name="exams_unsettled",
            ),
        ]


class Answer(models.Model):
    """The last acknowledged answer to one question. `revision` rises with each change on any device."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="answers")
    version = models.ForeignKey("questions.QuestionVersion", on_delete=models.PROTECT, related_name="+")
    choice = models.JSONField(default=list)
    is_flagged = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attempt", "version"], name="exams_one_answer_a_question"),
        ]


class LectureAnswer(AppendOnlyModel):
    """One try at a question inside a lecture, as it was given and graded; never changed."""

    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.PROTECT, related_name="lecture_answers"
    )
    question = models.ForeignKey("catalogue.EditionQuestion", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    choice = models.JSONField()
    is_right = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)

    rows = AppendOnlyQuerySet.as_manager()
    # A person's data: unlike the rows of its base, these are read for somebody.
    objects = ScopedManager.from_queryset(AppendOnlyQuerySet)(  # type: ignore[misc,assignment]  # on purpose
        person="enrolment__user_id", institution="enrolment__institution"
    )

    class Meta:
        verbose_name = _("answer inside a lecture")
        verbose_name_plural = _("answers inside lectures")
        default_manager_name = "rows"
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "question", "number"], name="exams_lecture_answer_number"
            ),
        ]


class Supervision(AppendOnlyModel):
    """What somebody answerable put on record about who watched over a sitting, while it went on.

    The newest row of an attempt counts; a mistake is taken back by another row, never changed.
    """

    class Kind(models.TextChoices):
        """What a row says."""

        SUPERVISED = "supervised", _("supervised")
        TAKEN_BACK = "taken_back", _("taken back")

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="supervisions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Who was in the room, and where; of a row that takes back, why.
    invigilator = models.CharField(max_length=64, blank=True)
    place = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    rows = AppendOnlyQuerySet.as_manager()
    # A person's data: unlike the rows of its base, these are read for somebody.
    objects = ScopedManager.from_queryset(AppendOnlyQuerySet)(  # type: ignore[misc,assignment]  # on purpose
        person="attempt__enrolment__user_id", institution="attempt__enrolment__institution"
    )

    class Meta:
        verbose_name = _("supervision of an exam")
        verbose_name_plural = _("supervisions of exams")
        default_manager_name = "rows"
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="supervised", reason="") & ~Q(invigilator="") & ~Q(place=""))
                | (Q(kind="taken_back", invigilator="", place="") & ~Q(reason="")),
                name="exams_supervision_says_what",
            ),
        ]
