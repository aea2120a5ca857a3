"""What an answer earns. Pure: no framework, no clock, no database."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a paper with what was chosen; keys are those of the question's version."""

    kind: str
    points: Decimal
    answers: frozenset[str]
    choice: frozenset[str]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Points, all points, percent rounded down to 0.1, and whether the pass mark was reached."""

    points: Decimal
    max_points: Decimal
    score: Decimal
    is_passed: bool


def is_right(answers: Collection[str], choice: Collection[str]) -> bool:
    """Return whether exactly the right keys were chosen; an empty key to the question is never right."""
    return bool(answers) and frozenset(answers) == frozenset(choice)


def earned(item: Item) -> Decimal:
    """Return the points of one item.

    Single choice and true or false: all or nothing. Multiple choice: all or nothing too, unless
    `partial`, where a choice without a wrong key earns its share, rounded down to 0.01.
    """
    if is_right(item.answers, item.choice):
        return item.points
    if item.partial and item.kind == "multiple" and item.choice and item.choice < item.answers:
        share = item.points * len(item.choice) / len(item.answers)
        return share.quantize(CENT, rounding=ROUND_DOWN)
    return Decimal(0)


def percent(points: Decimal, max_points: Decimal) -> Decimal:
    """Return `points` in percent of `max_points`, rounded down to 0.1; 0 of 0 is 0."""
    if max_points <= 0:
        return Decimal("0.0")
    return (points * HUNDRED / max_points).quantize(TENTH, rounding=ROUND_DOWN)


def grade(items: Iterable[Item], pass_mark: int) -> Result:
    """Return the result of a paper. `pass_mark` is in whole percent; reaching it is passing."""
    listed = list(items)
    points = sum((earned(item) for item in listed), Decimal(0))
    max_points = sum((item.points for item in listed), Decimal(0))
    score = percent(points, max_points)
    return Result(points, max_points, score, max_points > 0 and score >= pass_mark)
