"""The title of what is taught, in the reader's language."""

from typing import Protocol

from django.utils.translation import get_language


class Bilingual(Protocol):
    """An edition or a lesson of one."""

    title: str
    title_en: str


def titled(thing: Bilingual) -> str:
    """Return a title in the reader's language; Chinese where there is no other."""
    is_english = (get_language() or "").startswith("en")
    return (is_english and thing.title_en) or thing.title
