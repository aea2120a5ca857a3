"""Counts, rates and how they are written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal

NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with both of its counts, which are always shown with it."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> Decimal | None:
        """Percent to one decimal, half up; None for 0/0 and n/0.

        Rounding never says all or none where that is not so: 999/1000 stays below 100.0.
        """
        if not self.denominator:
            return None
        exact = Decimal(self.numerator) * 100 / self.denominator
        rounded = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
        if rounded == 100 and self.numerator < self.denominator:
            return Decimal("99.9")
        if rounded == 0 and self.numerator > 0:
            return Decimal("0.1")
        return rounded

    @property
    def text(self) -> str:
        """The percent without its sign, or a dash."""
        return NOTHING if self.percent is None else str(self.percent)

    @property
    def width(self) -> str:
        """The percent as an SVG length, at most all of the scale."""
        return f"{min(self.percent or Decimal(0), Decimal(100))}%"


@dataclass(frozen=True, slots=True)
class Counts:
    """What one rollup holds. Summing over courses counts enrolments, not heads."""

    due_staff: int = 0
    enrolled: int = 0
    completed: int = 0
    examined: int = 0
    passed: int = 0
    resat: int = 0
    overdue: int = 0
    verified_seconds: int = 0
    credit_hours: Decimal = Decimal(0)
    # Of the completed: counted as such by two persons, not by the rules.
    corrected: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def participation(self) -> Rate:
        """参训率: enrolled of the due staff."""
        return Rate(self.enrolled, self.due_staff)

    @property
    def completion(self) -> Rate:
        """完成率: completed of the enrolled."""
        return Rate(self.completed, self.enrolled)

    @property
    def passing(self) -> Rate:
        """合格率: passed of the examined."""
        return Rate(self.passed, self.examined)

    @property
    def resitting(self) -> Rate:
        """补考率: examined more than once, of the examined."""
        return Rate(self.resat, self.examined)

    @property
    def hours_a_head(self) -> Decimal | None:
        """人均学时: credit hours a head of the enrolled, to one decimal; None where nobody is enrolled."""
        if not self.enrolled:
            return None
        return (self.credit_hours / self.enrolled).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def hours_each(self) -> str:
        """人均学时 as it is written, or a dash."""
        return NOTHING if self.hours_a_head is None else str(self.hours_a_head)


COUNT_FIELDS = tuple(f.name for f in fields(Counts))
# Where the map's five steps begin, in percent of completion.
STEPS = (60, 68, 76, 84)


def map_step(rate: Rate) -> int:
    """Return the map's step, 1 to 5, or 0 where there is nothing to show."""
    if rate.percent is None:
        return 0
    return 1 + sum(rate.percent >= bound for bound in STEPS)


def suppressed(count: int, least: int = 5) -> int | None:
    """Return None for a count from 1 to `least` - 1: on public pages a small cell could name a person."""
    return None if 0 < count < least else count
