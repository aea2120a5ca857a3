"""What a course page says about completing the course, beside its lessons and its exam."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.models import Page

from courses.catalogue.panels import RulePanel


class RulePage(Page):  # type: ignore[misc] # Wagtail is untyped
    """Lessons left free, whether the exam is asked for, courses before, and a last day."""

    # Keys of lessons; what is not named here is asked for, so a new lesson counts by itself.
    optional_lessons = models.JSONField(
        _("lessons that are offered, not asked for"), default=list, blank=True
    )
    exam_is_optional = models.BooleanField(_("the exam is offered, not asked for"), default=False)
    prerequisites = ParentalManyToManyField(
        "catalogue.Course", verbose_name=_("courses to complete before"), blank=True, related_name="+"
    )
    deadline_on = models.DateField(_("last day"), null=True, blank=True)
    deadline_days = models.PositiveSmallIntegerField(
        _("days after enrolling"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3660)],
    )

    completion_panels: list[Any] = [
        RulePanel(heading=_("As learners read it")),
        MultiFieldPanel(
            [
                FieldPanel(
                    "optional_lessons",
                    help_text=_(
                        "Tick what nobody has to learn. Lessons appear here once the draft was saved."
                    ),
                ),
                FieldPanel("exam_is_optional"),
            ],
            heading=_("Lessons and exam"),
        ),
        FieldPanel(
            "prerequisites",
            widget=forms.CheckboxSelectMultiple,
            help_text=_("Whoever has not completed these cannot complete this course, nor sit its exam."),
        ),
        MultiFieldPanel(
            [
                FieldPanel("deadline_on", help_text=_("The same day for everybody; it counts whole.")),
                FieldPanel(
                    "deadline_days", help_text=_("Or so many days for each person. Fill in one of both.")
                ),
            ],
            heading=_("Deadline"),
        ),
    ]

    class Meta:
        abstract = True
