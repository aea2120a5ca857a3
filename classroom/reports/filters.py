"""The filters of the overview, as addresses and forms spell them. Pure but for the names of posts."""

from datetime import date

from classroom.institutions.models import Post

# Training records are kept for one cycle of approval (CMA), six years.
_YEARS = 6
# What a filter may hold at most; longer values are cut, as the pages' fields cut them.
LONGEST = 64


def years(today: date) -> list[int]:
    """Return the years that can be chosen, this one first."""
    return list(range(today.year, today.year - _YEARS, -1))


def year_of(text: str) -> int:
    """Return the year of this century that the text names, or 0 for every year where it names none."""
    is_year = len(text) == 4 and text.isascii() and text.isdecimal() and text.startswith("20")
    return int(text) if is_year else 0


def post_of(text: str) -> str:
    """Return the kind of post that the text names, or "" for everybody where it names none."""
    return text if text in Post.Kind.values else ""


def plain(text: str) -> str:
    """Return a filter's text as the database takes it: no zero byte, no blanks around it, not endless."""
    return text.replace("\x00", "").strip()[:LONGEST]
