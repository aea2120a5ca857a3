"""Judges of what was made: quality, frames, sound against picture, and what the small pictures cost."""

import json
import re
import subprocess
import time
from pathlib import Path

from config.bench_media.usage import measured
from media import ffmpeg, frames, probe, recipes
from media.errors import EngineMissing
from media.plan import Piece, Plan

_VMAF = re.compile(r"VMAF score: ([\d.]+)")
_SSIM = re.compile(r"All:([\d.]+)")
_BRIGHT = re.compile(r"black_end:([\d.]+)")
_LOUD = re.compile(r"silence_end: ([\d.]+)")


def joined(folder: Path, target: Path) -> Path:
    """Put a rendition together as a player does."""
    lines = (folder / "index.m3u8").read_text().splitlines()
    init = next(re.findall(r'URI="([^"]+)"', line)[0] for line in lines if "EXT-X-MAP" in line)
    with target.open("wb") as file:
        for name in [init, *(line for line in lines if line and not line.startswith("#"))]:
            file.write((folder / name).read_bytes())
    return target


def vmaf(source: Path, made: Path | None) -> float | None:
    """Return the VMAF of a rendition, each frame against the source's at its time; None without libvmaf."""
    try:
        program = ffmpeg.bundled().ffmpeg
    except EngineMissing:
        return None
    return _judged(program, source, made, "libvmaf=n_threads=2:n_subsample=5", _VMAF)


def ssim(source: Path, made: Path | None) -> float | None:
    """Return the SSIM of a rendition, 0 to 1."""
    return _judged(ffmpeg.binaries().ffmpeg, source, made, "ssim", _SSIM)


def _judged(
    program: str, source: Path, made: Path | None, judge: str, pattern: "re.Pattern[str]"
) -> float | None:
    graph = (
        "[0:v]fps=30,scale=1920:1080:flags=bicubic,settb=AVTB,setpts=N[a];"
        f"[1:v]fps=30,settb=AVTB,setpts=N[b];[a][b]{judge}"
    )
    found = pattern.findall(_said(program, ["-i", str(made), "-i", str(source), "-lavfi", graph]))
    return float(found[-1]) if found else None


def _said(program: str, words: list[str]) -> str:
    cmd = [program, "-hide_banner", "-nostdin", *words, "-f", "null", "-"]
    return subprocess.run(cmd, capture_output=True, text=True).stderr  # noqa: S603 - ffmpeg


def frame_count(path: Path) -> int:
    """Return how many frames a file of one picture holds."""
    words = ["-v", "error", "-count_packets", "-select_streams", "v:0", "-of", "json"]
    cmd = [ffmpeg.binaries().ffprobe, *words, "-show_entries", "stream=nb_read_packets", str(path)]
    found = json.loads(subprocess.run(cmd, check=True, capture_output=True).stdout)  # noqa: S603 - ffprobe
    return int(found["streams"][0]["nb_read_packets"])


def apart_ms(picture: Path, sound: Path) -> float:
    """Return how far the last tone is from the last flash, in milliseconds."""
    program = ffmpeg.binaries().ffmpeg
    bright = _BRIGHT.findall(_said(program, ["-i", str(picture), "-vf", "blackdetect=d=1:pix_th=0.5"]))
    loud = _LOUD.findall(_said(program, ["-i", str(sound), "-af", "silencedetect=n=-25dB:d=1"]))
    # The last of each is only the end of the film.
    return abs(float(bright[-2]) - float(loud[-2])) * 1000


def extras_cpu(source: Path, plan: Plan, lowest: Path, folder: Path) -> float:
    """Return the CPU seconds of the small frames, of what is told from them, and of the poster.

    The small frames ride along with the encode; their part is what scaling them takes beyond the decode
    of the lowest rung, which they are taken from.
    """
    facts = probe.probe(source)
    assert facts.video is not None  # noqa: S101 - our own films
    small = folder / "small.yuv"
    width, height = recipes.thumb_size(plan)
    step = max(1, plan.thumb_step // plan.rungs[-1].step)
    graph = f"framestep=step={step},scale={width}:{height}:flags=area:out_range=full"
    head = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", "-i", str(lowest)]
    scaled = [*head, "-vf", graph, "-pix_fmt", "yuv420p", "-f", "rawvideo", str(small)]
    riding = measured([scaled], [], small).cpu_s - measured([[*head, "-f", "null", "-"]], [], small).cpu_s
    begin = time.process_time()
    seen = frames.read(small, plan, Piece("video", 0, 0, plan.duration_ms, frames=plan.frames))
    frames.sprite(seen, plan)
    frames.best_still(seen)
    frames.changes(seen)
    told = time.process_time() - begin
    poster = recipes.poster(source, plan, facts.video.index, 1.0, folder / "poster.jpg")
    return max(0.0, riding) + told + measured([poster], [], small).cpu_s
