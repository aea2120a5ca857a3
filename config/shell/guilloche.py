"""Engraved curves: woven rosettes as on a banknote. Pure geometry."""

import math
from collections.abc import Sequence


def closed(points: Sequence[tuple[float, float]]) -> str:
    """Return a closed path through the points, with one decimal: finer is not seen at 640 px."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "z"


def opened(points: Sequence[tuple[float, float]]) -> str:
    """Return an open path through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def rosette(
    *, name: str, centre: tuple[float, float], radius: float, swing: float, petals: int, strands: int
) -> str:
    """Return `strands` woven curves r = radius + swing * sin(petals * t + 2 pi k / strands) as SVG.

    A phase of the sine is a turn of the curve, so one curve is written and the others are it, turned;
    `name` is the identifier they refer to.
    """
    x0, y0 = centre
    points = max(120, petals * 24)
    curve = []
    for step in range(points):
        angle = 2 * math.pi * step / points
        r = radius + swing * math.sin(petals * angle)
        curve.append((x0 + r * math.cos(angle), y0 + r * math.sin(angle)))
    turned = "".join(
        f'<use href="#{name}" transform="rotate({360 * strand / strands / petals:.3f} {x0} {y0})"/>'
        for strand in range(1, strands)
    )
    return f'<path id="{name}" d="{closed(curve)}"/>{turned}'
