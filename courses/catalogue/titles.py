"""The title of what is taught, in the reader's language."""

from typing import Protocol

from django.utils.translation import get_language


class Bilingual(Protocol):
    """An edition or a lesson of one."""

    title: str
    title_en: str


def titled(thing: Bilingual) -> str:
    """Return a title in the reader's language; Chinese where there is no other."""
    # Which language is read is asked only where it matters: of two hundred lessons that is a sixth of a page's time.
    if thing.title_en and (get_language() or "").startswith("en"):
        return thing.title_en
    return thing.title
