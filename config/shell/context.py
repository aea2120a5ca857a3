"""What every page of the site needs to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.shell.navigation import navigation, role_of

THEME_COOKIE = "theme"
_THEMES = {"light", "dark"}


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's address, theme and registration, and what the header shows to this person.

    Header parts are worked out when a template first asks, so an API's or an admin's page pays nothing.
    """
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "site_url": settings.SITE_URL,
        "site_name": settings.WAGTAIL_SITE_NAME,
        "is_demo": settings.DEMO,
        "theme": theme if theme in _THEMES else "",
        "icp_licence": settings.ICP_LICENCE,
        "police_licence": settings.POLICE_LICENCE,
        "nav_items": SimpleLazyObject(lambda: navigation(request)),
        "nav_role": SimpleLazyObject(lambda: role_of(getattr(request, "user", None))),
    }
