"""From finished chunks to something a player can open: playlists, storyboard, poster.

Everything is made from what the chunks' rows say, so it can be made again at any time, also early, from
the chunks that are there so far. The multivariant playlist is written by hand: ffmpeg leaves out codecs
and guesses bandwidths.
"""

import io
import re
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Any

from PIL import Image

from media import av1, cover, ffmpeg, recipes, store
from media.errors import OutputBroken, ProcessFailed
from media.facts import Facts
from media.models import Chunk, Encode, Rendition
from media.plan import Plan, Sound
from media.sounds import bcp47, own

MASTER = "master.m3u8"
POSTER = "poster.jpg"
STORYBOARD = "storyboard.vtt"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass
class Assembled:
    """One rendition in its whole length, as a playlist lists it."""

    name: str
    timescale: int
    codecs: str
    width: int
    height: int
    # Init segment and media segments that follow it, chunk by chunk.
    parts: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)

    @property
    def segments(self) -> list[dict[str, Any]]:
        """All media segments in their order."""
        return [segment for _, segments in self.parts for segment in segments]

    @property
    def end(self) -> Fraction:
        """Where the last segment ends, in seconds."""
        last = self.segments[-1]
        return Fraction(last["start"] + last["ticks"], self.timescale)

    @property
    def size(self) -> int:
        """Bytes of all media segments."""
        return sum(int(segment["bytes"]) for segment in self.segments)

    @property
    def peak(self) -> int:
        """Bits per second of the heaviest segment."""
        return max(self.average, *(self._rate(segment) for segment in self.segments))

    @property
    def average(self) -> int:
        """Bits per second over all."""
        ticks = sum(int(segment["ticks"]) for segment in self.segments)
        return ceil(self.size * 8 * self.timescale / max(1, ticks))

    def seconds(self, segment: dict[str, Any]) -> float:
        """Return the length of a segment."""
        return float(segment["ticks"]) / self.timescale

    def _rate(self, segment: dict[str, Any]) -> int:
        # A last segment of a frame or two says nothing about the rate.
        ticks = max(int(segment["ticks"]), self.timescale)
        return ceil(int(segment["bytes"]) * 8 * self.timescale / ticks)


def assemble(plan: Plan, chunks: list[Chunk], *, early: bool = False) -> dict[str, Assembled]:
    """Return the renditions as far as finished chunks reach from the start without a gap.

    `chunks` in the order of kind and index. A rendition that no finished chunk begins is left out.
    `early` takes in also what chunks under way have finished so far.
    """
    made: dict[str, Assembled] = {}
    broken: set[str] = set()
    for chunk in chunks:
        kind = Chunk.Kind(chunk.kind)
        if kind == Chunk.Kind.AUDIO:
            expected = [plan.sounds[chunk.index].name]
        else:
            expected = [rung.name for rung in plan.rungs_of(kind, chunk.index)]
        is_done = chunk.state == Chunk.State.DONE
        found = chunk.outputs.get("renditions", {}) if is_done or early else {}
        for name in expected:
            output = found.get(name)
            if output is None or name in broken:
                broken.add(name)
                continue
            whole = made.setdefault(
                name,
                Assembled(name, output["timescale"], output["codecs"], output["width"], output["height"]),
            )
            whole.parts.append((output["init"], output["segments"]))
            if not is_done:
                broken.add(name)
    return made


def check_whole(plan: Plan, made: dict[str, Assembled], left_out: set[str]) -> None:
    """Raise `OutputBroken` unless every rendition covers the whole lecture, segment after segment."""
    frame = 1 / plan.rate
    total = plan.frames * frame
    wanted = [(rung.name, rung) for rung in plan.rungs] + [(sound.name, None) for sound in plan.sounds]
    for name, rung in wanted:
        if name in left_out:
            continue
        whole = made.get(name)
        if whole is None:
            raise OutputBroken("not_whole", f"{name} is missing")
        segments = whole.segments
        slack = Fraction(0) if rung is not None and not rung.is_copy else frame * Fraction(3, 2)
        at = segments[0]["start"]
        if Fraction(abs(at), whole.timescale) > frame:
            raise OutputBroken("not_whole", f"{name} begins at {at}")
        for segment in segments:
            if Fraction(abs(segment["start"] - at), whole.timescale) > slack:
                raise OutputBroken("not_whole", f"{name} has a gap at {segment['start']}")
            at = segment["start"] + segment["ticks"]
        tolerance = frame * (rung.step if rung is not None else 1)
        if rung is None or rung.is_copy:
            tolerance = max(frame, Fraction(1, 40)) + (Fraction(1, 4) if rung is not None else 0)
        if abs(whole.end - total) > tolerance:
            raise OutputBroken("not_whole", f"{name} lasts {float(whole.end):.3f} of {float(total):.3f} s")


def media_playlist(whole: Assembled, *, ended: bool) -> str:
    """Return the playlist of one rendition; without an end it grows while the encode goes on."""
    target = ceil(max(whole.seconds(segment) for segment in whole.segments) - 0.0001)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, target)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    current = ""
    for init, segments in whole.parts:
        if init != current:
            current = init
            lines.append(f'#EXT-X-MAP:URI="{_beside(init)}"')
        for segment in segments:
            lines += [f"#EXTINF:{whole.seconds(segment):.6f},", _beside(segment["key"])]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def multivariant(plan: Plan, made: dict[str, Assembled], language: str) -> str:
    """Return the multivariant playlist: the smallest picture of 480 lines or so first, sound alone last.

    The first entry is what Safari begins with, and what players take that look at no codecs: H.264. Of several
    sounds players begin with the one in `language`, that of the lecture.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    sounds = [(sound, made[sound.name]) for sound in plan.sounds if sound.name in made]
    first = own([sound for sound, _ in sounds], language) if sounds else None
    for sound, _ in sounds:
        lines.append(_sound_line(sound, language, is_default=sound is first))
    loudest = max((whole.peak for _, whole in sounds), default=0)
    average = max((whole.average for _, whole in sounds), default=0)
    rungs = sorted(
        (rung for rung in plan.rungs if rung.name in made), key=lambda rung: made[rung.name].average
    )
    newer = [rung for rung in rungs if rung.codec == av1.CODEC]
    rungs = [rung for rung in rungs if rung.codec != av1.CODEC]
    start = next((n for n, rung in enumerate(rungs) if min(rung.width, rung.height) >= 480), 0)
    for rung in [*rungs[start:], *rungs[:start], *newer]:
        whole = made[rung.name]
        codecs = ",".join([whole.codecs, *(["mp4a.40.2"] if sounds else [])])
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={whole.peak + loudest},AVERAGE-BANDWIDTH={whole.average + average},"
            f'CODECS="{codecs}",RESOLUTION={whole.width}x{whole.height},'
            f"FRAME-RATE={float(plan.rate / rung.step):.3f}" + (',AUDIO="sound"' if sounds else "")
        )
        lines.append(f"{rung.name}/index.m3u8")
    if first is not None:
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={loudest},AVERAGE-BANDWIDTH={average},"
            'CODECS="mp4a.40.2",AUDIO="sound"'
        )
        lines.append(f"{first.name}/index.m3u8")
    return "\n".join(lines) + "\n"


def _sound_line(sound: Sound, language: str, *, is_default: bool) -> str:
    # What a file says of itself must not break out of its place in the playlist.
    code = bcp47(sound.language)
    spoken = code if _LANGUAGE.fullmatch(code) else language
    title = "".join(letter if letter.isprintable() else " " for letter in sound.title).strip()
    name = (title or spoken).replace('"', "'")
    if not is_default:
        name += f" ({int(sound.name[1:]) + 1})"
    yes = "YES" if is_default else "NO"
    return (
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="{name}",LANGUAGE="{spoken}",DEFAULT={yes},'
        f'AUTOSELECT=YES,CHANNELS="{sound.channels}",URI="{sound.name}/index.m3u8"'
    )


def storyboard(chunks: list[Chunk], duration_ms: int) -> str:
    """Return the WebVTT of thumbnails for the scrubber; "" where there are none."""
    tiles = [
        (tile, chunk.outputs["sprite"]["key"])
        for chunk in chunks
        if chunk.kind == Chunk.Kind.VIDEO and chunk.outputs.get("sprite", {}).get("key")
        for tile in chunk.outputs["sprite"]["tiles"]
    ]
    if not tiles:
        return ""
    lines = ["WEBVTT", ""]
    ends = [tile["start_ms"] for tile, _ in tiles[1:]] + [duration_ms]
    for (tile, key), end in zip(tiles, ends, strict=True):
        begin = 0 if tile is tiles[0][0] else tile["start_ms"]
        if end <= begin:
            continue
        place = f"#xywh={tile['x']},{tile['y']},{tile['w']},{tile['h']}"
        lines += [f"{_clock(begin)} --> {_clock(end)}", key + place, ""]
    return "\n".join(lines)


def write_playlists(encode: Encode, plan: Plan, made: dict[str, Assembled], *, ended: bool) -> None:
    """Write the media playlists and, last, the multivariant one, so that it never names what is not there."""
    prefix = f"lectures/{encode.pk}"
    for whole in made.values():
        store.put(f"{prefix}/{whole.name}/index.m3u8", media_playlist(whole, ended=ended).encode())
    store.put(f"{prefix}/{MASTER}", multivariant(plan, made, encode.lecture.language).encode())


def write_extras(encode: Encode, plan: Plan, facts: Facts, chunks: list[Chunk]) -> None:
    """Write storyboard and poster."""
    prefix = f"lectures/{encode.pk}"
    text = storyboard(chunks, plan.duration_ms)
    if text:
        store.put(f"{prefix}/{STORYBOARD}", text.encode())
    store.put(f"{prefix}/{POSTER}", _poster(encode, plan, facts, chunks))


def _poster(encode: Encode, plan: Plan, facts: Facts, chunks: list[Chunk]) -> bytes:
    """Return a JPEG of the frame that shows most in the first minutes, from the source itself."""
    stills = [
        chunk.outputs["still"]
        for chunk in chunks
        if chunk.kind == Chunk.Kind.VIDEO and "still" in chunk.outputs
    ][:3]
    best = max(stills, key=lambda still: still["score"], default={"at_ms": 0})
    source = store.local_source(encode.source)
    with store.workshop(str(encode.pk)) as folder:
        if facts.video is None:
            return _jpeg(Image.open(cover.make(source, facts, folder)))
        target = folder / POSTER
        for at_s in dict.fromkeys((best["at_ms"] / 1000, 0.0)):
            try:
                ffmpeg.run(recipes.poster(source, plan, facts.video.index, at_s, target))
            except ProcessFailed as error:
                if error.code != "ffmpeg_failed":
                    raise
            if target.exists() and target.stat().st_size:
                return target.read_bytes()
    top = plan.rungs[0]
    return _jpeg(Image.new("RGB", (min(top.width, 640), min(top.height, 360))))


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def record(encode: Encode, plan: Plan, made: dict[str, Assembled]) -> None:
    """Write what was measured into the rows of the renditions. Idempotent."""
    for rung in plan.rungs:
        if rung.name in made:
            _record(
                encode,
                made[rung.name],
                kind=Rendition.Kind.VIDEO,
                frame_rate=float(plan.rate / rung.step),
            )
    sounds = [sound for sound in plan.sounds if sound.name in made]
    for sound in sounds:
        _record(
            encode,
            made[sound.name],
            kind=Rendition.Kind.AUDIO,
            language=sound.language,
            is_default=sound is own(sounds, encode.lecture.language),
            channels=sound.channels,
        )


def _record(encode: Encode, whole: Assembled, **fields: Any) -> None:
    measured = {
        "width": whole.width,
        "height": whole.height,
        "codecs": whole.codecs,
        "bandwidth": whole.peak,
        "average_bandwidth": whole.average,
        "size": whole.size,
    }
    Rendition.objects.update_or_create(encode=encode, name=whole.name, defaults={**measured, **fields})


def _beside(key: str) -> str:
    """Return a key as seen from the playlist in the same folder."""
    return key.split("/", 1)[1]


def _clock(ms: int) -> str:
    return f"{ms // 3600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
