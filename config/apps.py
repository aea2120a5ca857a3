"""The site itself as an app: commands, shell templates and the catalogue of its words."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Loads the deploy checks."""

    name = "config"
    label = "site"

    def ready(self) -> None:
        """Register the checks of `manage.py check --deploy`."""
        from config import checks  # noqa: F401 - importing registers them
