"""The facts about a source, or why it cannot be used.

Files lie: a header may declare hours that are not there, a rate that no frame keeps, or pixels that
are not square. So the time of every packet is looked at, and duration, frame rate and keyframes come from there.
"""

import operator
from bisect import bisect_left, bisect_right
from fractions import Fraction
from pathlib import Path
from typing import Any

from media import ffmpeg, mp4_tables
from media.errors import ProcessFailed, UnusableSource
from media.facts import Audio, Facts, Subtitle, Video
from media.packets import Packets, listed, seconds

MAX_DURATION_MS = 12 * 3600 * 1000
MAX_PIXELS = 8192 * 4608
_NO_DECODER = {"unknown", "none"}
_NICE_RATES = [
    Fraction(n, d)
    for n, d in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1), (60000, 1001), (60, 1))
] + [Fraction(n) for n in (1, 2, 5, 6, 8, 10, 12, 15, 20, 48, 90, 120, 240)]
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_PICTURE_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}


def probe(path: Path) -> Facts:
    """Return the facts about the file; raise `UnusableSource` with a reason the trainer reads.

    `ProcessFailed` passes through where it is not the file's fault (a full disk, a killed process).
    """
    size = path.stat().st_size
    _sniff(path, size)
    try:
        found = ffmpeg.probe(path, "-show_format", "-show_streams")
    except ProcessFailed as error:
        if error.code != "ffmpeg_failed":
            raise
        raise UnusableSource("not_media", error.detail) from error
    streams: list[dict[str, Any]] = found.get("streams", [])
    container = str(found.get("format", {}).get("format_name", ""))
    picture = _best_picture(streams)
    sounds, unreadable = _sounds(streams)
    if picture is None and not sounds:
        if any(stream.get("codec_type") in {"video", "audio"} for stream in streams):
            raise UnusableSource("no_codec")
        raise UnusableSource("no_streams")
    if unreadable and not sounds:
        raise UnusableSource("no_codec", "sound")
    wanted = [int(stream["index"]) for stream in ([picture] if picture else []) + sounds]
    packets = _packets(path, streams, container, picture, wanted)
    return _facts(found, size, container, picture, sounds, unreadable, packets)


def _packets(
    path: Path,
    streams: list[dict[str, Any]],
    container: str,
    picture: dict[str, Any] | None,
    wanted: list[int],
) -> dict[int, Packets]:
    """Return the packets of the wanted streams: from the file's own tables where they tell all."""
    numbers = {int(stream["index"]): str(stream.get("id", "")) for stream in streams}
    if container.startswith("mov") and all(numbers[index].startswith("0x") for index in wanted):
        ids = {index: int(numbers[index], 16) for index in wanted}
        told = mp4_tables.read(path, ids, picture=int(picture["index"]) if picture else None)
        if told is not None:
            return told
    return listed(path, wanted)


def _facts(
    found: dict[str, Any],
    size: int,
    container: str,
    picture: dict[str, Any] | None,
    sounds: list[dict[str, Any]],
    unreadable: bool,
    packets: dict[int, Packets],
) -> Facts:
    zero = seconds(found["format"].get("start_time"))
    streams: list[dict[str, Any]] = found["streams"]
    video = _video(picture, packets[int(picture["index"])], zero) if picture is not None else None
    audio = tuple(_audio(stream, packets[int(stream["index"])], zero) for stream in sounds)
    audio = tuple(track for track in audio if track.end_ms > 0)
    duration = max([video.end_ms if video else 0, *(track.end_ms for track in audio)])
    if duration <= 0:
        raise UnusableSource("nothing_decodes")
    if duration > MAX_DURATION_MS:
        raise UnusableSource("too_long", f"{duration} ms")
    if video is not None and duration - video.end_ms > 1000 and video.frames == 1:
        video = Video(**{**video.__dict__, "is_still": True, "rate": Fraction(2)})
    declared = round(_declared(found) * 1000)
    warnings = []
    # A fragmented file may declare nonsense; only a believable claim is held against the file.
    if duration + 1000 < declared * 0.98 and declared <= MAX_DURATION_MS:
        warnings.append("truncated")
    if video is None:
        warnings.append("audio_only")
    elif not audio:
        warnings.append("no_audio")
    if unreadable or len(audio) < len(sounds):
        warnings.append("audio_unreadable")
    if video is not None:
        flags = {
            "tone_mapped": video.is_hdr,
            "deinterlaced": video.is_interlaced,
            "odd_frame_rate": video.is_variable,
        }
        warnings += [name for name, holds in flags.items() if holds]
    return Facts(
        container=container,
        size=size,
        duration_ms=duration,
        declared_ms=min(declared, 2**53),
        video=video,
        cover_index=_cover(streams) if video is None else None,
        audio=audio,
        subtitles=tuple(
            Subtitle(int(s["index"]), str(s["codec_name"]), _language(s))
            for s in streams
            if s.get("codec_type") == "subtitle" and s.get("codec_name", "unknown") not in _NO_DECODER
        ),
        warnings=tuple(warnings),
    )


def _declared(found: dict[str, Any]) -> float:
    """Return how long picture and sound are said to be; the file as a whole may last until its last caption goes."""
    whole = seconds(found["format"].get("duration"))
    played, others = [0.0], [0.0]
    for stream in found["streams"]:
        told = played if stream.get("codec_type") in {"video", "audio"} else others
        told.append(seconds(stream.get("duration")))
    return max(played) or whole if max(others) >= whole - 0.1 else whole


def _sniff(path: Path, size: int) -> None:
    """Refuse by the first bytes what is no recording at all."""
    if size == 0:
        raise UnusableSource("empty")
    with path.open("rb") as file:
        head = file.read(64)
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"#extm3u", b"ffconcat", b"<?xml", b"<mpd", b"<smil", b"[playlist]", b"file ")):
        raise UnusableSource("playlist")
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    if head.startswith(_PICTURES) or is_webp or (head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS):
        raise UnusableSource("image")


def _is_attached(stream: dict[str, Any]) -> bool:
    disposition = stream.get("disposition", {})
    return bool(disposition.get("attached_pic") or disposition.get("timed_thumbnails"))


def _best_picture(streams: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the largest real picture; covers do not count, nor what has no decoder or no size."""
    usable = [
        stream
        for stream in streams
        if stream.get("codec_type") == "video"
        and stream.get("codec_name", "unknown") not in _NO_DECODER
        and not _is_attached(stream)
        and int(stream.get("width", 0)) > 0
    ]
    return max(usable, key=lambda s: int(s["width"]) * int(s["height"]), default=None)


def _sounds(streams: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """Return the sound tracks that can be decoded, the default one first, and whether others cannot."""
    tracks = [stream for stream in streams if stream.get("codec_type") == "audio"]
    usable = [
        stream
        for stream in tracks
        if stream.get("codec_name", "unknown") not in _NO_DECODER and int(stream.get("channels", 0)) > 0
    ]
    usable.sort(key=lambda s: -int(s.get("disposition", {}).get("default", 0)))
    return usable[:8], len(usable) < len(tracks)


def _cover(streams: list[dict[str, Any]]) -> int | None:
    for stream in streams:
        if stream.get("codec_type") == "video" and _is_attached(stream) and int(stream.get("width", 0)) > 0:
            return int(stream["index"])
    return None


def _video(stream: dict[str, Any], packets: Packets, zero: float) -> Video | None:
    if not packets.times:
        raise UnusableSource("nothing_decodes")
    times = sorted(packets.times)
    rate, is_variable = _rate(times, stream)
    width, height, rotation, is_square = _display_size(stream)
    if int(stream["width"]) * int(stream["height"]) > MAX_PIXELS or width * height > MAX_PIXELS:
        raise UnusableSource("too_many_pixels", f"{width}x{height}")
    end = max(packets.last, times[-1] + float(1 / rate)) - zero
    start = max(0.0, times[0] - zero)
    span = max(0.001, end - start)
    pixel_format = str(stream.get("pix_fmt", "yuv420p"))
    return Video(
        index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        profile=str(stream.get("profile", "")),
        level=int(stream.get("level", 0)),
        width=width,
        height=height,
        rate=rate,
        frames=len(times),
        start_ms=round(start * 1000),
        end_ms=round(end * 1000),
        pixel_format=pixel_format,
        bit_depth=_bit_depth(stream, pixel_format),
        bit_rate=round(packets.bytes * 8 / span),
        rotation=rotation,
        is_square=is_square,
        is_interlaced=stream.get("field_order", "progressive") in {"tt", "bb", "tb", "bt"},
        is_variable=is_variable,
        is_hdr=stream.get("color_transfer") in {"smpte2084", "arib-std-b67"},
        has_open_gop=packets.open_gop,
        keyframes_ms=tuple(sorted({round((key - zero) * 1000) for key in packets.keys})),
    )


def _bit_depth(stream: dict[str, Any], pixel_format: str) -> int:
    for depth in (16, 14, 12, 10):
        if f"p{depth}" in pixel_format:
            return depth
    return int(seconds(stream.get("bits_per_raw_sample"), 8)) or 8


def _rate(times: list[float], stream: dict[str, Any]) -> tuple[Fraction, bool]:
    """Return a sane frame rate and whether the source keeps none. `times` are sorted seconds."""
    declared = _fraction(stream.get("avg_frame_rate")) or _fraction(stream.get("r_frame_rate"))
    # In order, since two hours have a quarter of a million, and someone waits.
    gaps = sorted(map(operator.sub, times[1:], times))
    gaps = gaps[bisect_right(gaps, 1e-6) :]
    if not gaps:
        return (_nice(declared) if declared and 1 <= declared <= 60 else Fraction(25)), False
    # Millisecond containers round each gap, so a tremble of 1.5 ms is no variation.
    middle = gaps[len(gaps) // 2]
    tremble = max(0.0016, middle * 0.1)
    even = gaps[bisect_left(gaps, middle - tremble) : bisect_right(gaps, middle + tremble)]
    if len(gaps) - len(even) <= max(1, len(gaps) * 0.02):
        return _nice(_even_rate(even, stream)), False
    short = gaps[len(gaps) // 10]
    rate = Fraction(min(60.0, max(1.0, 1 / short))).limit_denominator(1001)
    # Containers round each gap to a millisecond, so this is only about right.
    return _nice(rate, Fraction(2, 100)), True


def _even_rate(gaps: list[float], stream: dict[str, Any]) -> Fraction:
    """Return what the file declares where the frames bear it out, or else what the frames say.

    `gaps` are those without the holes that dropped frames leave: a mean over them is better than any
    single one, which a container may have rounded. Of what is declared the nearest counts, since the
    average of a whole file knows the holes and the padding at its end. The more frames there are, the
    less may be declared beside them.
    """
    observed = Fraction(len(gaps) / sum(gaps)).limit_denominator(1001000)
    declared = [_fraction(stream.get(name)) for name in ("avg_frame_rate", "r_frame_rate")]
    known = [rate for rate in declared if rate is not None]
    nearest = min(known, key=lambda rate: abs(rate - observed), default=observed)
    slack = Fraction(2, 100) if len(gaps) < 50 else Fraction(5, 1000)
    return nearest if abs(nearest - observed) <= observed * slack else observed


def _nice(rate: Fraction, tolerance: Fraction = Fraction(4, 1000)) -> Fraction:
    near = min(_NICE_RATES, key=lambda known: abs(known - rate))
    if abs(near - rate) <= near * tolerance:
        # 29.97 and 30 lie within the tolerance of each other: `min` has taken the nearer one.
        return near
    return rate.limit_denominator(1001)


def _fraction(text: Any) -> Fraction | None:
    try:
        value = Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def _display_size(stream: dict[str, Any]) -> tuple[int, int, int, bool]:
    """Return width, height (as shown, even), the rotation in degrees, whether pixels are square."""
    width, height = int(stream["width"]), int(stream["height"])
    aspect = _fraction(str(stream.get("sample_aspect_ratio", "1:1")).replace(":", "/")) or Fraction(1)
    if not Fraction(1, 10) <= aspect <= 10:
        aspect = Fraction(1)
    shown = Fraction(width) * aspect
    rotation = 0
    for side in stream.get("side_data_list", []):
        if "rotation" in side:
            rotation = round(seconds(side["rotation"])) % 360
    if rotation in {90, 270}:
        return _even(Fraction(height)), _even(shown), rotation, aspect == 1
    return _even(shown), _even(Fraction(height)), rotation, aspect == 1


def _even(value: Fraction) -> int:
    return max(2, round(value / 2) * 2)


def _language(stream: dict[str, Any]) -> str:
    language = str(stream.get("tags", {}).get("language", ""))
    return "" if language in {"und", "unk", "zxx"} else language[:16]


def _audio(stream: dict[str, Any], packets: Packets, zero: float) -> Audio:
    times = packets.times
    start, end = (max(0.0, min(times) - zero), packets.last - zero) if times else (0.0, 0.0)
    return Audio(
        index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        channels=int(stream["channels"]),
        sample_rate=int(seconds(stream.get("sample_rate"))),
        start_ms=round(start * 1000),
        end_ms=round(end * 1000),
        language=_language(stream),
        title=str(stream.get("tags", {}).get("title", ""))[:64],
        is_default=bool(stream.get("disposition", {}).get("default")),
    )
