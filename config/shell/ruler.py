"""The ruler: what was verified on a scale of time, drawn so that one missing second shows.

Pure geometry: lengths and positions are milliseconds or any other unit that the caller keeps to.
The drawing is SVG without viewBox whose x and width are percent, so it stretches without
distortion and without inline style. Lanes and states are those of `config/shell/README.md`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

Span = tuple[int, int]

MINUTE = 60_000
# Steps between figures in seconds, each with the step of its minor ticks (0: none).
_STEPS = (
    (1, 0), (2, 1), (5, 1), (10, 2), (15, 5), (30, 10), (60, 15), (120, 30), (300, 60), (600, 120),
    (900, 300), (1800, 600), (3600, 900), (7200, 1800), (14400, 3600),
)  # fmt: skip
_MOST_FIGURES = 9
# A figure nearer to the end than this share of the scale would run into the last one.
_CROWDED = 0.06


@dataclass(frozen=True)
class Part:
    """A lesson on a course's scale or a chapter on a lesson's; `spans` count from its own start."""

    length: int
    label: str = ""
    short: str = ""
    spans: tuple[Span, ...] = ()
    is_current: bool = False


@dataclass(frozen=True)
class Lanes:
    """Heights in px of one size of the ruler."""

    height: int
    band: int
    thick: int
    minor: int
    major: int
    figure: int | None
    label: int | None

    @property
    def base(self) -> int:
        """Where the baseline lies."""
        return self.band + self.thick


SIZES = {
    "large": Lanes(height=72, band=28, thick=14, minor=5, major=9, figure=65, label=13),
    "medium": Lanes(height=46, band=6, thick=14, minor=5, major=9, figure=43, label=None),
    "small": Lanes(height=16, band=2, thick=7, minor=0, major=4, figure=None, label=None),
}


def union(spans: Iterable[Sequence[int]], length: int) -> list[Span]:
    """Return the spans merged, in order and cut to the scale."""
    merged: list[Span] = []
    for start, end in sorted((max(0, int(s[0])), min(length, int(s[1]))) for s in spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def holes(spans: Iterable[Sequence[int]], length: int) -> list[Span]:
    """Return what is missing behind the furthest verified point; what lies beyond is unreached."""
    return _between(union(spans, length))


def _between(merged: Iterable[Span]) -> list[Span]:
    missing: list[Span] = []
    reached = 0
    for start, end in merged:
        if start > reached:
            missing.append((reached, start))
        reached = end
    return missing


@dataclass(frozen=True)
class Scale:
    """Parts in a row and what of them was verified, on one axis.

    `spans` are those of the whole axis, for a lesson whose parts are mere chapters: a gap may then
    cross from one to the next. Without it each part, a lesson, has its own spans and gaps.
    """

    parts: tuple[Part, ...]
    spans: tuple[Span, ...] | None = None
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", sum(part.length for part in self.parts))

    def starts(self) -> list[int]:
        """Return where each part begins."""
        found, at = [], 0
        for part in self.parts:
            found.append(at)
            at += part.length
        return found

    @cached_property
    def _merged(self) -> list[tuple[int, list[Span]]]:
        """Where each part begins and what of it was verified, merged once for words and drawing."""
        if self.spans is not None:
            return [(0, union(self.spans, self.length))]
        starts = zip(self.starts(), self.parts, strict=True)
        return [(at, union(part.spans, part.length)) for at, part in starts]

    def verified(self) -> list[Span]:
        """Return the verified spans of all parts on the common axis."""
        return [(at + start, at + end) for at, spans in self._merged for start, end in spans]

    def gaps(self) -> list[Span]:
        """Return the gaps of all parts on the common axis; a part never opened has none."""
        return [(at + start, at + end) for at, spans in self._merged for start, end in _between(spans)]


def percent(value: float, length: float) -> str:
    """Return a position as an attribute: at most three decimals, so a second of a day still shows."""
    if length <= 0 or value <= 0:
        return "0%"
    if value >= length:
        return "100%"
    return f"{value * 100 / length:.3f}".rstrip("0").rstrip(".") + "%"


def clock(milliseconds: float) -> str:
    """Return `12:38`, or `1:02:38` from an hour on."""
    seconds = int(milliseconds // 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def steps(length: int) -> tuple[int, int]:
    """Return the steps of figures and of minor ticks (0: none) for a scale of time, in milliseconds."""
    for major, minor in _STEPS:
        if length <= major * 1000 * _MOST_FIGURES:
            return major * 1000, minor * 1000
    hours = -(-length // (3_600_000 * _MOST_FIGURES))
    return hours * 3_600_000, 0


def _line(css: str, x: str, top: float, bottom: float) -> str:
    return f'<line class="{css}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def _band(scale: Scale, lanes: Lanes) -> Iterator[str]:
    yield (
        f'<rect class="ruler__ground" width="100%" y="{lanes.band}" height="{lanes.thick}"/>'
        f'<g class="ruler__bands">'
    )
    for start, end in union(scale.verified(), scale.length):
        yield (
            f'<rect class="ruler__band" x="{percent(start, scale.length)}" y="{lanes.band}"'
            f' width="{percent(end - start, scale.length)}" height="{lanes.thick}"/>'
        )
    yield '</g><g class="ruler__gaps">'
    for start, end in scale.gaps():
        left = percent(start, scale.length)
        yield (
            f'<rect class="ruler__hole" x="{left}" y="{lanes.band}"'
            f' width="{percent(end - start, scale.length)}" height="{lanes.thick - 1}"/>'
        )
        if lanes.figure:
            right, top = percent(end, scale.length), lanes.band - 3.5
            yield (
                f'<line class="ruler__bracket" x1="{left}" x2="{right}" y1="{top}" y2="{top}"/>'
                f"{_line('ruler__bracket', left, top, lanes.band - 1)}"
                f"{_line('ruler__bracket', right, top, lanes.band - 1)}"
            )
    yield "</g>"


def _figures(scale: Scale, lanes: Lanes, unit: str, unit_name: str) -> Iterator[str]:
    major, minor = steps(scale.length)
    if minor:
        for at in range(minor, scale.length, minor):
            if at % major:
                x = percent(at, scale.length)
                yield _line("ruler__tick ruler__tick--minor", x, lanes.base, lanes.base + lanes.minor)
    for count, at in enumerate(range(0, scale.length + 1, major)):
        x = percent(at, scale.length)
        yield _line("ruler__tick", x, lanes.base, lanes.base + lanes.major)
        is_crowded = unit == "minutes" and at and scale.length - at < scale.length * _CROWDED
        is_out = unit == "clock" and at and scale.length - at < scale.length * _CROWDED / 2
        if is_crowded or is_out or lanes.figure is None:
            continue
        words = clock(at) if unit == "clock" else f"{at // MINUTE}"
        css = "ruler__figure ruler__figure--second" if count % 2 else "ruler__figure"
        anchor = "start" if at == 0 else "middle"
        yield f'<text class="{css}" x="{x}" y="{lanes.figure}" text-anchor="{anchor}">{words}</text>'
    if unit == "minutes" and lanes.figure is not None:
        words = f"{round(scale.length / MINUTE)} {escape(unit_name)}"
        yield f'<text class="ruler__figure" x="100%" y="{lanes.figure}" text-anchor="end">{words}</text>'


def _parts(scale: Scale, lanes: Lanes) -> Iterator[str]:
    bottom = lanes.base + lanes.major
    for at, part in zip(scale.starts(), scale.parts, strict=True):
        if at:
            yield _line("ruler__part", percent(at, scale.length), lanes.band, bottom)
        if lanes.label is None or not part.label:
            continue
        css = "ruler__label ruler__label--current" if part.is_current else "ruler__label"
        middle = percent(at + part.length / 2, scale.length)
        # A label of Chinese takes about 13 px a character on a scale of about 660 px.
        fits = part.length * 660 >= scale.length * sum(13 if ord(c) > 255 else 7 for c in part.label)
        for kind, words in (("full", part.label if fits else part.short), ("short", part.short)):
            if words:
                yield (
                    f'<text class="{css} ruler__label--{kind}" x="{middle}" y="{lanes.label}"'
                    f' text-anchor="middle">{escape(words)}</text>'
                )


def _pointer(position: int, scale: Scale, lanes: Lanes) -> str:
    bottom = lanes.base + lanes.major
    top = lanes.band - 10
    return (
        f'<svg class="ruler__index" x="{percent(position, scale.length)}" overflow="visible">'
        f'<path d="M-6 {top}h12l-6 8z"/><line x1="0" x2="0" y1="{top + 6}" y2="{bottom + 2}"/></svg>'
    )


def draw(
    scale: Scale,
    *,
    sentence: str,
    size: str = "large",
    position: int | None = None,
    unit: str = "",
    unit_name: str = "",
) -> str:
    """Return the ruler as SVG; `sentence` says the same to who cannot see it.

    `unit` is "clock" or "minutes"; left out, it is minutes from an hour on. KeyError for an unknown size.
    """
    lanes = SIZES[size]
    unit = unit or ("clock" if scale.length <= 60 * MINUTE else "minutes")
    body = "".join(_band(scale, lanes))
    body += f'<line class="ruler__base" x1="0" x2="100%" y1="{lanes.base}" y2="{lanes.base}"/>'
    if size == "small":
        body += _line("ruler__tick", "0%", lanes.band, lanes.base + lanes.major)
        body += _line("ruler__tick", "100%", lanes.band, lanes.base + lanes.major)
    elif scale.length > 0:
        body += "".join(_figures(scale, lanes, unit, unit_name))
    if len(scale.parts) > 1 or lanes.label is not None:
        body += "".join(_parts(scale, lanes))
    if position is not None and size != "small":
        body += _pointer(position, scale, lanes)
    return (
        f'<svg class="ruler ruler--{size}" height="{lanes.height}" role="img"'
        f' aria-label="{escape(sentence)}" data-length="{scale.length}">{body}</svg>'
    )


def draw_fields(*, fields: int, done: float, sentence: str, is_stopped: bool = False) -> str:
    """Return a small scale of equal fields, of which `done` are filled: rates, stages, long tasks.

    A stopped band ends in an ochre mark; the words beside it say why.
    """
    lanes = SIZES["small"]
    filled = max(0.0, min(float(fields), done))
    body = f'<rect class="ruler__ground" width="100%" y="{lanes.band}" height="{lanes.thick}"/>'
    body += f'<rect class="ruler__band" width="{percent(filled, fields)}" y="{lanes.band}" height="{lanes.thick}"/>'
    body += f'<line class="ruler__base" x1="0" x2="100%" y1="{lanes.base}" y2="{lanes.base}"/>'
    bottom = lanes.base + lanes.major
    for at in range(fields + 1):
        top = lanes.band if at in (0, fields) else lanes.base - 3
        body += _line("ruler__tick", percent(at, fields), top, bottom)
    if is_stopped:
        body += (
            f'<svg x="{percent(filled, fields)}" overflow="visible">'
            f'<path class="ruler__stop" d="M-5 {lanes.base + 6}h10l-5 -8z"/></svg>'
        )
    return (
        f'<svg class="ruler ruler--small" height="{lanes.height}" role="img"'
        f' aria-label="{escape(sentence)}">{body}</svg>'
    )
