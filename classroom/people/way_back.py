"""The way back: the page of ours on which a form stood whose sending could not be let through."""

from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def page_before(request: HttpRequest) -> str:
    """Return the path of our page that sent this request, or an empty text where no browser says so.

    It is what the browser tells in `Referer`, so it leads the sender back and decides nothing.
    """
    sender = request.headers.get("Referer", "")
    try:
        host = request.get_host()
    except DisallowedHost:
        return ""
    if not url_has_allowed_host_and_scheme(sender, {host}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(sender)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return path if parts.netloc and url_has_allowed_host_and_scheme(path, None) else ""
