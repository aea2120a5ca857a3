"""The catalogue room."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    """Names the room."""

    name = "courses.catalogue"
    label = "catalogue"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        """Listen to what Wagtail publishes."""
        import_module("courses.catalogue.receivers")
