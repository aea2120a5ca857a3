"""Mends of Wagtail's frame that no block of its templates reaches."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_SEARCH = 'role="search"'


@register.filter
def naming_search(markup: SafeString, name: str) -> SafeString:
    """Name the search landmarks in a part of a page: the frame's menu holds one without a name."""
    named = format_html('{} aria-label="{}"', mark_safe(_SEARCH), name)  # noqa: S308 - a constant
    return mark_safe(markup.replace(_SEARCH, named))  # noqa: S308 - the part was rendered and escaped before
