"""The engraved parts of a certificate: scale frame, guilloche, rosettes, ground, rulers. Pure.

Lengths are millimetres on the sheet of 297 × 210. Curves are sampled and written as SVG paths, so
that any renderer draws the same lines.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

WIDTH, HEIGHT = 297.0, 210.0
EDGE = 8.0  # the scale frame
BAND = (12.6, 20.4)  # the guilloche band, outer and inner line
CELADON, GROUND = "#1B6B5A", "#1B6B5A"
TAU = 2 * math.pi

Point = tuple[float, float]


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _path(points: Iterable[Point]) -> str:
    """Return an SVG path through the points, in steps from point to point, which are short to write."""
    out: list[str] = []
    last: tuple[int, int] | None = None
    for x, y in points:
        here = (round(x * 100), round(y * 100))
        if last is None:
            out.append(f"M{_number(here[0] / 100)} {_number(here[1] / 100)}l")
        elif here != last:
            out.append(f"{_number((here[0] - last[0]) / 100)} {_number((here[1] - last[1]) / 100)} ")
        last = here
    return "".join(out).rstrip()


def _stroke(paths: Iterable[str], width: float, colour: str = CELADON, opacity: float = 1) -> str:
    data = "".join(paths)
    return (
        f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f"M{_number(x1)} {_number(y1)}L{_number(x2)} {_number(y2)}"


def _box(inset: float) -> str:
    right, bottom = WIDTH - inset, HEIGHT - inset
    return f"M{inset} {inset}H{_number(right)}V{_number(bottom)}H{inset}Z"


def _tick(millimetre: int) -> float:
    """Return the length of the tick at a whole millimetre from the frame's corner."""
    if millimetre % 10 == 0:
        return 3.0
    return 2.2 if millimetre % 5 == 0 else 1.3


def frame_ticks() -> list[str]:
    """Return the ticks of all four sides: a true millimetre scale that starts at the frame's corner."""
    paths = []
    for n in range(1, int(WIDTH - 2 * EDGE)):
        x, length = EDGE + n, _tick(n)
        paths.append(_line(x, EDGE, x, EDGE + length))
        paths.append(_line(x, HEIGHT - EDGE, x, HEIGHT - EDGE - length))
    for n in range(1, int(HEIGHT - 2 * EDGE)):
        y, length = EDGE + n, _tick(n)
        paths.append(_line(EDGE, y, EDGE + length, y))
        paths.append(_line(WIDTH - EDGE, y, WIDTH - EDGE - length, y))
    return paths


def _wave(length: float, phase: float, place: Callable[[float, float], Point]) -> str:
    """Return one thread of the band: it swings one and a half times while the band itself swings once."""
    periods = 2 * max(1, round(length / 18.4))
    steps = periods * 24
    points = []
    for step in range(steps + 1):
        turn = TAU * periods * step / steps
        points.append(
            place(length * step / steps, 1.35 * math.cos(turn) + 2.2 * math.sin(1.5 * turn + phase))
        )
    return _path(points)


def band() -> list[str]:
    """Return the woven band: eight phases on each of the four sides, between the corner squares."""
    outer, inner = BAND
    middle = (outer + inner) / 2
    across, down = WIDTH - 2 * inner, HEIGHT - 2 * inner
    paths = []
    for number in range(8):
        phase = TAU * number / 8
        paths.append(_wave(across, phase, lambda s, h: (inner + s, middle + h)))
        paths.append(_wave(across, phase, lambda s, h: (inner + s, HEIGHT - middle - h)))
        paths.append(_wave(down, phase, lambda s, h: (middle + h, inner + s)))
        paths.append(_wave(down, phase, lambda s, h: (WIDTH - middle - h, inner + s)))
    return paths


def rosette(cx: float, cy: float, radius: float, loops: int = 30) -> str:
    """Return a rosette: a small circle carried round a larger one, making loops about an open eye."""
    carrier, carried = radius * 0.6, radius * 0.4
    steps = loops * 22
    points = []
    for step in range(steps):
        t = TAU * step / steps
        x = carrier * math.cos(t) + carried * math.cos((loops + 1) * t)
        y = carrier * math.sin(t) + carried * math.sin((loops + 1) * t)
        points.append((cx + x, cy + y))
    return _path(points) + "Z"


def ground() -> list[str]:
    """Return the four woven rings behind the text, centred on the sheet, about radii from 19 to 66.

    Each ring is r = R + a·sin(mθ + 2πk/N); its loops lean a little, as a geometric lathe makes them.
    """
    cx, cy = WIDTH / 2, HEIGHT / 2
    threads, swing = 3, 8.5
    paths = []
    for middle in (19.0, 34.7, 50.3, 66.0):
        lobes = round(middle * 1.2)
        for thread in range(threads):
            phase = TAU * thread / threads
            steps = lobes * 14
            points = []
            for step in range(steps):
                t = TAU * step / steps
                r = middle + swing * math.sin(lobes * t + phase)
                lean = t - 1.25 * math.cos(lobes * t + phase) / lobes
                points.append((cx + r * math.cos(lean), cy + r * math.sin(lean)))
            paths.append(_path(points) + "Z")
    return paths


@cache
def background() -> str:
    """Return the SVG of everything that is the same on every certificate."""
    outer, inner = BAND
    side = inner - outer
    corners = [
        (x, y) for x in (outer, WIDTH - inner) for y in (outer, HEIGHT - inner)
    ]  # upper left of each square
    squares = "".join(
        f"M{_number(x)} {_number(y)}h{_number(side)}v{_number(side)}h-{_number(side)}Z" for x, y in corners
    )
    parts = [
        _stroke(ground(), 0.12, GROUND, 0.2),
        _stroke(frame_ticks(), 0.1),
        _stroke([_box(EDGE)], 0.3),
        _stroke([_box(outer)], 0.2),
        _stroke(band(), 0.14),
        _stroke([squares], 0.2),
        _stroke([rosette(x + side / 2, y + side / 2, 3.45) for x, y in corners], 0.1),
        _stroke([_box(inner)], 0.45),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}mm" height="{HEIGHT}mm" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of the coverage ruler: minutes from the start, its rank 0 to 2, its figure."""

    minute: float
    rank: int
    label: str


# Minutes between figures: minutes between short and between middle ticks.
_FINER = {
    1: (0.1, 0.5), 2: (0.2, 1), 5: (0.5, 1), 10: (1, 5), 20: (1, 5), 30: (2, 10), 60: (5, 10),
    120: (10, 30), 240: (20, 60), 600: (60, 120),
}  # fmt: skip


def ruler_ticks(minutes: float) -> list[Tick]:
    """Return the ticks of a scale of so many minutes: long at figures, middle, short.

    At most eight figures; the end is always marked, and a figure too near to it gives way.
    """
    if minutes <= 0:
        return []
    major = next(
        (step for step in _FINER if minutes / step <= 7),
        math.ceil(minutes / 7),
    )
    minor, middle = _FINER.get(major, (major, major))
    count = int(minutes / minor + 1e-9)
    ticks = []
    for n in range(count + 1):
        at = n * minor
        if minutes - at < minor * 0.5 and n:
            continue
        rank = 2 if _divides(at, major) else 1 if _divides(at, middle) else 0
        near_end = minutes - at < major * 0.45
        ticks.append(Tick(at, rank, f"{at:g}" if rank == 2 and not near_end else ""))
    return [*ticks, Tick(minutes, 2, f"{math.floor(minutes * 10) / 10:g}")]


def _divides(value: float, step: float) -> bool:
    ratio = value / step
    return abs(ratio - round(ratio)) < 1e-6


@dataclass(frozen=True, slots=True)
class SealCharacter:
    """A character on the seal's arc: its centre, and how far it is turned, in degrees clockwise."""

    text: str
    x: float
    y: float
    angle: float


@dataclass(frozen=True, slots=True)
class Seal:
    """A round seal of radius 20 about (20, 20): characters of `size` on the arc, words in the middle."""

    characters: tuple[SealCharacter, ...]
    size: float
    middle: str


def seal(issuer: str, middle: str) -> Seal:
    """Lay the issuer's name out on the arc, clockwise over the top; more characters are set smaller."""
    text = "".join(issuer.split())
    count = max(1, len(text))
    # Up to 15 characters keep the pitch of the drawing; the arc then grows to at most 300°.
    sweep = min(300.0, 28.9 * (count - 1))
    pitch = sweep / max(1, count - 1)
    radius = 14.6
    size = min(4.9, radius * math.radians(pitch) * 0.92) if count > 1 else 4.9
    characters = []
    for place, character in enumerate(text):
        angle = -sweep / 2 + pitch * place
        turn = math.radians(angle)
        characters.append(
            SealCharacter(
                character,
                round(20 + radius * math.sin(turn), 3),
                round(20 - radius * math.cos(turn), 3),
                round(angle, 2),
            )
        )
    return Seal(tuple(characters), round(size, 2), middle)
