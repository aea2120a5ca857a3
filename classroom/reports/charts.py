"""Where the marks of a chart stand, as SVG attributes. Pure: templates draw, styles colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from classroom.reports.figures import Rate, map_step

# The plot lies between these, in percent of the width; figures stand left of it, the year right.
_LEFT, _RIGHT = 8.0, 88.0
# Pixels from the top of 100 % and of 0 %.
_TOP, _BOTTOM = 12, 172
HEIGHT = 208
_NAME_HEIGHT = 15


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line: its place, and what it says."""

    x: str
    y: str
    label: str
    rate: Rate


@dataclass(slots=True)
class Curve:
    """A line of dots, joined where neighbours both have a figure. Its name stands right of the plot."""

    name: str
    dots: list[Dot]
    strokes: list[tuple[Dot, Dot]]
    name_y: float = 0.0


def y_of(rate: Rate) -> str:
    """Return how far from the top a rate stands, in pixels."""
    return f"{_BOTTOM - float(rate.percent or 0) / 100 * (_BOTTOM - _TOP):.1f}"


def x_of(index: int, slots: int) -> str:
    """Return where the slot `index` of `slots` stands, in percent of the width."""
    return f"{_LEFT + (_RIGHT - _LEFT) * (index + 0.5) / slots:.2f}%"


def curve(name: str, values: Sequence[tuple[str, Rate]], slots: int = 12) -> Curve:
    """Return the line of (label, rate) over `slots` places; a rate of 0/0 leaves a hole."""
    dots: list[Dot] = []
    strokes: list[tuple[Dot, Dot]] = []
    before: Dot | None = None
    for index, (label, rate) in enumerate(values):
        if rate.percent is None:
            before = None
            continue
        dot = Dot(x_of(index, slots), y_of(rate), label, rate)
        if before:
            strokes.append((before, dot))
        dots.append(dot)
        before = dot
    return Curve(name, dots, strokes, float(dots[-1].y) if dots else 0.0)


def part_names(upper: Curve, lower: Curve) -> None:
    """Move the names of two curves apart where they would overlap, by as little as it takes."""
    if lower.name_y < upper.name_y:
        upper, lower = lower, upper
    missing = _NAME_HEIGHT - (lower.name_y - upper.name_y)
    if missing > 0:
        upper.name_y -= missing / 2
        lower.name_y += missing / 2


def grid() -> list[tuple[int, str]]:
    """Return the figures of the scale from 0 to 100, each with its pixels from the top."""
    return [(value, y_of(Rate(value, 100))) for value in range(0, 101, 20)]


@dataclass(frozen=True, slots=True)
class Tile:
    """A district on the map of 5 by 5."""

    code: str
    name: str
    column: int
    row: int
    rate: Rate

    @property
    def step(self) -> int:
        """The colour's step; 0 where nobody is enrolled."""
        return map_step(self.rate)

    @property
    def whole_percent(self) -> str:
        """The rate without decimals, rounded down, or a dash."""
        return "—" if self.rate.percent is None else str(int(self.rate.percent))
