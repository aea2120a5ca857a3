"""Certificate numbers: `HJY-2026-B1-000123-7`. Pure.

Prefix, year, course, serial of the year (six digits or more), check digit. The check digit is
Damm's (H. Damm, 2004) over everything before it without hyphens, a letter being written as two
digits (A = 10 … Z = 35). It finds every single wrong digit and every pair of neighbouring digits
that changed places, and nine of ten wrong letters.
"""

import re
import unicodedata
from dataclasses import dataclass

# A totally anti-symmetric quasigroup of order ten with zeros on its diagonal.
_TABLE = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_FORM = re.compile(r"([A-Z]{2,6})-?(\d{4})-?([A-Z][A-Z0-9]{0,7})-(\d{6,9})-?(\d)")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\uff0d_]")


@dataclass(frozen=True, slots=True)
class Number:
    """The parts of a certificate number."""

    prefix: str
    year: int
    course: str
    serial: int
    check: int

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}-{self.course}-{self.serial:06d}-{self.check}"


def check_digit(text: str) -> int:
    """Return Damm's digit of the letters and digits in `text`; hyphens do not count."""
    interim = 0
    for character in text.replace("-", ""):
        for digit in str(int(character, 36)):
            interim = _TABLE[interim][int(digit)]
    return interim


def make(*, prefix: str, year: int, course: str, serial: int) -> Number:
    """Return the number of a certificate with its check digit."""
    stem = f"{prefix}-{year}-{course}-{serial:06d}"
    return Number(prefix, year, course, serial, check_digit(stem))


def tidy(text: str) -> str:
    """Return what was typed with full-width letters, odd dashes, blanks and small letters made plain."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return _DASHES.sub("-", "".join(plain.split()))


def parse(text: str) -> Number | None:
    """Return the parts of a number that was typed, or None where it is none or its check digit is wrong."""
    found = _FORM.fullmatch(tidy(text))
    if found is None:
        return None
    prefix, year, course, serial, check = found.groups()
    number = make(prefix=prefix, year=int(year), course=course, serial=int(serial))
    return number if number.check == int(check) else None
