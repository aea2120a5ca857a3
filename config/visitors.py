"""Whose request it is, behind proxies of ours."""

import ipaddress
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_WITH_PORT = re.compile(r"\[(?P<v6>[^]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


class ProxiesMiddleware:
    """Makes `REMOTE_ADDR` the visitor's behind `PROXIES` proxies of ours; before everything else.

    Each proxy adds to `X-Forwarded-For` whom it saw, so the visitor is as many places from its end as there
    are proxies; what stands further left, anybody may have written. The header goes no further: throttles,
    locks and records all read `REMOTE_ADDR`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.hops: int = settings.PROXIES or 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request under its visitor's address."""
        seen = request.META.pop("HTTP_X_FORWARDED_FOR", "").split(",")
        if self.hops and (address := _address(seen[-min(self.hops, len(seen))])):
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


def _address(word: str) -> str:
    """Return an address of `X-Forwarded-For`, without the port that some proxies add; "" for what is none."""
    word = word.strip()
    if match := _WITH_PORT.fullmatch(word):
        word = match["v6"] or match["v4"]
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    # A zone (`fe80::1%eth0`) is the proxy's own business, and no database keeps it.
    return str(mapped or address).partition("%")[0]
