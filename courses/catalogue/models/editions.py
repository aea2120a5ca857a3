"""Topics, courses and their frozen editions. Learners are served from these, never from page rows."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Topic(models.Model):
    """One of the four topics; `letter` begins the codes and picks the poster's engraving."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=64)
    name_en = models.CharField(_("English name"), max_length=96)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    summary_en = models.CharField(_("English summary"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class Course(models.Model):
    """A course over all its editions. Deleting its page leaves the course and all that was learned."""

    code = models.CharField(_("code"), max_length=8, unique=True)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="courses")
    page = models.OneToOneField(
        "catalogue.CoursePage", null=True, blank=True, on_delete=models.SET_NULL, related_name="course"
    )
    current = models.ForeignKey("Edition", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Edition(models.Model):
    """What was published and taught, frozen. `digest` is the SHA-256 of the canonical `manifest`."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="editions")
    number = models.CharField(_("edition"), max_length=16)
    title = models.CharField(_("title"), max_length=128)
    title_en = models.CharField(_("English title"), max_length=160, blank=True)
    credit_hours = models.DecimalField(_("credit hours"), max_digits=5, decimal_places=1)
    is_mandatory = models.BooleanField(_("mandatory"), default=False)
    validity_months = models.PositiveSmallIntegerField(_("certificate valid for, months"), null=True)
    # What learners may do and what counts: see courses.catalogue.policy.
    policy = models.JSONField()
    # The completion rule as data: see classroom.completion.rules.
    rule = models.JSONField()
    manifest = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["course", "-published_at"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="catalogue_unique_edition_number"),
            models.UniqueConstraint(fields=["course", "digest"], name="catalogue_unique_edition_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} {self.number}"


class EditionLesson(models.Model):
    """A lesson of an edition. `key` is stable over editions, so progress can be compared."""

    class Kind(models.TextChoices):
        """What a lesson is made of."""

        VIDEO = "video", _("lecture")
        READING = "reading", _("reading")
        ATTACHMENT = "attachment", _("attachment")

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="lessons")
    key = models.UUIDField(default=uuid.uuid4)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=128)
    title_en = models.CharField(max_length=160, blank=True)
    summary = models.CharField(max_length=300, blank=True)
    lecture = models.ForeignKey(
        "media.Lecture", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The bytes that were reviewed; evidence says which encode was watched.
    encode = models.ForeignKey(
        "media.Encode", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    duration_ms = models.PositiveBigIntegerField(default=0)
    minutes = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    document = models.ForeignKey(
        "wagtaildocs.Document", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["edition", "position"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "key"], name="catalogue_unique_lesson_key"),
            models.UniqueConstraint(fields=["edition", "position"], name="catalogue_unique_lesson_position"),
            models.CheckConstraint(
                condition=~Q(kind="video") | (Q(lecture__isnull=False) & Q(duration_ms__gt=0)),
                name="catalogue_video_lesson_has_lecture",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class EditionExam(models.Model):
    """The exam of an edition, frozen.

    `sections` is a list of `{"kind", "count", "points", "pool": [QuestionVersion ids]}`; a paper
    draws `count` versions from each pool. `pass_mark` is in percent of all points.
    """

    edition = models.OneToOneField(Edition, on_delete=models.PROTECT, related_name="exam")
    sections = models.JSONField()
    minutes = models.PositiveSmallIntegerField()
    pass_mark = models.PositiveSmallIntegerField()
    attempts_allowed = models.PositiveSmallIntegerField(default=3)
    interval_minutes = models.PositiveIntegerField(default=24 * 60)
    shows_answers = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_mark__gte=1) & Q(pass_mark__lte=100), name="catalogue_pass_mark_percent"
            ),
        ]
