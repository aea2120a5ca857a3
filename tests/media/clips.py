"""Small lectures rendered on the spot, whose truth is known."""

import subprocess
from pathlib import Path

from media import ffmpeg

SILENT = "anullsrc=r=48000:cl=mono"
TONE = "sine=frequency=440:sample_rate=48000"


def render(
    path: Path,
    *,
    seconds: float = 3,
    size: str = "320x180",
    rate: str = "30",
    gop: int = 30,
    sound: str | None = TONE,
    extra: tuple[str, ...] = (),
    picture: str = "testsrc2",
) -> Path:
    """Render a moving test picture with a tone; `extra` are further output options of ffmpeg."""
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y"]
    cmd += ["-f", "lavfi", "-i", f"{picture}=s={size}:r={rate}:d={seconds}"]
    if sound:
        cmd += ["-f", "lavfi", "-t", str(seconds), "-i", sound]
    cmd += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", str(gop), "-bf", "0"]
    cmd += ["-c:a", "aac", "-b:a", "64k", *extra, str(path)]
    subprocess.run(cmd, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return path


def turned(path: Path, target: Path, degrees: int) -> Path:
    """Copy a clip with the mark that a phone writes when it was held another way."""
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y"]
    if int(ffmpeg.version().split(".")[0]) >= 6:
        cmd += ["-display_rotation", str(degrees), "-i", str(path), "-c", "copy"]
    else:
        cmd += ["-i", str(path), "-c", "copy", "-metadata:s:v", f"rotate={degrees % 360}"]
    subprocess.run([*cmd, str(target)], check=True, stdin=subprocess.DEVNULL, timeout=120)
    return target


def render_sound(path: Path, *, seconds: float = 3, source: str = TONE, extra: tuple[str, ...] = ()) -> Path:
    """Render sound alone."""
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-t", str(seconds)]
    subprocess.run([*cmd, "-i", source, *extra, str(path)], check=True, stdin=subprocess.DEVNULL, timeout=120)
    return path


def frame_count(path: Path | str) -> int:
    """Count the frames that really decode."""
    found = ffmpeg_json(
        path, "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames"
    )
    return int(found["streams"][0]["nb_read_frames"])


def ffmpeg_json(path: Path | str, *arguments: str) -> dict:
    """Ask ffprobe about a trusted file or playlist."""
    import json

    cmd = [ffmpeg.binaries().ffprobe, "-v", "error", "-of", "json", *arguments, str(path)]
    return json.loads(subprocess.run(cmd, check=True, capture_output=True, timeout=120).stdout)
