"""The engravings of the posters, one a topic. Each draws into x 228 to 640, y 0 to 304, in strokes.

Pure: the same seed gives the same drawing.
"""

import hashlib
import math

from config.shell.guilloche import closed, opened, rosette

LEFT, RIGHT, BOTTOM = 228, 640, 304


class Seed:
    """A stream of numbers that a course's code fixes; not for secrets."""

    def __init__(self, code: str) -> None:
        self._state = int.from_bytes(hashlib.sha256(code.encode()).digest()[:8], "big")
        self.first = self._state

    def number(self) -> float:
        """Return the next number in [0, 1)."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 11) / 2**53

    def between(self, low: float, high: float) -> float:
        """Return the next number in [low, high)."""
        return low + (high - low) * self.number()

    def pick(self, count: int) -> int:
        """Return the next whole number below `count`."""
        return int(self.number() * count)


def _turn(code: str, count: int) -> int:
    """Return which of a topic's figures a course takes: by its number, so that neighbours differ."""
    digits = "".join(sign for sign in code if sign.isdigit())
    return (int(digits) - 1) % count if digits else 0


def rosettes(seed: Seed, code: str) -> str:
    """Certificates: two to four woven rings around one centre."""
    rings = 2 + _turn(code, 3)
    inner, outer = seed.between(26, 40), 215.0
    width = (outer - inner) / rings
    drawing = ""
    for ring in range(rings):
        middle = inner + width * (ring + 0.5)
        drawing += rosette(
            name=f"r{ring}",
            centre=(440, 152),
            radius=middle,
            swing=width / 2,
            petals=(7, 9, 11, 14)[(ring + seed.pick(4)) % 4],
            strands=10 + 2 * ring,
        )
    return f'<g stroke-width=".7">{drawing}</g>'


def _in_seal(x: float, y: float) -> bool:
    distance = math.hypot(x - 440, y - 152)
    return distance < 82 or 97 < distance < 120


def _in_signature(x: float, y: float) -> bool:
    if not 304 < x < 584:
        return False
    middle = 162 - 42 * math.sin((x - 250) / 52) * (1 - (x - 304) / 560)
    return abs(y - middle) < 21 + 9 * math.cos((x - 304) / 60)


def _in_circles(x: float, y: float) -> bool:
    return (math.hypot(x - 395, y - 152) < 104) != (math.hypot(x - 500, y - 152) < 104)


def watermark(seed: Seed, code: str) -> str:
    """Reports: fine lines in which a figure appears by half a pitch, as in security print."""
    inside = (_in_seal, _in_signature, _in_circles)[_turn(code, 3)]
    weight = seed.between(2.0, 2.3)
    aside, above = seed.between(-12, 12), seed.between(-6, 6)
    pitch = 6
    fine, bold = "", ""
    for line in range(BOTTOM // pitch + 1):
        y = 2 + line * pitch
        start, is_bold = float(LEFT), False
        for x in range(LEFT, RIGHT + 1, 2):
            now = inside(x - aside, y - above)
            if now != is_bold or x == RIGHT:
                part = f"M{start:.0f} {y + (pitch / 2 if is_bold else 0):.0f}H{x}"
                bold, fine = (bold + part, fine) if is_bold else (bold, fine + part)
                start, is_bold = x, now
    return f'<path stroke-width=".9" opacity=".7" d="{fine}"/><path stroke-width="{weight:.2f}" d="{bold}"/>'


def measurement(seed: Seed, code: str) -> str:
    """Technique: a z-score chart, normal curves, a calibration band or a vernier."""
    return (_z_chart, _normal, _calibration, _vernier)[_turn(code, 4)](seed)


def _z_chart(seed: Seed) -> str:
    zero, unit = 172, 38
    drawing = f'<path stroke-width="1.6" d="M{LEFT + 4} {zero}H{RIGHT}"/>'
    for level, dash in ((2, "8 5"), (3, "")):
        for sign in (-1, 1):
            level_y = zero - sign * level * unit
            drawing += f'<path d="M{LEFT + 4} {level_y}H{RIGHT}" stroke-dasharray="{dash}"/>'
    ones = "".join(f"M{LEFT + 4} {zero + side * unit}H{RIGHT}" for side in (-1, 1))
    drawing += f'<path opacity=".5" stroke-dasharray="2 5" d="{ones}"/>'
    outlier = 13 + seed.pick(3)
    for place in range(22):
        z = 2.6 if place == outlier else (seed.number() + seed.number() + seed.number() - 1.5) * 1.5
        x, y = LEFT + 20 + place * 18, zero - z * unit
        drawing += f'<path d="M{x} {zero}V{y:.1f}"/><circle cx="{x}" cy="{y:.1f}" r="3.4"/>'
        if place == outlier:
            drawing += f'<circle cx="{x}" cy="{y:.1f}" r="9" stroke-width="1.6"/>'
    return drawing


def _normal(seed: Seed) -> str:
    drawing = ""
    for mean, spread, top, weight, opacity in (
        (430, 34, 258, 2.2, 1.0),
        (400, 84, 150, 1.2, 0.65),
        (seed.between(460, 490), 120, 92, 1.2, 0.45),
    ):
        curve = ""
        for x in range(LEFT, RIGHT, 6):
            height = top * math.exp(-((x - mean) ** 2) / (2 * spread**2))
            if height > 1:
                curve += f"M{x} 302v-{height:.1f}"
        drawing += f'<path stroke-width="{weight}" opacity="{opacity}" d="{curve}"/>'
    return drawing + f'<path d="M{LEFT} 302H{RIGHT}"/><path d="M430 36v-9" stroke-dasharray="2 2"/>'


def _calibration(seed: Seed) -> str:
    slope, drawing = -0.46, ""
    bend = seed.between(0.0016, 0.0021)
    for strand in range(-9, 10):
        curve = []
        for x in range(LEFT, RIGHT + 1, 12):
            off = x - 430
            curve.append((x, 150 + slope * off + strand * (2.6 + bend * off * off * 0.12)))
        drawing += opened(curve)
    line = opened([(LEFT, 150 + slope * (LEFT - 430)), (RIGHT, 150 + slope * (RIGHT - 430))])
    crosses = ""
    for x in range(262, 640, 68):
        y = 150 + slope * (x - 430) + seed.between(-9, 9)
        crosses += f"M{x - 6} {y:.1f}h12M{x} {y - 6:.1f}v12"
    return (
        f'<path stroke-width=".8" opacity=".7" d="{drawing}"/><path stroke-width="1.8" d="{line}{crosses}"/>'
    )


def _vernier(seed: Seed) -> str:
    middle, drawing = 172, ""
    for tick in range(42):
        x = LEFT + 4 + tick * 10
        drawing += f"M{x} {middle}v-{94 if tick % 10 == 0 else 70 if tick % 5 == 0 else 46}"
    shift = seed.between(2, 8)
    for tick in range(44):
        lower = LEFT + shift + tick * 9.5
        drawing += f"M{lower:.1f} {middle}v{96 if tick % 10 == 0 else 70 if tick % 5 == 0 else 46}"
    return (
        f'<path d="{drawing}"/><path stroke-width="1.6" d="M{LEFT} {middle}H{RIGHT}"/>'
        '<path stroke-width="2.6" d="M278 58V288"/>'
    )


def gate(seed: Seed, code: str) -> str:
    """Exemption: two gratings that close, and a gate between them with an arrow through."""
    upright = "".join(f"M{x} 0V{BOTTOM}" for x in range(LEFT, RIGHT, 6))
    lean = 10 + _turn(code, 3) * 3 + seed.between(0, 2)
    slanted = "".join(
        f"M{x:.1f} 264L{x + lean:.1f} 62" for x in (LEFT + 4 + place * 7.4 for place in range(56))
    )
    return (
        f'<path opacity=".4" stroke-width=".8" d="{upright}"/><path stroke-width="1.5" d="{slanted}"/>'
        '<rect x="406" y="128" width="98" height="68" fill="#1E2B27" stroke-width="1"/>'
        '<path stroke-width="2" d="M424 162h58m-12-9l12 9l-12 9"/>'
    )


def rings(seed: Seed, code: str) -> str:
    """Green products: the growth rings of a tree, every fifth one strong."""
    waves = [(petal, seed.between(0.02, 0.07), seed.between(0, 2 * math.pi)) for petal in (2, 3, 5, 7)]
    fine, strong = "", ""
    for ring in range(1, 18 + _turn(code, 3)):
        radius, points = 13.5 * ring, []
        for step in range(72):
            angle = 2 * math.pi * step / 72
            swing = sum(a * math.sin(n * angle + p + ring * 0.06) for n, a, p in waves)
            r = radius * (1 + swing)
            points.append((456 + r * math.cos(angle), 150 + r * 0.92 * math.sin(angle)))
        if ring % 5 == 0:
            strong += closed(points)
        else:
            fine += closed(points)
    return f'<path stroke-width="1" d="{fine}"/><path stroke-width="2.2" d="{strong}"/>'
