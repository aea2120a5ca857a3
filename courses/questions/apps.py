"""The questions room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuestionsConfig(AppConfig):
    """Names the room."""

    name = "courses.questions"
    label = "questions"
    verbose_name = _("Question bank")
