"""Engraved curves: woven rosettes as on a banknote. Pure geometry."""

import math


def closed(points: list[tuple[float, float]]) -> str:
    """Return a closed path through the points, with one decimal: finer is not seen at 640 px."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "z"


def opened(points: list[tuple[float, float]]) -> str:
    """Return an open path through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def rosette(
    *, centre: tuple[float, float], radius: float, swing: float, petals: int, strands: int, points: int = 180
) -> str:
    """Return `strands` woven curves r = radius + swing * sin(petals * t + 2 pi k / strands) as one path."""
    x0, y0 = centre
    curves = []
    for strand in range(strands):
        phase = 2 * math.pi * strand / strands
        curve = []
        for step in range(points):
            angle = 2 * math.pi * step / points
            r = radius + swing * math.sin(petals * angle + phase)
            curve.append((x0 + r * math.cos(angle), y0 + r * math.sin(angle)))
        curves.append(closed(curve))
    return "".join(curves)
