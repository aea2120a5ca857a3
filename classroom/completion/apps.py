"""The completion room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompletionConfig(AppConfig):
    """Names the room."""

    name = "classroom.completion"
    label = "completion"
    verbose_name = _("Completion")
