"""The media room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MediaConfig(AppConfig):
    """Names the room."""

    name = "media"
    label = "media"
    verbose_name = _("Lectures")

    def ready(self) -> None:
        """Listen to what is published here."""
        from media import receivers  # noqa: F401 - connects itself
