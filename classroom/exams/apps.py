"""The exams room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExamsConfig(AppConfig):
    """Names the room."""

    name = "classroom.exams"
    label = "exams"
    verbose_name = _("Exams")
