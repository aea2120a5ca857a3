"""The people room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Names the room."""

    name = "classroom.people"
    label = "people"
    verbose_name = _("People")
