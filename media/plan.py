"""From facts to work: which renditions are made, how, and in which chunks. Pure.

The picture is laid on a grid of whole frames (`rate`), and everything is counted in those frames:
chunk k covers the frames [first, first + frames), segments begin at multiples of `gop`, and the sum is
the duration. So chunks that were made by different workers fit together without a seam or a drift.
"""

from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from media.facts import Audio, Facts, Video
from media.layout import MAX_RATE, SEGMENT_S, chunk_starts, copy_cuts, grid_rate, ms_of, seek_ms

THUMB_WIDTH = 320
_LONGEST_GOP_MS = 10_000
# How much the sound and a copied picture weigh against an encoded picture of the same length.
LIGHT_WORK = 20
# What containers can be opened in the middle at a keyframe without surprises.
_SEEKABLE = ("mov", "matroska", "mpegts")

STILL, SPEAKER, CAMERA, SCREENCAST = "still", "speaker", "camera", "screencast"


@dataclass(frozen=True)
class Look:
    """What a quick look saw: shares of the picture that move between frames a fifth of a second apart."""

    median: float = 1.0
    high: float = 1.0
    spread: float = 0.0
    samples: int = 0


@dataclass(frozen=True)
class Options:
    """What a trainer may set by hand for one lecture; None leaves it to the plan, or to the site."""

    content: str | None = None
    max_height: int = 2160
    may_copy: bool = True
    with_av1: bool | None = None

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Options":
        """Return the options, leaving out what is unknown or out of bounds."""
        content = found.get("content")
        height = found.get("max_height", 2160)
        with_av1 = found.get("with_av1")
        return cls(
            content=content if isinstance(content, str) and content in _STYLES else None,
            max_height=height if isinstance(height, int) and 144 <= height <= 4320 else 2160,
            may_copy=bool(found.get("may_copy", True)),
            with_av1=with_av1 if isinstance(with_av1, bool) else None,
        )


@dataclass(frozen=True)
class Style:
    """How a kind of content is encoded. `heights` are of the short side; `crf` is x264's.

    Rungs of `halve_from` and less get half the frames, of `halve_calm` where little of the picture moves.
    """

    heights: tuple[int, ...]
    crf: int
    halve_from: int
    halve_calm: int = 0
    x264: str = ""


@dataclass(frozen=True)
class Rung:
    """One picture rendition. `step` 2 takes every second frame of the grid."""

    name: str
    width: int
    height: int
    step: int = 1
    crf: int = 23
    max_kbps: int = 4500
    is_copy: bool = False
    codec: str = "h264"


@dataclass(frozen=True)
class Sound:
    """One sound rendition, from the source's stream `index`."""

    name: str
    index: int
    channels: int
    kbps: int
    language: str = ""
    title: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class Piece:
    """A chunk: `kind` is opening, video, copy or audio. Frames count on the grid; `seek_ms` is where to open."""

    kind: str
    index: int
    start_ms: int
    end_ms: int
    first: int = 0
    frames: int = 0
    seek_ms: int = 0

    @property
    def weight_ms(self) -> int:
        """Work in milliseconds of encoded picture."""
        length = self.end_ms - self.start_ms
        return length if self.kind == "video" else ceil(length / LIGHT_WORK)


@dataclass(frozen=True)
class Plan:
    """Everything that is going to be made."""

    content: str
    rate: Fraction
    frames: int
    gop: int
    rungs: tuple[Rung, ...]
    sounds: tuple[Sound, ...]
    pieces: tuple[Piece, ...]
    # Frames (on the grid) at which segments begin where the top rung is copied; else empty.
    cuts: tuple[int, ...] = ()
    why: tuple[str, ...] = ()
    thumb_step: int = 1
    filters: tuple[str, ...] = field(default=())
    # Only what does not depend on a look is decided: the copied top and the sound. See media.sketch.
    is_sketch: bool = False
    # The rung whose first stretch is a piece of its own, made before the others: watching begins with it.
    opening: str = ""

    @property
    def duration_ms(self) -> int:
        """The length of the whole, in whole frames."""
        return round(self.frames / self.rate * 1000)

    @property
    def planned_ms(self) -> int:
        """All the work, for the progress."""
        return sum(piece.weight_ms for piece in self.pieces)

    @property
    def encoded(self) -> tuple[Rung, ...]:
        """The rungs that are encoded and not copied."""
        return tuple(rung for rung in self.rungs if not rung.is_copy)

    def rungs_of(self, kind: str, index: int) -> tuple[Rung, ...]:
        """Return the rungs that a piece of the picture makes."""
        if kind == "copy":
            return tuple(rung for rung in self.rungs if rung.is_copy)
        if kind == "video" and index == 0:
            return tuple(rung for rung in self.encoded if rung.name != self.opening)
        return tuple(rung for rung in self.encoded if kind == "video" or rung.name == self.opening)

    @property
    def timescale(self) -> int:
        """Ticks of a second in which one frame of the grid is a whole number of ticks."""
        return self.rate.numerator * ceil(10_000 / self.rate.numerator)

    @property
    def frame_ticks(self) -> int:
        """Ticks of one frame of the grid."""
        return int(self.timescale / self.rate)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "rate": str(self.rate)}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Plan":
        """Return the plan that `to_json` wrote."""
        return cls(
            **{
                **found,
                "rate": Fraction(found["rate"]),
                "rungs": tuple(Rung(**rung) for rung in found["rungs"]),
                "sounds": tuple(Sound(**sound) for sound in found["sounds"]),
                "pieces": tuple(Piece(**piece) for piece in found["pieces"]),
                "cuts": tuple(found["cuts"]),
                "why": tuple(found["why"]),
                "filters": tuple(found["filters"]),
            }
        )


# On slides with a head, of two lectures at 1080 lines: a coarser search is an eighth cheaper, bytes 2 % fewer, VMAF
# 0.1 higher. Looking five frames ahead instead of ten, a little less for flat parts, and a last look at what a
# coefficient is worth: 23 and 50 % fewer bytes, VMAF 0.04 and 0.07 lower, CPU the same, 36 MB less.
_BESIDE_SLIDES = "subme=1:trellis=1:aq-strength=0.9:rc-lookahead=5"
_STYLES = {
    # Still slides cost next to nothing at full size, so rungs between would look alike and save nothing.
    STILL: Style((1080, 480), crf=21, halve_from=4320),
    SPEAKER: Style((1080, 720, 480), crf=22, halve_from=480, halve_calm=720, x264=_BESIDE_SLIDES),
    SCREENCAST: Style((1080, 720, 480), crf=22, halve_from=480),
    CAMERA: Style((1080, 720, 480, 360, 240), crf=23, halve_from=360),
}
_MAX_KBPS = {2160: 9000, 1440: 6500, 1080: 4200, 720: 2200, 480: 1000, 360: 600, 240: 350}
_STANDARD = tuple(sorted(_MAX_KBPS, reverse=True))
# No more of the picture moves than a speaker's inset: the rungs below the top do without every second frame.
_CALM = 0.12
# The next rung down must have at most this share of the height to be worth its bytes.
_VISIBLY_SMALLER = 0.76


def make_plan(facts: Facts, look: Look, options: Options | None = None) -> Plan:
    """Return the plan for a source; equal arguments give an equal plan."""
    options = options or Options()
    sounds = plan_sounds(facts.audio)
    video = facts.video
    if video is None:
        return _cover_plan(facts, sounds)
    content = options.content or classify(look, video)
    rate = grid_rate(video)
    frames = max(1, round(facts.duration_ms * rate / 1000))
    gop = max(2, round(SEGMENT_S * rate / 2) * 2)
    why = [f"content_{content}"]
    rungs = ladder(video, content, options.max_height, is_calm=look.high <= _CALM)
    refusal = copy_refusal(facts, rungs[0], options)
    cuts: tuple[int, ...] = ()
    if refusal:
        why.append(f"encode_{refusal}")
    else:
        why.append("copy_top")
        rungs = (_copied(rungs[0]), *rungs[1:])
        cuts = copy_cuts(video, rate, frames)
    if rate < video.rate:
        why.append("fewer_frames")
    if any(rung.step > 1 for rung in rungs):
        why.append("half_rate")
    pieces = _pieces(facts, video, rate, frames, gop, cuts, has_copy=not refusal)
    opening = _opening(rungs) if refusal and len(pieces) > 1 else ""
    if opening:
        pieces.insert(0, replace(pieces[0], kind="opening"))
    audio = [Piece("audio", n, 0, ms_of(frames, rate)) for n in range(len(sounds))]
    return Plan(
        content=content,
        rate=rate,
        frames=frames,
        gop=gop,
        rungs=rungs,
        sounds=sounds,
        pieces=tuple(pieces + audio),
        cuts=cuts,
        why=tuple(why),
        thumb_step=max(1, round(rate)),
        filters=source_filters(video),
        opening=opening,
    )


def classify(look: Look, video: Video) -> str:
    """Return the kind of content that a look shows."""
    if video.is_still or look.high < 0.004:
        return STILL
    if look.median > 0.35:
        return CAMERA
    if look.median < 0.02 and look.high > 0.15:
        return SCREENCAST
    return STILL if look.median < 0.002 and look.high < 0.02 else SPEAKER


def x264_of(content: str) -> str:
    """Return what x264 is told for a kind of content beyond the preset, as it is written there."""
    return _STYLES[content].x264


def ladder(video: Video, content: str, max_height: int, *, is_calm: bool = False) -> tuple[Rung, ...]:
    """Return the rungs from the best down: never upscaled, none without a visible difference.

    `is_calm`: little of the picture moves.
    """
    style = _STYLES[content]
    short = min(video.width, video.height)
    top = min(short, max_height - max_height % 2)
    heights = [top]
    for height in style.heights:
        if height <= heights[-1] * _VISIBLY_SMALLER:
            heights.append(height)
    halve_from = max(style.halve_from, style.halve_calm if is_calm else 0)
    return tuple(
        _rung(video, short, height, style.crf, halve_from, is_top=height == top) for height in heights
    )


def _rung(video: Video, short: int, height: int, crf: int, halve_from: int, *, is_top: bool) -> Rung:
    width, tall = (
        (video.width, video.height)
        if height == short
        else (_even(video.width * height / short), _even(video.height * height / short))
    )
    near = min(_STANDARD, key=lambda known: abs(known - height))
    halved = height <= halve_from and grid_rate(video) > 16 and not (is_top and halve_from < 4320)
    return Rung(
        name=f"v{height}",
        width=width,
        height=tall,
        step=2 if halved else 1,
        crf=crf,
        max_kbps=round(_MAX_KBPS[near] * max(0.25, height / near)),
    )


def _copied(rung: Rung) -> Rung:
    return replace(rung, step=1, is_copy=True)


def copy_refusal(facts: Facts, top: Rung, options: Options) -> str:
    """Return why the source's picture cannot be copied as the top rung, or "" where it can."""
    video = facts.video
    if video is None or not options.may_copy:
        return "asked"
    gaps = [b - a for a, b in pairwise((*video.keyframes_ms, video.end_ms))]
    checks = (
        ("codec", video.codec == "h264" and video.profile in {"Constrained Baseline", "Main", "High"}),
        ("pixels", video.pixel_format == "yuv420p" and video.bit_depth == 8 and not video.is_interlaced),
        ("size", (top.width, top.height) == (video.width, video.height) and video.level <= 42),
        ("shape", video.rotation == 0 and video.is_square and not video.is_hdr),
        ("rate", not video.is_variable and video.rate <= MAX_RATE),
        ("container", facts.container.startswith(("mov", "matroska", "flv"))),
        ("keyframes", bool(gaps) and not video.has_open_gop and max(gaps) <= _LONGEST_GOP_MS),
        ("start", bool(gaps) and video.start_ms <= 20 and abs(video.keyframes_ms[0] - video.start_ms) <= 20),
        ("length", abs(facts.duration_ms - video.end_ms) <= 250 and "truncated" not in facts.warnings),
        ("bits", video.bit_rate <= top.max_kbps * 1400),
    )
    return next((name for name, holds in checks if not holds), "")


def plan_sounds(tracks: tuple[Audio, ...]) -> tuple[Sound, ...]:
    """Return the sound renditions: mono stays mono, everything else becomes stereo."""
    return tuple(
        Sound(
            name=f"a{n}",
            index=track.index,
            channels=1 if track.channels == 1 else 2,
            kbps=64 if track.channels == 1 else 96,
            language=track.language,
            title=track.title,
            is_default=n == 0,
        )
        for n, track in enumerate(tracks)
    )


def source_filters(video: Video) -> tuple[str, ...]:
    """Return what must happen to the picture before it is scaled, as codes."""
    return tuple(
        name for name, holds in (("deinterlace", video.is_interlaced), ("tone_map", video.is_hdr)) if holds
    )


def _pieces(
    facts: Facts,
    video: Video,
    rate: Fraction,
    frames: int,
    gop: int,
    cuts: tuple[int, ...],
    *,
    has_copy: bool,
) -> list[Piece]:
    starts = [0]
    if facts.container.startswith(_SEEKABLE) and not video.is_still:
        starts = chunk_starts(frames, gop, rate, [round(k * rate / 1000) for k in video.keyframes_ms], cuts)
    is_stream = facts.container.startswith("mpegts")
    pieces = [
        Piece(
            "video",
            n,
            ms_of(first, rate),
            ms_of(end, rate),
            first=first,
            frames=end - first,
            seek_ms=seek_ms(video, ms_of(first, rate), is_stream=is_stream),
        )
        for n, (first, end) in enumerate(pairwise((*starts, frames)))
    ]
    if has_copy:
        pieces.insert(0, Piece("copy", 0, 0, ms_of(frames, rate), frames=frames))
    return pieces


def _opening(rungs: tuple[Rung, ...]) -> str:
    """Return the name of the rung that players begin with, the smallest of 480 lines or so; "" where it is the top."""
    enough = [rung for rung in rungs if min(rung.width, rung.height) >= 480]
    first = min(enough or rungs, key=lambda rung: rung.height * rung.width)
    return "" if first is rungs[0] else first.name


def _cover_plan(facts: Facts, sounds: tuple[Sound, ...]) -> Plan:
    """Sound alone: a still cover, two frames a second."""
    rate = Fraction(2)
    frames = max(1, round(facts.duration_ms * rate / 1000))
    length = ms_of(frames, rate)
    pieces = [Piece("video", 0, 0, length, frames=frames)]
    pieces += [Piece("audio", n, 0, length) for n in range(len(sounds))]
    return Plan(
        content=STILL,
        rate=rate,
        frames=frames,
        gop=SEGMENT_S * 2,
        rungs=(Rung("v360", 640, 360, crf=24, max_kbps=400),),
        sounds=sounds,
        pieces=tuple(pieces),
        why=("audio_only",),
        thumb_step=2,
    )


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
