"""Pages and answers that belong to no room: posters, theme, help, the wall of states."""

import gzip
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, override, pgettext
from django.views.decorators.http import require_POST, require_safe

from config.shell import posters
from config.shell.context import THEME_COOKIE

_YEAR = 365 * 24 * 3600


@require_safe
def poster(request: HttpRequest, code: str, letter: str, hours: str, kind: str) -> HttpResponse:
    """Draw a course's poster; the address carries all that the drawing depends on, so it is kept for a year."""
    if kind == "thumb":
        svg = posters.thumb(code, letter)
    else:
        language = request.GET.get("in", "")
        with override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
            svg = posters.full(code, letter, hours, gettext("credit hours"))
    response = HttpResponse(content_type="image/svg+xml")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = gzip.compress(svg.encode(), mtime=0)
        response["Content-Encoding"] = "gzip"
    else:
        response.content = svg.encode()
    patch_vary_headers(response, ["Accept-Encoding"])
    patch_cache_control(response, public=True, max_age=_YEAR, immutable=True)
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie and go back; the page's script does the same without a round."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    theme = "light" if request.COOKIES.get(THEME_COOKIE) == "dark" else "dark"
    response = HttpResponseRedirect(back)
    # The page's own script writes it too, hence not httponly. It says nothing about a person.
    response.set_cookie(
        THEME_COOKIE, theme, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the site's own pages: help, accessibility."""
    return render(request, f"shell/pages/{name}.html")


@require_safe
def states(request: HttpRequest) -> HttpResponse:
    """Show every component in every state; for who builds and tests, so in demos only."""
    if not settings.DEMO:
        raise Http404
    return render(request, "shell/states.html", states_context())


def states_context() -> dict[str, Any]:
    """Return invented figures for the wall of states."""
    minute = 60_000
    return {
        "chapters": [
            {"start_ms": 0, "label": pgettext("states", "Conditions")},
            {"start_ms": 9 * minute, "label": pgettext("states", "Marking"), "is_current": True},
            {"start_ms": 22 * minute, "label": pgettext("states", "Duties")},
            {"start_ms": 31 * minute, "label": pgettext("states", "Cases")},
        ],
        "lesson_ms": 38 * minute,
        "lesson_spans": [[0, 250_000], [292_000, 512_000], [536_000, 640_000], [680_000, 1_315_000]],
        "half": [[0, 18 * minute]],
        "holed": [[0, 11 * minute], [14 * minute, 22 * minute], [23 * minute, 30 * minute]],
        "whole": [[0, 38 * minute]],
        "fifths": [{"length_ms": n * minute} for n in (7, 8, 8, 7, 8)],
        "posters": [
            ("A1", 4),
            ("A2", 6),
            ("A3", 3),
            ("B1", 4),
            ("B2", 4),
            ("B3", 6),
            ("C1", 4),
            ("C2", 6),
            ("C3", 4),
            ("C4", 3),
            ("D1", 3),
            ("E1", 2),
        ],
        "maps": range(1, 6),
        "link": "?" + urlencode({"page": 2}),
    }
