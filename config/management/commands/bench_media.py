"""`make bench-media`: the lecture pipeline against one raw process, MediaCMS's way and PeerTube's way.

Lectures are rendered on the spot, so that every machine measures the same. All ways use the same ffmpeg. CPU
counts all processes of a way; ours runs through a real broker and real Celery workers, less what an idle
worker costs to start.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.bench import Report, Row
from config.bench_films import LECTURES
from config.engines import redis_command, redis_server, socket_path
from config.env import ROOT
from media import ffmpeg, probe, recipes
from media.errors import EngineMissing
from media.plan import Piece, Plan

_MEDIACMS_HEIGHTS = (144, 240, 360, 480, 720, 1080)
_PEERTUBE = {240: 500, 360: 900, 480: 1400, 720: 2600, 1080: 4800}
_VMAF = re.compile(r"VMAF score: ([\d.]+)")
_SSIM = re.compile(r"All:([\d.]+)")


@dataclass
class Made:
    """What one way used and made."""

    cpu_s: float
    wall_s: float
    size: int
    memory: int
    top: Path | None = None
    playable_s: float = 0.0


class Command(BaseCommand):
    """Renders lectures, encodes them in four ways and compares."""

    help = "CPU, wall, bytes, quality and memory of the lecture pipeline, with its baselines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--seconds", type=int, default=180, help="length of each lecture")
        parser.add_argument("--only", choices=sorted(LECTURES), help="one kind of lecture")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run; write `var/bench/media.json`."""
        report = Report("media", self.stdout.write)
        with tempfile.TemporaryDirectory(prefix="bench-media-") as name:
            folder = Path(name)
            house = House(folder / "house", self.stdout.write)
            house.set_up()
            for kind, render in LECTURES.items():
                if options["only"] in {None, kind}:
                    self.stdout.write(f"{kind}: rendering {options['seconds']} s")
                    source = render(folder, options["seconds"])
                    self._compare(kind, source, house, folder, report)
        report.write()

    def _compare(self, kind: str, source: Path, house: "House", folder: Path, report: Report) -> None:
        self.stdout.write(f"{kind}: our pipeline, one worker process, then two")
        one, plan = house.encode(source, processes=1)
        two, _ = house.encode(source, processes=2)
        self.stdout.write(f"{kind}: one raw process, then the ways of MediaCMS and PeerTube")
        raw = raw_process(source, plan, folder / "raw")
        others = {"MediaCMS style": mediacms(source, folder / "mediacms")}
        others["PeerTube style"] = peertube(source, folder / "peertube")
        is_speaker, is_copy = kind.startswith("speaker"), kind.endswith("copy")
        promises = {"MediaCMS style": (0.20, None) if is_copy else (0.25, 0.50)}
        promises["PeerTube style"] = (0.29 if is_copy else 0.36, None)
        base = "one raw process"
        report.add(Row(kind, "CPU", "s", one.cpu_s, base, raw.cpu_s, at_most=1.05))
        report.add(Row(kind, "peak memory", "MB", one.memory / 1e6, base, raw.memory / 1e6, at_most=0.6))
        report.add(Row(kind, "bytes", "MB", one.size / 1e6, base, raw.size / 1e6))
        for name, other in others.items():
            cpu, size = promises[name] if is_speaker else (None, None)
            report.add(Row(kind, "CPU", "s", one.cpu_s, name, other.cpu_s, at_most=cpu))
            report.add(Row(kind, "bytes", "MB", one.size / 1e6, name, other.size / 1e6, at_most=size))
            report.add(Row(kind, "wall", "s", two.wall_s, name, other.wall_s))
        wall = 0.58 if is_speaker and not is_copy else None
        report.add(Row(kind, "wall, two processes", "s", two.wall_s, "one process", one.wall_s, at_most=wall))
        report.add(Row(kind, "first playable", "s", two.playable_s, at_most=2 if is_copy else 5))
        self._quality(kind, source, one, others, report)

    def _quality(self, kind: str, source: Path, ours: Made, others: dict[str, Made], report: Report) -> None:
        for figure, judge in (("VMAF of the top rung", vmaf), ("SSIM of the top rung", ssim)):
            mine = judge(source, ours.top)
            if mine is None:
                continue
            for name, other in others.items():
                report.add(Row(kind, figure, "", mine, name, judge(source, other.top)))


class House:
    """A private database, broker and store, and workers of the real pipeline."""

    def __init__(self, folder: Path, say: Callable[[str], object]) -> None:
        self.folder = folder
        self.say = say
        # `env` becomes the program it starts, with engines of its own.
        self.prefix = ["/usr/bin/env", "-u", "DATABASE_URL", "-u", "BROKER_URL", "-u", "STORAGE_URL"]
        self.prefix += [f"VAR_DIR={folder}", "DEMO=no", "LOG_LEVEL=ERROR", sys.executable]
        self.idle = {1: 0.0, 2: 0.0}

    def set_up(self) -> None:
        """Migrate, make an owner, and measure what idle workers cost."""
        self.say("setting up a house of its own")
        socket_path(self.folder).parent.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        code = (
            "from classroom.people.services import register_person as r;"
            "r(name='Bench', email='bench@example.test', password='dawn-kiln-4471')"
        )
        self.manage("shell", "-v", "0", "-c", code)
        for processes in self.idle:
            self.idle[processes] = self._with_workers(processes, lambda: time.sleep(1)).cpu_s

    def manage(self, *words: str) -> str:
        """Run a command of `manage.py` and return what it printed."""
        done = subprocess.run(  # noqa: S603 - our own program
            [*self.prefix, "manage.py", *words],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def encode(self, source: Path, *, processes: int) -> tuple[Made, Plan]:
        """Take a copy of the lecture in through real workers; return what it cost and its plan."""
        source = Path(self._fresh(source))
        rows: list[dict[str, Any]] = []

        def work() -> None:
            words = ("ingest", "--json", "--owner", "bench@example.test", str(source))
            rows.append(json.loads(self.manage(*words).splitlines()[-1]))

        made = self._with_workers(processes, work)
        if rows[0]["state"] != "ready":
            raise RuntimeError(rows[0]["reason"])
        code = (
            "import json; from media.models import Encode;"
            f"e = Encode.objects.get(lecture={rows[0]['lecture']});"
            "print(json.dumps([str(e.pk), e.plan, (e.published_at - e.created_at).total_seconds(),"
            " (e.playable_at - e.created_at).total_seconds()]))"
        )
        pk, plan, wall, playable = json.loads(self.manage("shell", "-v", "0", "-c", code).splitlines()[-1])
        folder = self.folder / "files" / "lectures" / pk
        made.cpu_s = max(0.0, made.cpu_s - self.idle[processes])
        made.wall_s, made.playable_s = wall, playable
        made.size = sum(path.stat().st_size for path in folder.rglob("*.m4s"))
        made.top = joined(folder / plan["rungs"][0]["name"], source.with_suffix(f".{processes}.top.mp4"))
        return made, Plan.from_json(plan)

    def _fresh(self, source: Path) -> str:
        """Return a copy that the store has not seen: a few bytes of padding make another file."""
        copy = source.with_name(f"{time.monotonic_ns()}{source.suffix}")
        copy.write_bytes(source.read_bytes() + b"\x00\x00\x00\x10free" + os.urandom(8))
        return str(copy)

    def _with_workers(self, processes: int, work: Callable[[], None]) -> Made:
        """Run `work` beside a broker and a worker; return CPU and peak memory of the worker's tree."""
        socket = socket_path(self.folder)
        program = redis_server()
        if program is None:
            raise CommandError("No Redis: install redis-server.")
        words = redis_command(program, socket, self.folder)
        broker = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
        words = [*self.prefix, "-m", "celery", "-A", "config", "--quiet", "worker", "-Q", "media"]
        words += ["-c", str(processes), "-l", "ERROR", "--without-mingle", "--without-gossip"]
        begin = time.monotonic()
        worker = subprocess.Popen(words, cwd=ROOT)  # noqa: S603 - our own program
        with Peak(worker.pid) as peak:
            try:
                time.sleep(6)
                work()
            finally:
                worker.send_signal(signal.SIGTERM)
                _, status, used = os.wait4(worker.pid, 0)
                worker.returncode = os.waitstatus_to_exitcode(status)
                broker.terminate()
                broker.wait(10)
        return Made(used.ru_utime + used.ru_stime, time.monotonic() - begin, 0, peak.bytes)


class Peak:
    """Watches the memory of a process and all its descendants, shared pages counted once."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.3):
            self.bytes = max(self.bytes, sum(_pss(pid) for pid in _tree(self.pid)))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)


def measured(commands: list[list[str]], outputs: list[Path], top: Path) -> Made:
    """Run commands one after another and return what they used together."""
    cpu, memory, begin = 0.0, 0, time.monotonic()
    for words in commands:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603 - ffmpeg
        with Peak(process.pid) as peak:
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(" ".join(words))
        cpu += used.ru_utime + used.ru_stime
        memory = max(memory, peak.bytes)
    return Made(cpu, time.monotonic() - begin, sum(path.stat().st_size for path in outputs), memory, top)


def raw_process(source: Path, plan: Plan, folder: Path) -> Made:
    """Make the same renditions with one process and all threads: the limit of what can be reached."""
    folder.mkdir(exist_ok=True)
    whole = Piece("video", 0, 0, plan.duration_ms, frames=plan.frames)
    facts = probe.probe(source)
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
    return _judge(program, source, made, "libvmaf=n_threads=2:n_subsample=3", _VMAF)


def ssim(source: Path, made: Path | None) -> float | None:
    """Return the SSIM of a rendition, 0 to 1."""
    return _judge(ffmpeg.binaries().ffmpeg, source, made, "ssim", _SSIM)


def _judge(
    program: str, source: Path, made: Path | None, judge: str, pattern: "re.Pattern[str]"
) -> float | None:
    graph = (
        "[0:v]fps=30,scale=1920:1080:flags=bicubic,settb=AVTB,setpts=N[a];"
        f"[1:v]fps=30,settb=AVTB,setpts=N[b];[a][b]{judge}"
    )
    words = [program, "-hide_banner", "-nostdin", "-i", str(made), "-i", str(source), "-lavfi", graph]
    said = subprocess.run([*words, "-f", "null", "-"], capture_output=True, text=True).stderr  # noqa: S603 - ffmpeg
    found = pattern.findall(said)
    return float(found[-1]) if found else None
