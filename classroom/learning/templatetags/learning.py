"""Filters of the learning room's pages."""

from django import template

from classroom.learning import times

register = template.Library()


@register.filter
def spoken(milliseconds: int | None) -> str:
    """Write milliseconds in words: minutes and seconds."""
    return times.spoken(milliseconds or 0)


@register.filter
def in_parts(milliseconds: int | None) -> dict[str, int]:
    """Part milliseconds into hours, minutes and seconds, for a large figure; hours from 100 minutes on."""
    minutes, seconds = divmod(max(0, milliseconds or 0) // 1000, 60)
    hours, rest = divmod(minutes, 60) if minutes >= 100 else (0, minutes)
    return {"hours": hours, "minutes": rest, "seconds": seconds}
