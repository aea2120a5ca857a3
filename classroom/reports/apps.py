"""The reports room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Names the room."""

    name = "classroom.reports"
    label = "reports"
    verbose_name = _("Reports")
