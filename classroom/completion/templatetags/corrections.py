"""Corrections by hand on the pages of the rooms above."""

from typing import Any

from django import template

from classroom.completion.correction_words import Told, told
from classroom.completion.queries import own_corrections

register = template.Library()


@register.simple_tag
def corrections_about(user: Any) -> list[Told]:
    """Return the corrections of one's own records in words, the newest first. One query."""
    return [told(correction) for correction in own_corrections(user)]
