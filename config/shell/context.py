"""What every page of the site needs to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's address and whether it is a demo."""
    return {"site_url": settings.SITE_URL, "is_demo": settings.DEMO, "is_embedded": settings.EMBEDDED}
