"""Topics, courses and their frozen editions. Learners are served from these, never from page rows."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from courses.catalogue import wording


class Topic(models.Model):
    """One of the four topics; a course's code begins with one of its `letters`."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=64)
    name_en = models.CharField(_("English name"), max_length=96)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    summary_en = models.CharField(_("English summary"), max_length=300, blank=True)
    letters = models.CharField(_("letters"), max_length=8, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class Course(index.Indexed, models.Model):  # type: ignore[misc] # Wagtail is untyped
    """A course over all its editions. Deleting its page leaves the course and all that was learned.

    What is searched are the words of the edition that is taught now; see
    `courses.catalogue.wording`.
    """

    code = models.CharField(_("code"), max_length=8, unique=True)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="courses")
    page = models.OneToOneField(
        "catalogue.CoursePage", null=True, blank=True, on_delete=models.SET_NULL, related_name="course"
    )
    current = models.ForeignKey("Edition", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # The page revision that `current` was frozen from; the sweep freezes a live page with another one.
    frozen_revision = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    search_fields = [
        index.SearchField("title", boost=4),
        index.SearchField("search_text"),
        index.SearchField("search_pinyin"),
        index.SearchField("search_transcript"),
        index.FilterField("topic_id"),
    ]

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def get_indexed_objects(cls) -> models.QuerySet["Course"]:
        """Index only what is taught now, with the rows that the words come from."""
        taught = cls.objects.filter(current__isnull=False, current__withdrawn_at__isnull=True)
        return taught.select_related("current", "topic")

    @property
    def title(self) -> str:
        """Code and titles of the edition taught now, for the index."""
        edition = self.current
        return f"{self.code} {edition.title} {edition.title_en}" if edition else self.code

    @property
    def search_text(self) -> str:
        """The words of the course, for the index; never a question or an answer."""
        return wording.text_of(self.current.manifest) if self.current else ""

    @property
    def search_pinyin(self) -> str:
        """The sounds of title and lessons, for the index."""
        return wording.pinyin_of(self.current.manifest) if self.current else ""

    @property
    def search_transcript(self) -> str:
        """What is said in the lectures, for the index; cut so that PostgreSQL can hold it."""
        if self.current is None:
            return ""
        spoken = self.current.passages.order_by("lesson__position", "start_ms").values_list("text", flat=True)
        return " ".join(spoken)[: wording.TRANSCRIPT_CHARACTERS]


class Edition(models.Model):
    """What was published and taught, frozen. `digest` is the SHA-256 of the canonical `manifest`.

    States: taught now (`course.current`), superseded, withdrawn. Publishing again what was taught
    before brings that edition back instead of making a second one.
    """

    class ChangeClass(models.TextChoices):
        """What a new edition means for those who learned from the former one."""

        FIRST = "first", _("first edition")
        EDITORIAL = "editorial", _("editorial")
        CARRY_OVER = "carry_over", _("carries over")
        MATERIAL = "material", _("material")

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
    # Against the edition before: see courses.catalogue.changes.
    change_class = models.CharField(max_length=12, choices=ChangeClass.choices, default=ChangeClass.FIRST)
    changes = models.JSONField(default=list)
    # When the words of its lectures were last taken over from the captions.
    transcribed_at = models.DateTimeField(null=True, blank=True)

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


class EditionQuestion(models.Model):
    """A question that a lecture puts to its learner at a moment, frozen with the edition.

    `key` is stable over editions; `at_ms` lies inside the lecture.
    """

    lesson = models.ForeignKey(EditionLesson, on_delete=models.PROTECT, related_name="questions")
    key = models.UUIDField()
    at_ms = models.PositiveBigIntegerField()
    version = models.ForeignKey("questions.QuestionVersion", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["lesson", "at_ms"]
        constraints = [
            models.UniqueConstraint(fields=["lesson", "key"], name="catalogue_unique_question_key"),
            models.UniqueConstraint(fields=["lesson", "at_ms"], name="catalogue_one_question_a_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id} {self.at_ms}"


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


class Passage(models.Model):
    """Some seconds of what a lecture says, so that a search can lead to the moment. Derived, rebuildable."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="passages")
    lesson = models.ForeignKey(EditionLesson, on_delete=models.CASCADE, related_name="passages")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    text = models.TextField()

    class Meta:
        ordering = ["lesson", "start_ms"]
