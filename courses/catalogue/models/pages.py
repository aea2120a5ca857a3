"""Wagtail pages: the drafting surface of the catalogue."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, PublishingPanel, TabbedInterface
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index

from courses.catalogue.blocks import LegalBasisBlock, LessonsBlock, OutcomesBlock
from courses.catalogue.forms import CoursePageForm
from courses.catalogue.models.editions import Topic
from courses.catalogue.models.rule import RulePage
from courses.catalogue.panels import StandingPanel
from courses.catalogue.permissions import ReviewedPermissions


class HomePage(Page):
    """The front page."""

    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["catalogue.CataloguePage", "catalogue.NoticePage"]
    template = "catalogue/home.html"

    class Meta:
        verbose_name = _("home page")


class CataloguePage(Page):
    """All courses."""

    max_count = 1
    parent_page_types = ["catalogue.HomePage"]
    subpage_types = ["catalogue.CoursePage"]
    template = "catalogue/catalogue.html"

    class Meta:
        verbose_name = _("catalogue page")

    def permissions_for_user(self, user: Any) -> ReviewedPermissions:
        """Return what the person may do; courses are published by review only."""
        return ReviewedPermissions(user, self)


class NoticePage(Page):
    """A notice or an update, listed on the front page."""

    class Kind(models.TextChoices):
        """What a notice tells."""

        NOTICE = "notice", _("notice")
        NEW_COURSE = "new_course", _("new course")
        REVISION = "revision", _("course revised")
        LAW_CHECK = "law_check", _("law checked")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.NOTICE)
    date = models.DateField(_("date"))
    body = RichTextField(_("text"), blank=True)

    parent_page_types = ["catalogue.HomePage"]
    subpage_types: list[str] = []
    template = "catalogue/notice.html"
    content_panels = [*Page.content_panels, FieldPanel("kind"), FieldPanel("date"), FieldPanel("body")]

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")


class CoursePage(RulePage):
    """A course as its trainer drafts it. What learners get is the edition that publishing freezes."""

    code = models.CharField(
        _("code"),
        max_length=8,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,7}$", _("A capital letter, then letters or digits."))],
    )
    title_en = models.CharField(_("English title"), max_length=160, blank=True)
    # A draft is kept from its first word on, so what a course cannot do without may be missing in one.
    topic = models.ForeignKey(
        Topic, verbose_name=_("topic"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.TextField(_("what it is for"), max_length=600)
    purpose_en = models.TextField(_("what it is for, in English"), max_length=900, blank=True)
    audience = models.CharField(_("audience"), max_length=128)
    teacher = models.CharField(_("teacher"), max_length=64)
    teacher_note = models.CharField(_("about the teacher"), max_length=128, blank=True)
    credit_hours = models.DecimalField(
        _("credit hours"), max_digits=5, decimal_places=1, null=True, validators=[MinValueValidator(0)]
    )
    is_mandatory = models.BooleanField(_("mandatory"), default=False)
    validity_months = models.PositiveSmallIntegerField(
        _("certificate valid for, months"), null=True, blank=True, help_text=_("Empty: without end.")
    )
    reviewed_on = models.DateField(_("law checked on"), null=True, blank=True)
    next_review_on = models.DateField(_("next check on"), null=True, blank=True)
    outcomes = StreamField(OutcomesBlock(), verbose_name=_("what one can do afterwards"), blank=True)
    lessons = StreamField(LessonsBlock(), verbose_name=_("lessons"))
    legal_basis = StreamField(LegalBasisBlock(), verbose_name=_("legal basis"), blank=True)

    question_bank = models.ForeignKey(
        "questions.QuestionBank",
        verbose_name=_("question bank"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    exam_single = models.PositiveSmallIntegerField(_("single-choice questions"), default=0)
    exam_multiple = models.PositiveSmallIntegerField(_("multiple-choice questions"), default=0)
    exam_true_false = models.PositiveSmallIntegerField(_("true-or-false questions"), default=0)
    exam_minutes = models.PositiveSmallIntegerField(_("minutes"), default=60)
    pass_mark = models.PositiveSmallIntegerField(
        _("pass mark, percent"), default=60, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    exam_attempts = models.PositiveSmallIntegerField(
        _("attempts"), default=3, validators=[MinValueValidator(1)]
    )
    exam_interval_minutes = models.PositiveIntegerField(_("minutes between attempts"), default=24 * 60)
    shows_answers = models.BooleanField(_("shows the answers once no attempt is left to make"), default=True)

    coverage_percent = models.PositiveSmallIntegerField(
        _("part of each lecture that counts as seen, percent"),
        default=100,
        validators=[MinValueValidator(50), MaxValueValidator(100)],
    )
    rate_cap = models.DecimalField(
        _("fastest playback that counts"),
        max_digits=3,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(2)],
    )
    free_seek = models.BooleanField(_("may skip ahead on first view"), default=False)
    credit_hour_seconds = models.PositiveSmallIntegerField(
        _("seconds that make a credit hour"),
        default=2700,
        validators=[MinValueValidator(1)],
        help_text=_("2700 are the usual 45 minutes."),
    )
    presence_minutes = models.PositiveSmallIntegerField(
        _("minutes between presence checks"), default=15, help_text=_("0: none.")
    )
    watermark = models.BooleanField(_("viewer's masked name over the picture"), default=False)

    parent_page_types = ["catalogue.CataloguePage"]
    subpage_types: list[str] = []
    template = "catalogue/course.html"
    base_form_class = CoursePageForm

    search_fields = [
        *Page.search_fields,
        index.SearchField("code", boost=4),
        index.SearchField("title_en"),
        index.SearchField("purpose"),
        index.SearchField("audience"),
        index.SearchField("teacher"),
        index.SearchField("lessons"),
        index.SearchField("legal_basis"),
        index.FilterField("topic_id"),
        index.FilterField("is_mandatory"),
    ]

    content_panels = [
        StandingPanel(heading=_("Where it stands")),
        FieldPanel("title"),
        MultiFieldPanel(
            [
                FieldPanel(
                    "code", help_text=_("Letter of the topic and a number, such as B1. It stays for good.")
                ),
                FieldPanel("topic"),
                FieldPanel("title_en"),
                FieldPanel(
                    "purpose", help_text=_("Two or three sentences: what question does the course answer?")
                ),
                FieldPanel("purpose_en"),
                FieldPanel("audience", help_text=_("Who should take it, such as “all staff”.")),
                FieldPanel("teacher"),
                FieldPanel("teacher_note"),
                FieldPanel(
                    "credit_hours",
                    help_text=_(
                        "What the certificate states. 45 minutes of lessons usually give one credit hour;"
                        " a course may set another length under “What counts”."
                    ),
                ),
                FieldPanel("is_mandatory"),
            ],
            heading=_("Course"),
        ),
        FieldPanel("outcomes", help_text=_("Three to five, each one beginning with a verb.")),
        FieldPanel(
            "lessons",
            help_text=_(
                "In the order in which they are learned. A lecture can be chosen once it was uploaded."
            ),
        ),
        FieldPanel(
            "legal_basis",
            help_text=_(
                "What the course rests on. Learners see the clauses and since when they are in force."
            ),
        ),
        MultiFieldPanel(
            [FieldPanel("reviewed_on"), FieldPanel("next_review_on")],
            heading=_("Check of the law"),
        ),
    ]
    exam_panels = [
        FieldPanel(
            "question_bank",
            help_text=_(
                "Each paper draws its questions at random from this bank. Without questions there is no exam."
            ),
        ),
        MultiFieldPanel(
            [
                FieldPanel("exam_single"),
                FieldPanel("exam_multiple", help_text=_("Counts only when all right answers are chosen.")),
                FieldPanel("exam_true_false"),
            ],
            heading=_("Questions of a paper"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("exam_minutes"),
                FieldPanel("pass_mark", help_text=_("60 is usual, 80 for mandatory courses.")),
                FieldPanel("exam_attempts"),
                FieldPanel("exam_interval_minutes"),
                FieldPanel("shows_answers"),
            ],
            heading=_("Sitting"),
        ),
        FieldPanel("validity_months"),
    ]
    rule_panels = [
        FieldPanel("coverage_percent", help_text=_("Only seconds that were really shown count.")),
        FieldPanel("rate_cap", help_text=_("1 means that faster playback earns no more time than normal.")),
        FieldPanel("free_seek"),
        FieldPanel("presence_minutes"),
        FieldPanel("credit_hour_seconds"),
        FieldPanel(
            "watermark",
            help_text=_(
                "Moves to another place every 20 seconds, so that a recording of the screen says whose it"
                " was. Picture in picture is off then, since it would show the picture without."
            ),
        ),
    ]
    publish_panels = [
        FieldPanel("slug", help_text=_("The last part of the address, such as b1.")),
        PublishingPanel(),
    ]
    edit_handler = TabbedInterface(
        [
            ObjectList(content_panels, heading=_("Content")),
            ObjectList(exam_panels, heading=_("Exam and certificate")),
            ObjectList(rule_panels, heading=_("What counts")),
            ObjectList(RulePage.completion_panels, heading=_("What completes it")),
            ObjectList(publish_panels, heading=_("Address and time")),
        ]
    )

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=~models.Q(code=""),
                name="one_course_page_per_code",
                violation_error_message=_("Another course has this code already."),
            )
        ]

    def permissions_for_user(self, user: Any) -> ReviewedPermissions:
        """Return what the person may do; a course is published by review only."""
        return ReviewedPermissions(user, self)
