"""The learning room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    """Names the room."""

    name = "classroom.learning"
    label = "learning"
    verbose_name = _("Learning")
