"""The shell room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShellConfig(AppConfig):
    """Names the room."""

    name = "config.shell"
    label = "shell"
    verbose_name = _("Shell")
