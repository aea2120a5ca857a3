"""The whole curriculum as one scale: a block for each course, as wide as its credit hours. Pure.

Positions are percent of the scale; heights are px. A label that does not fit over its own topic is
set right-aligned in a lane above the others, so that none meet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

# The width for which labels are laid out; under 1100 px the scale turns into one row a topic.
WIDTH = 1200
# And that of the rows: a telephone's 360 px without its gutters.
NARROW = 328
_LANE = 20
_BLOCK = 64
_BRACKET = 6
# More courses than this do not fit in one row at any width.
MOST_IN_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A course: what is needed to draw its block."""

    code: str
    title: str
    hours: float
    address: str
    is_mandatory: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A topic and its courses in order."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def hours(self) -> float:
        """Credit hours of the topic."""
        return sum(entry.hours for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Block:
    """A course on the scale. `done` is the percent of the scale that a learner has verified of it."""

    entry: Entry
    x: str
    width: str
    middle: str
    lines: tuple[str, ...]
    done: str = "0%"
    shows_code: bool = True


@dataclass(frozen=True, slots=True)
class Bracket:
    """A topic over its blocks; `label_x` and `anchor` place its name in a lane."""

    name: str
    hours: float
    x1: str
    x2: str
    label_x: str
    anchor: str
    label_y: int
    leader_y: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick at a credit hour; every fifth has a figure."""

    x: str
    is_major: bool
    figure: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One scale with all that is on it."""

    blocks: tuple[Block, ...]
    brackets: tuple[Bracket, ...]
    ticks: tuple[Tick, ...]
    top: int
    hours: float
    share: str = "100%"
    name: str = ""
    height: int = field(init=False)
    base: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", self.top + _BLOCK)
        object.__setattr__(self, "height", self.top + _BLOCK + 32)


def percent(value: float, whole: float) -> str:
    """Return a share as an attribute."""
    return f"{value * 100 / whole:.3f}%" if whole else "0%"


def text_width(text: str, size: int) -> float:
    """Estimate the width of a text in px: a Chinese sign is square, a Latin one a little over half."""
    return sum(size if ord(sign) > 255 else size * 0.56 for sign in text)


def wrapped(title: str, width: float, size: int = 12) -> tuple[str, ...]:
    """Return the title in at most two lines that fit, or nothing where it would have to be cut."""
    words = title.split(" ") if " " in title and ord(max(title)) < 0x2E80 else list(title)
    joint = " " if len(words) != len(title) else ""
    lines: list[str] = []
    line = ""
    for word in words:
        longer = f"{line}{joint if line else ''}{word}"
        if text_width(longer, size) <= width:
            line = longer
            continue
        lines.append(line)
        line = word
    lines.append(line)
    fits = len(lines) <= 2 and all(line and text_width(line, size) <= width for line in lines)
    if not fits:
        return ()
    if len(lines) == 2 and not joint:
        # Two lines of nearly the same length read better than a full one and a rest.
        half = -(-len(title) // 2)
        return (title[:half].strip(), title[half:].strip())
    return tuple(lines)


def _blocks(
    groups: Iterable[Group], whole: float, width: float, done: dict[str, float], *, has_titles: bool = True
) -> tuple[Block, ...]:
    """Lay blocks on a scale of so many px; a code that would run over its neighbours is left to the title."""
    blocks, at = [], 0.0
    for group in groups:
        for entry in group.entries:
            share = min(1.0, max(0.0, done.get(entry.code, 0.0)))
            blocks.append(
                Block(
                    entry=entry,
                    x=percent(at, whole),
                    width=percent(entry.hours, whole),
                    middle=percent(at + entry.hours / 2, whole),
                    lines=wrapped(entry.title, entry.hours / whole * width - 8) if has_titles else (),
                    done=percent(entry.hours * share, whole),
                    shows_code=text_width(entry.code, 14) <= entry.hours / whole * width,
                )
            )
            at += entry.hours
    return tuple(blocks)


def _brackets(groups: list[Group], whole: float) -> tuple[tuple[Bracket, ...], int]:
    starts, at = [], 0.0
    for group in groups:
        starts.append(at)
        at += group.hours
    fits = [
        text_width(f"{group.name} {group.hours:g}", 13) + 12 <= group.hours / whole * WIDTH
        for group in groups
    ]
    # Narrow topics climb: the first of them keeps the lowest lane, the next the one above.
    lanes, free_lane = [], 0
    for number, fit in enumerate(fits):
        if fit:
            lanes.append(0)
            free_lane = 0
            continue
        end = (starts[number] + groups[number].hours) / whole * WIDTH
        label = text_width(f"{groups[number].name} {groups[number].hours:g}", 13) + 12
        before = [
            starts[other] / whole * WIDTH + text_width(f"{groups[other].name} {groups[other].hours:g}", 13)
            for other in range(number)
            if lanes[other] == 0 and fits[other]
        ]
        if free_lane == 0 and end - label < max(before, default=0.0):
            free_lane = 1
        lanes.append(free_lane)
        free_lane += 1
    top = 18 + max(lanes, default=0) * _LANE
    brackets = []
    for group, start, fit, lane in zip(groups, starts, fits, lanes, strict=True):
        end = start + group.hours
        y = top - lane * _LANE - 6
        brackets.append(
            Bracket(
                name=group.name,
                hours=group.hours,
                x1=percent(start, whole),
                x2=percent(end, whole),
                label_x=percent(start if fit else end, whole),
                anchor="start" if fit else "end",
                label_y=y,
                leader_y=y - 12 if not fit and lane else top,
            )
        )
    return tuple(brackets), top + _BRACKET


def _ticks(whole: float, unit: str, step: int = 5) -> tuple[Tick, ...]:
    ticks = []
    room = (text_width(f"{whole:g} {unit}", 12) + 24) / WIDTH * whole if unit else step * 0.7
    for hour in range(int(whole) + 1):
        is_last = hour == int(whole)
        is_major = hour % step == 0 or is_last
        crowds = hour % step == 0 and not is_last and whole - hour < room
        figure = "" if not is_major or crowds else f"{hour} {unit}".strip() if is_last else str(hour)
        anchor = "start" if hour == 0 else "end" if is_last else "middle"
        ticks.append(Tick(percent(hour, whole), is_major, figure, anchor))
    return tuple(ticks)


def in_one_row(groups: list[Group], unit: str, done: dict[str, float]) -> Drawing | None:
    """Return the scale of all courses in one row; None where there is nothing or too much for a row."""
    count = sum(len(group.entries) for group in groups)
    whole = sum(group.hours for group in groups)
    if not whole or count > MOST_IN_A_ROW:
        return None
    brackets, top = _brackets(groups, whole)
    return Drawing(
        blocks=_blocks(groups, whole, WIDTH, done),
        brackets=brackets,
        ticks=_ticks(whole, unit),
        top=top,
        hours=whole,
    )


def in_rows(groups: list[Group], unit: str, done: dict[str, float]) -> list[Drawing]:
    """Return one scale a topic, all with the same unit: the longest takes the full width."""
    longest = max((group.hours for group in groups), default=0.0)
    return [
        Drawing(
            blocks=_blocks([group], group.hours, NARROW * group.hours / longest, done, has_titles=False),
            brackets=(),
            ticks=_ticks(group.hours, ""),
            top=0,
            hours=group.hours,
            share=percent(group.hours, longest),
            name=group.name,
        )
        for group in groups
        if group.hours
    ]
