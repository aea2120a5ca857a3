"""The institutions room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InstitutionsConfig(AppConfig):
    """Names the room."""

    name = "classroom.institutions"
    label = "institutions"
    verbose_name = _("Institutions")

    def ready(self) -> None:
        """Show on a person's account page where one works."""
        from classroom.institutions.queries import employments_of
        from classroom.people.account_parts import register_part

        register_part("employments", employments_of)
