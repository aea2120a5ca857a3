"""The ways that ours is measured against: one raw process, and one process for each rung as others do it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from config.bench_media.usage import Made, measured
from media import ffmpeg, probe, recipes
from media.plan import Piece, Plan

_MEDIACMS_HEIGHTS = (144, 240, 360, 480, 720, 1080)
_PEERTUBE = {240: 500, 360: 900, 480: 1400, 720: 2600, 1080: 4800}


def raw_process(source: Path, plan: Plan, folder: Path) -> Made:
    """Make the same renditions with one process and all threads: the limit of what can be reached."""
    folder.mkdir(exist_ok=True)
    whole = Piece("video", 0, 0, plan.duration_ms, frames=plan.frames)
    facts, plan = probe.probe(source), replace(plan, opening="")
    words, files, _ = recipes.video(source, facts, plan, whole, folder, threads=0)
    words = [word for word in words if word != "-y"]
    sound = folder / "a0.mp4"
    words += ["-map", "0:a:0", "-c:a", "aac", "-b:a", f"{plan.sounds[0].kbps}k", "-f", "mp4", str(sound)]
    made = [*files.values(), sound]
    if plan.rungs[0].is_copy:
        copy = folder / "copy.mp4"
        words += ["-map", "0:v:0", "-c:v", "copy", "-f", "mp4", str(copy)]
        made.append(copy)
    return measured([[*words, "-y"]], made, made[0])


def mediacms(source: Path, folder: Path) -> Made:
    """MediaCMS's defaults: a process for each rung, preset medium, crf 23, lanczos, sound in each."""
    return _one_by_one(source, folder, _MEDIACMS_HEIGHTS, lambda height: [
        "-preset", "medium", "-crf", "23", "-vf", f"scale=-2:{height}:flags=lanczos", "-b:a", "128k",
    ])  # fmt: skip


def peertube(source: Path, folder: Path) -> Made:
    """PeerTube's defaults: a process for each rung, veryfast, 16 B-frames, bitrate capped, sound in each."""
    return _one_by_one(source, folder, tuple(_PEERTUBE), lambda height: [
        "-preset", "veryfast", "-crf", "23", "-maxrate", f"{_PEERTUBE[height]}k",
        "-bufsize", f"{_PEERTUBE[height] * 2}k", "-bf", "16", "-b_strategy", "1", "-g", "60",
        "-vf", f"scale=-2:{height}", "-b:a", "128k",
    ])  # fmt: skip


def _one_by_one(
    source: Path, folder: Path, heights: tuple[int, ...], settings: Callable[[int], list[str]]
) -> Made:
    folder.mkdir(exist_ok=True)
    outputs = [folder / f"{height}.mp4" for height in heights]
    head = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", "-i", str(source)]
    commands = [
        [*head, "-c:v", "libx264", "-pix_fmt", "yuv420p", *settings(height), "-c:a", "aac", str(path)]
        for height, path in zip(heights, outputs, strict=True)
    ]
    return measured(commands, outputs, outputs[-1])
