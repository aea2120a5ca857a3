"""Lucide icons, inlined on the server: no request, no script, the colour of the text around them."""

import functools
import logging
import re

from django.conf import settings

logger = logging.getLogger(__name__)

_FOLDER = settings.ROOT / "node_modules" / "lucide-static" / "icons"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_INNER = re.compile(r"<svg[^>]*>(.*)</svg>", re.S)
# Drawn where the package was removed after the build: a page without an icon still says all in words.
_ABSENT = '<rect x="4" y="4" width="16" height="16" rx="2"/>'


class UnknownIcon(LookupError):
    """No icon of Lucide has this name."""


def exists(name: str) -> bool:
    """Return whether the installed package has an icon of this name."""
    return bool(_NAME.fullmatch(name)) and (_FOLDER / f"{name}.svg").is_file()


@functools.cache
def paths(name: str) -> str:
    """Return the drawing inside an icon's `<svg>`, read once a process.

    Raises UnknownIcon for a name that the package does not have; where the whole package is
    missing a square stands in and the log says so.
    """
    if not _FOLDER.is_dir():
        logger.error("icons are missing: run `npm ci`")
        return _ABSENT
    if not exists(name):
        raise UnknownIcon(name)
    found = _INNER.search((_FOLDER / f"{name}.svg").read_text())
    return re.sub(r"\s*\n\s*", "", found[1]).replace(" />", "/>") if found else _ABSENT
