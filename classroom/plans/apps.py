"""The plans room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    """Names the room."""

    name = "classroom.plans"
    label = "plans"
    verbose_name = _("Training plans")
