"""The institutions room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InstitutionsConfig(AppConfig):
    """Names the room."""

    name = "classroom.institutions"
    label = "institutions"
    verbose_name = _("Institutions")
