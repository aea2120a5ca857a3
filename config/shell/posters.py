"""Posters of courses: drawn from the course's code, so that each looks its own and always the same.

Left the code and the credit hours, right an engraving that belongs to the topic, below a scale of
six hours. Pure: no request, no database.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from config.shell import engravings
from config.shell.engravings import Seed

# Part of the address, so that posters may be cached for ever; raise it when the drawing changes.
DRAWING = "1"

_SONG = "Songti SC,Noto Serif SC,Noto Serif CJK SC,Source Han Serif SC,serif"
_SANS = "PingFang SC,Noto Sans SC,Noto Sans CJK SC,Microsoft YaHei,sans-serif"
_SCALE_HOURS = 6


@dataclass(frozen=True)
class Style:
    """The colours of a topic and what is engraved for it."""

    ground: str
    line: str
    text: str
    engrave: Callable[[Seed, str], str]


STYLES = {
    "A": Style("#1C5A4E", "#A6D3C4", "#DCEFE7", engravings.rosettes),
    "B": Style("#EEF1EA", "#1C2A26", "#17211E", engravings.watermark),
    "C": Style("#CFE2D9", "#1F5E50", "#143F35", engravings.measurement),
    "D": Style("#1E2B27", "#9FCDBF", "#E3F0EA", engravings.gate),
    "E": Style("#86B9A8", "#11463A", "#0C352B", engravings.rings),
}


def style_of(letter: str) -> Style:
    """Return the style of a topic's letter; a letter beyond the five takes one of theirs."""
    return STYLES.get(letter) or STYLES["ABCDE"[ord(letter[:1] or "A") % 5]]


def hours_text(hours: Decimal | float) -> str:
    """Write credit hours without needless zeros, as they stand in a poster's address."""
    text = f"{hours:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _scale(style: Style, hours: float) -> str:
    left, width, y = 34, 568, 316
    unit = width / _SCALE_HOURS
    filled = min(hours, _SCALE_HOURS) * unit
    ticks = ""
    for quarter in range(_SCALE_HOURS * 4 + 1):
        x = left + quarter * unit / 4
        tall = 14 if quarter % 4 == 0 else 8
        faint = "" if x <= left + filled + 0.1 else ' opacity=".45"'
        ticks += f'<path d="M{x:.1f} {y}v{tall}"{faint}/>'
    return (
        f'<g stroke="{style.text}" stroke-width="1.5"><path d="M{left} {y}h{unit * _SCALE_HOURS:.1f}"/>{ticks}</g>'
        f'<rect x="{left}" y="{y - 7}" width="{filled:.1f}" height="7" fill="{style.text}"/>'
    )


@functools.lru_cache(maxsize=512)
def full(code: str, letter: str, hours: str, unit: str) -> str:
    """Return the poster, 640 by 360; `unit` is the word after the hours in the reader's language."""
    style = style_of(letter)
    seed = Seed(code)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" width="640" height="360">'
        f'<rect width="640" height="360" fill="{style.ground}"/>'
        '<clipPath id="f"><rect x="228" width="412" height="304"/></clipPath>'
        f'<g clip-path="url(#f)" fill="none" stroke="{style.line}">{style.engrave(seed, code)}</g>'
        f'<g fill="{style.text}"><text x="34" y="112" font-family="{_SONG}" font-size="{_size(code)}"'
        f' font-weight="500">{escape(code)}</text>'
        f'<text x="36" y="152" font-family="{_SANS}" font-size="26">{escape(hours)} {escape(unit)}</text></g>'
        f"{_scale(style, float(hours))}</svg>"
    )


def _size(code: str) -> int:
    """Return the size of the code: 104 px for two signs, smaller where a longer one would meet the engraving."""
    return 104 if len(code) <= 2 else max(40, 208 // len(code))


@functools.lru_cache(maxsize=512)
def thumb(code: str, letter: str) -> str:
    """Return the small poster, 4:3: the code and the engraving only."""
    style = style_of(letter)
    size = 150 if len(code) <= 2 else max(60, 300 // len(code))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 360" width="480" height="360">'
        f'<rect width="480" height="360" fill="{style.ground}"/>'
        '<clipPath id="f"><rect width="412" height="304"/></clipPath>'
        '<g transform="translate(92 78) scale(.9)"><g transform="translate(-228)">'
        '<clipPath id="g"><rect x="228" width="412" height="304"/></clipPath>'
        f'<g clip-path="url(#g)" fill="none" opacity=".85" stroke-width="1.6" stroke="{style.line}">'
        f"{style.engrave(Seed(code), code)}</g></g></g>"
        f'<text x="18" y="136" fill="{style.text}" font-family="{_SONG}" font-size="{size}" font-weight="500">'
        f"{escape(code)}</text></svg>"
    )
