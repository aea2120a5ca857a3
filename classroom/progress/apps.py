"""The progress room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProgressConfig(AppConfig):
    """Names the room."""

    name = "classroom.progress"
    label = "progress"
    verbose_name = _("Progress")
