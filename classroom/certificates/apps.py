"""The certificates room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CertificatesConfig(AppConfig):
    """Names the room."""

    name = "classroom.certificates"
    label = "certificates"
    verbose_name = _("Certificates")

    def ready(self) -> None:
        """Register the deploy check."""
        from classroom.certificates import checks  # noqa: F401 - importing registers it
