"""The ffmpeg commands: what is asked of it, for each kind of work. Nothing is run here."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from media import av1, ffmpeg
from media.facts import Facts, Video
from media.plan import THUMB_WIDTH, Piece, Plan, Rung, Sound, x264_of

_FRAGMENTED = "+frag_keyframe+empty_moov+default_base_moof"
_AUDIO_RATE = 48000
# Frames that the AAC encoder puts before the first sound; see `audio`.
_PRIMING = 1024
PRESET = "veryfast"
# Twice as quick as 8 and as good on lectures.
AV1_PRESET = 10
X264 = "scenecut=0:open-gop=0"
# What EBU R 128 asks for; the limiter keeps peaks at -1 dB.
LOUDNESS_LUFS = -23.0
_PEAK = 0.891
_LOOKAHEAD_MS = 5


def video(
    path: Path, facts: Facts, plan: Plan, piece: Piece, folder: Path, *, threads: int
) -> tuple[list[str], dict[str, Path], Path]:
    """Return the command of a picture chunk, the file of each rung, and that of the thumbnails.

    One decode; every rung is scaled from the one above it, also where another piece makes that one. Exactly
    `piece.frames` frames of the grid are made: where the source ends early its last picture is held.
    """
    if facts.video is None:
        picture = ffmpeg.own(path, loop=1, framerate=str(plan.rate), f="image2")["v:0"]
        picture = picture.filter("fps", fps=str(plan.rate))
    else:
        picture = _grid(path, facts, plan, piece, threads)
    outputs = []
    files = {}
    lowest: Any = picture
    rungs = plan.rungs_of(piece.kind, piece.index)
    if rungs:
        branches, lowest = _cascade(picture, plan, rungs)
        for rung, branch in zip(rungs, branches, strict=True):
            files[rung.name] = folder / f"{rung.name}.mp4"
            options = _encoder(plan, piece, rung, threads)
            outputs.append(ffmpeg.output(branch, path=files[rung.name], **options))
    thumbs = folder / "thumbs.yuv"
    if lowest is not None:
        outputs.append(_thumbs(lowest, plan, piece, thumbs))
    return ffmpeg.command(*outputs, threads=threads), files, thumbs


def thumb_size(plan: Plan) -> tuple[int, int]:
    """Return width and height of the small frames that ride along with the decode."""
    top = plan.rungs[0]
    width = min(THUMB_WIDTH, top.width)
    return _even(width), _even(width * top.height / top.width)


def _grid(path: Path, facts: Facts, plan: Plan, piece: Piece, threads: int) -> Any:
    """The source's picture on the grid of frames, from the chunk's first frame on, at time zero."""
    video = facts.video
    assert video is not None  # noqa: S101 - asked by the caller
    options: dict[str, Any] = {"copyts": None, "start_at_zero": None, "reinit_filter": 0}
    if threads:
        # Left to itself a decoder takes every core, and holds frames in flight for each.
        options["threads"] = threads
    if piece.seek_ms:
        options |= {"ss": f"{piece.seek_ms / 1000:.3f}", "noaccurate_seek": None}
    if not plan.encoded:
        options["skip_frame"] = "nokey"
    picture = ffmpeg.source(path, **options)[str(video.index)]
    if "deinterlace" in plan.filters:
        picture = picture.filter("bwdif", mode="send_frame", deint="interlaced")
    # A picture that is shown for less than half a frame of the grid (a still over a talk) counts too.
    start = _seconds(piece.first / plan.rate)
    picture = picture.filter("fps", fps=str(plan.rate), start_time=start, eof_action="pass")
    picture = picture.filter("setpts", f"PTS-{piece.first}")
    return picture.filter("tpad", stop=-1, stop_mode="clone")


def _scaled(picture: Any, width: int, height: int) -> Any:
    return picture.filter("scale", width, height, flags="bicubic")


def _cascade(picture: Any, plan: Plan, wanted: tuple[Rung, ...]) -> tuple[list[Any], Any]:
    """Return one branch for each wanted rung, and the smallest picture for the thumbnails; None for an opening."""
    branches = []
    step = 1
    rungs = plan.encoded
    for n, rung in enumerate(rungs):
        if rung.step > step:
            picture = picture.filter("framestep", step=rung.step // step)
            step = rung.step
        # The AV1 twin of a rung takes the very same picture.
        if n == 0 or (rung.width, rung.height) != (rungs[n - 1].width, rungs[n - 1].height):
            picture = _scaled(picture, rung.width, rung.height)
        if n == 0:
            if "tone_map" in plan.filters:
                picture = _tone_mapped(picture)
            picture = picture.filter("setsar", 1).filter("format", "yuv420p")
        if rung not in wanted:
            continue
        if len(wanted) == 1 and rung.name == plan.opening:
            return [picture], None
        split = picture.filter_multi_output("split", 2)
        branches.append(split.stream(0))
        picture = split.stream(1)
    return branches, picture


def _tone_mapped(picture: Any) -> Any:
    """HDR (HLG, PQ) to ordinary colours; without it they look washed out and are tagged wrongly."""
    return (
        picture.filter("zscale", t="linear", npl=100)
        .filter("format", "gbrpf32le")
        .filter("zscale", p="bt709")
        .filter("tonemap", tonemap="hable", desat=0)
        .filter("zscale", t="bt709", m="bt709", r="tv")
    )


def _encoder(plan: Plan, piece: Piece, rung: Rung, threads: int) -> dict[str, Any]:
    made = _av1(plan, rung, threads) if rung.codec == av1.CODEC else _h264(plan, piece, rung, threads)
    return {
        **made,
        "crf": rung.crf,
        "maxrate": f"{rung.max_kbps}k",
        "bufsize": f"{rung.max_kbps * 2}k",
        "pix_fmt": "yuv420p",
        "video_track_timescale": plan.timescale,
        "movflags": _FRAGMENTED,
        "f": "mp4",
        "fps_mode": "passthrough",
        "frames:v": -(-piece.frames // rung.step),
    }


def _av1(plan: Plan, rung: Rung, threads: int) -> dict[str, Any]:
    """SVT-AV1 begins a closed group of pictures every so many frames, and nowhere else."""
    params = "scd=0" + (f":lp={threads}" if threads else "")
    gop = max(1, plan.gop // rung.step)
    return {"c:v": av1.ENCODER, "preset": AV1_PRESET, "g": gop, "svtav1-params": params}


def _h264(plan: Plan, piece: Piece, rung: Rung, threads: int) -> dict[str, Any]:
    gop = max(1, plan.gop // rung.step)
    cuts = [cut for cut in plan.cuts if piece.first < cut < piece.first + piece.frames]
    # As far ahead in time as on the rungs with every frame.
    ahead = "rc-lookahead=5" if rung.step > 1 else ""
    params = ":".join(filter(None, (X264, f"threads={threads}", ahead, x264_of(plan.content))))
    options: dict[str, Any] = {"c:v": "libx264", "preset": PRESET, "profile:v": "high"}
    if plan.cuts:
        # The segments of the copied rung rule: begin where they begin, and nowhere else.
        params += ":keyint=infinite"
        if cuts:
            half = Fraction(1, 2) / plan.rate
            moments = [Fraction(cut - piece.first) / plan.rate - half for cut in cuts]
            options["force_key_frames"] = ",".join(_seconds(moment) for moment in moments)
    else:
        params += f":keyint={gop}:min-keyint={gop}"
    options["x264-params"] = params
    return options


def _thumbs(picture: Any, plan: Plan, piece: Piece, path: Path) -> Any:
    step = plan.encoded[-1].step if plan.encoded else 1
    width, height = thumb_size(plan)
    picture = picture.filter("framestep", step=max(1, plan.thumb_step // step))
    picture = picture.filter("scale", width, height, flags="area", out_range="full")
    count = -(-piece.frames // plan.thumb_step)
    return ffmpeg.output(
        picture,
        path=path,
        **{"f": "rawvideo", "pix_fmt": "yuv420p", "fps_mode": "passthrough", "frames:v": count},
    )


def copy(path: Path, facts: Facts, folder: Path) -> tuple[list[str], Path]:
    """Return the command that copies the picture as it is, a fragment for each keyframe."""
    assert facts.video is not None  # noqa: S101 - only planned where there is a picture
    target = folder / "copy.mp4"
    picture = ffmpeg.source(path, copyts=None, start_at_zero=None)[str(facts.video.index)]
    made = ffmpeg.output(picture, path=target, **{"c:v": "copy", "movflags": _FRAGMENTED, "f": "mp4"})
    return ffmpeg.command(made), target


def audio(path: Path, plan: Plan, sound: Sound, folder: Path, *, gain_db: float) -> tuple[list[str], Path]:
    """Return the command of one whole sound track: from zero to the end of the lecture, in one piece.

    The encoder begins with 1024 samples of priming. As many are cut from the start, so that priming
    takes their place and every later sample lies exactly at its time, without an edit list.
    """
    length = _seconds(plan.duration_ms / 1000)
    stream = ffmpeg.source(path, copyts=None, start_at_zero=None)[str(sound.index)]
    stream = stream.filter("aresample", _AUDIO_RATE, **{"async": 1, "first_pts": 0})
    layout = "mono" if sound.channels == 1 else "stereo"
    stream = stream.filter("aformat", sample_fmts="fltp", channel_layouts=layout)
    if abs(gain_db) >= 0.1:
        stream = stream.filter("volume", f"{gain_db:.2f}dB")
    # The limiter looks ahead and delays by as much: take that off again.
    stream = stream.filter("alimiter", limit=_PEAK, level="disabled", attack=_LOOKAHEAD_MS)
    delay = _AUDIO_RATE * _LOOKAHEAD_MS // 1000
    stream = stream.filter("atrim", start_sample=delay).filter("asetpts", f"PTS-{delay}")
    stream = stream.filter("apad", whole_dur=length).filter("atrim", start_sample=_PRIMING, end=length)
    target = folder / f"{sound.name}.mp4"
    options = {
        "c:a": "aac",
        "b:a": f"{sound.kbps}k",
        "movflags": "+empty_moov+default_base_moof",
        "frag_duration": 6_000_000,
        # Someone waits for the first of them; else half a minute of sound is held back, to be written at once.
        "flush_packets": 1,
        "f": "mp4",
    }
    return ffmpeg.command(ffmpeg.output(stream, path=target, **options)), target


def loudness(path: Path, index: int, stretches: list[tuple[float, float]]) -> list[str]:
    """Return the command that measures stretches of sound as one; the summary stands at the end of stderr.

    `stretches` are seconds: where each begins, and its length.
    """
    parts = [
        ffmpeg.source(path, ss=_seconds(start), t=_seconds(length))[str(index)].filter(
            "aformat", sample_rates=_AUDIO_RATE, channel_layouts="stereo"
        )
        for start, length in stretches
    ]
    whole = parts[0] if len(parts) == 1 else ffmpeg.one_after_another(parts)
    cmd = ffmpeg.command(ffmpeg.output(whole.filter("ebur128", framelog="verbose"), path="-", f="null"))
    cmd[cmd.index("level+warning")] = "info"
    return cmd


def look(path: Path, video: Video, start_ms: int, size: tuple[int, int]) -> list[str]:
    """Return the command that shows two seconds of small grey frames, five a second, on stdout."""
    options: dict[str, Any] = {"t": 2, "reinit_filter": 0, "threads": 1, "skip_loop_filter": "all"}
    if video.rate >= 20:
        # Of four frames one is looked at: those that no other needs are not even decoded.
        options["skip_frame"] = "noref"
    if start_ms:
        # A millisecond on: its time was rounded, and before a keyframe means from the one before it.
        options["ss"] = f"{(start_ms + 1) / 1000:.3f}"
    picture = ffmpeg.source(path, **options)[str(video.index)].filter("fps", fps=5)
    picture = picture.filter("scale", size[0], size[1], flags="area")
    made = ffmpeg.output(picture, path="pipe:1", **{"f": "rawvideo", "pix_fmt": "gray", "frames:v": 10})
    return ffmpeg.command(made, threads=1, progress=False)


def poster(path: Path, plan: Plan, index: int, at_s: float, target: Path) -> list[str]:
    """Return the command that makes one still of at most 1280 pixels from the source."""
    top = plan.rungs[0]
    scale = min(1.0, 1280 / max(top.width, top.height))
    options: dict[str, Any] = {"ss": _seconds(at_s)} if at_s else {}
    picture = ffmpeg.source(path, **options)[str(index)]
    picture = _scaled(picture, _even(top.width * scale), _even(top.height * scale))
    if "tone_map" in plan.filters:
        picture = _tone_mapped(picture)
    picture = picture.filter("setsar", 1)
    made = ffmpeg.output(
        picture, path=target, **{"frames:v": 1, "f": "mjpeg", "q:v": 4, "pix_fmt": "yuvj420p"}
    )
    return ffmpeg.command(made, progress=False)


def attached_picture(path: Path, index: int, target: Path) -> list[str]:
    """Return the command that fits a picture inside an audio file into the cover's frame."""
    picture = ffmpeg.source(path)[str(index)]
    picture = picture.filter("scale", 640, 360, force_original_aspect_ratio="decrease")
    picture = picture.filter("pad", 640, 360, "(ow-iw)/2", "(oh-ih)/2").filter("setsar", 1)
    made = ffmpeg.output(picture, path=target, **{"frames:v": 1, "f": "image2", "c:v": "png"})
    return ffmpeg.command(made, progress=False)


def _seconds(value: Fraction | float) -> str:
    return f"{float(value):.6f}"


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
