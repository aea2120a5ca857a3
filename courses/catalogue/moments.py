"""Moments of a lecture as a trainer writes them: 1:30, or 1:02:30 from an hour on. Pure."""

import re

# Chinese input methods type the wide colon.
_WRITTEN = re.compile(r"(?:([0-9]{1,2})[:：])?([0-9]{1,3})[:：]([0-5][0-9])")


def read_moment(text: str) -> int | None:
    """Return the milliseconds that `text` stands for, or None where it is no moment."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), int(found[3])
    if found[1] and minutes > 59:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def moment_of(ms: int) -> str:
    """Return a moment as minutes and seconds, hours before them where there are any."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
