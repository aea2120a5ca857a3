"""The catalogue room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    """Names the room."""

    name = "courses.catalogue"
    label = "catalogue"
    verbose_name = _("Catalogue")
