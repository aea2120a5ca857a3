"""The lectures of `make bench-media`: slides, a speaker, a screen, a camera, the same on every machine."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from media import ffmpeg
from media.plan import CAMERA, SCREENCAST, SPEAKER, STILL


def _slides(folder: Path, seconds: int) -> Path:
    """Draw slides of text-like lines and return a film of them, one every twelve seconds."""
    for n in range(max(1, seconds // 12)):
        picture = Image.new("RGB", (1920, 1080), (250, 249, 245))
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, 0, 1920, 110), fill=(22 + n * 5 % 60, 58, 92))
        for row in range(9):
            for column in range(6 + (n + row) % 4):
                seed = (n * 31 + row * 17 + column * 7) % 7
                x, y = 120 + column * 150, 180 + row * 92
                draw.rectangle((x, y, x + 40 + seed * 12, y + 34), outline=(40, 40, 44), width=5)
                draw.line((x, y + 17, x + 60, y + 30), fill=(40, 40, 44), width=4)
        picture.save(folder / f"slide{n:03d}.png")
    film = folder / "slides.mkv"
    words = ["-framerate", "1/12", "-i", str(folder / "slide%03d.png"), "-t", str(seconds)]
    # Thirty frames a second are made by a filter: told to the file alone, a film keeps one in twelve seconds, and
    # whatever is laid over it, or scrolls, stands still as long.
    words += ["-vf", "fps=30"]
    _render([*words, "-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", str(film)])
    return film


def _render(words: list[str]) -> None:
    head = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y"]
    subprocess.run([*head, *words], check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - ffmpeg


_SPEECH = "aevalsrc='0.2*sin(2*PI*(160+40*sin(2*PI*0.7*t))*t)*(0.5+0.5*sin(2*PI*3.1*t))':s=48000"
# Noise as a camera leaves it: on the brightness alone, and weak, or nothing but noise would be measured.
_HEAD = "gradients=s=480x360:r=30:speed=0.03:nb_colors=6:seed=4,format=yuv420p,noise=c0s=8:c0f=t:c0_seed=7"
_CAMERA = (
    "gradients=s=1920x1080:r=30:speed=0.02:nb_colors=6:seed=4,format=yuv420p,noise=c0s=8:c0f=t:c0_seed=7"
)


# Half a page further within a second, every sixth second: as one reads.
_SCROLLED = "[0:v]split[a][b];[a][b]vstack,crop=1920:1080:0:'mod(540*(floor(t/6)+min(1,mod(t,6))),1080)'[v]"


def _film(folder: Path, name: str, inputs: list[str], graph: str, seconds: int, codec: list[str]) -> Path:
    path = folder / f"{name}.mp4"
    words = [*inputs, "-f", "lavfi", "-i", _SPEECH, "-filter_complex", graph, "-map", "[v]"]
    sound = str(len([word for word in inputs if word == "-i"]))
    words += ["-map", f"{sound}:a", "-t", str(seconds), "-r", "30", "-pix_fmt", "yuv420p"]
    _render([*words, *codec, "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(path)])
    return path


_HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-crf", "16"]
_HEVC += ["-x265-params", "log-level=error:keyint=240"]
_H264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "150", "-sc_threshold", "0"]


def _speaker(folder: Path, seconds: int, codec: list[str], name: str) -> Path:
    inputs = ["-i", str(_slides(folder, seconds)), "-f", "lavfi", "-i", _HEAD]
    return _film(folder, name, inputs, "[0:v][1:v]overlay=1400:680[v]", seconds, codec)


LECTURES: dict[str, Callable[[Path, int], Path]] = {
    "still slides": lambda folder, seconds: _film(
        folder, "still", ["-i", str(_slides(folder, seconds))], "[0:v]null[v]", seconds, _HEVC
    ),
    "speaker": lambda folder, seconds: _speaker(folder, seconds, _HEVC, "speaker"),
    "speaker, to copy": lambda folder, seconds: _speaker(folder, seconds, _H264, "copy"),
    "screen recording": lambda folder, seconds: _film(
        folder,
        "screen",
        ["-i", str(_slides(folder, seconds))],
        _SCROLLED,
        seconds,
        _HEVC,
    ),
    "camera": lambda folder, seconds: _film(
        folder,
        "camera",
        ["-f", "lavfi", "-i", _CAMERA],
        "[0:v]null[v]",
        seconds,
        _HEVC,
    ),
}

# What the plan must take each for: else what is measured is not what its row says.
CONTENT = {
    "still slides": STILL,
    "speaker": SPEAKER,
    "speaker, to copy": SPEAKER,
    "screen recording": SCREENCAST,
    "camera": CAMERA,
}


def small_speaker(folder: Path, seconds: int) -> Path:
    """Return a speaker's film in a small size: for what depends on the number of pieces, not on their pixels."""
    source = _speaker(folder, 36, [*_H264, "-s", "960x540"], "small-base")
    repeat = folder / "small.mkv"
    codec = ["-c:v", "mpeg4", "-q:v", "3", "-g", "60", "-c:a", "copy"]
    _render(["-stream_loop", "-1", "-i", str(source), "-t", str(seconds), *codec, str(repeat)])
    return repeat


def repeated(film: Path, seconds: int) -> Path:
    """Return a film of `seconds` that repeats another without encoding it again."""
    picture, sound = film.with_suffix(".picture.mp4"), film.with_suffix(".sound.mp4")
    for only, path in (("v", picture), ("a", sound)):
        _render(["-i", str(film), "-map", f"0:{only}", "-c", "copy", str(path)])
    target = film.with_suffix(f".{seconds}.mp4")
    loop = ["-stream_loop", "-1", "-i"]
    words = [*loop, str(picture), *loop, str(sound), "-map", "0:v", "-map", "1:a", "-t", str(seconds)]
    _render([*words, "-c", "copy", "-movflags", "+faststart", str(target)])
    return target


def flashes(folder: Path, minutes: int) -> Path:
    """Return a long film in small: once a minute a second of white and of a tone, together to the sample."""
    base, film = folder / "minute.mov", folder / "flashes.mov"
    picture = "color=black:s=64x36:r=25:d=60,drawbox=color=white:t=fill:enable='between(n,750,774)'"
    tone = "aevalsrc='0.5*sin(2*PI*1000*t)*between(t,30,30.99999)':s=16000:d=60"
    codec = ["-c:v", "mpeg4", "-q:v", "3", "-g", "50", "-bf", "0", "-c:a", "pcm_s16le"]
    _render(["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, *codec, str(base)])
    _render(["-stream_loop", str(minutes - 1), "-i", str(base), "-c", "copy", str(film)])
    return film
