"""Lengths of time in the reader's words. Pure but for the language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from classroom.completion.words import clock as clock

_SECOND = 1000
_MINUTE = 60 * _SECOND


def in_minutes(milliseconds: int) -> int:
    """Return whole minutes, at least one where there is anything."""
    return max(1, round(milliseconds / _MINUTE)) if milliseconds else 0


def spoken(milliseconds: int) -> str:
    """Return a length in words: minutes and seconds, whole minutes from an hour on."""
    seconds = max(0, milliseconds) // _SECOND
    minutes, rest = divmod(seconds, 60)
    whole = ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    in_seconds = ngettext("%(count)s second", "%(count)s seconds", rest) % {"count": rest}
    if not minutes:
        return in_seconds
    if minutes >= 100 or not rest:
        return whole
    return _("%(minutes)s %(seconds)s") % {"minutes": whole, "seconds": in_seconds}


def to_go(left_ms: int, texts: int, *, asks_exam: bool) -> str:
    """Return what is still to be done: `28 seconds, 1 text and the exam to go`; empty where nothing is."""
    parts = [spoken(left_ms)] if left_ms else []
    if texts:
        parts.append(ngettext("%(count)s text", "%(count)s texts", texts) % {"count": texts})
    if asks_exam:
        parts.append(pgettext("what is to go", "the exam"))
    if not parts:
        return ""
    listed = pgettext("what is to go", ", ").join(parts[:-1])
    if listed:
        listed = pgettext("what is to go", "%(first)s and %(last)s") % {"first": listed, "last": parts[-1]}
    return _("%(parts)s to go") % {"parts": listed or parts[-1]}
