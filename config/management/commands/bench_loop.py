"""`make bench-loop`: how fast the house starts and how light its pages are."""

import json
import os
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.bench import Report, Row
from config.bench_loop.walker import Walker, walking
from config.env import ROOT
from config.journeys import FACTS, STOPS, Stop
from config.stack import Stack, chromium

_ROUNDS = 7
# What any page may take of the server, and of script but the player.
_PAGE_MS, _SCRIPT_KB = 100, 100
_LIGHTHOUSE = ("performance", "accessibility", "best-practices", "seo")
_ENVIRONMENT = {"SERVER_TIMING": "yes", "DJANGO_SETTINGS_MODULE": "config.bench_loop.settings"}


class Command(BaseCommand):
    """Starts the platform in an empty folder, twice, and walks the pages of the five journeys."""

    help = "Seconds of a start, server time beside a bare view, queries and bytes of each page, Lighthouse."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; write `var/bench/loop.json`."""
        program = chromium()
        if program is None:
            raise CommandError("This needs a Chromium: apt-get install chromium")
        report = Report("loop", self.stdout.write)
        with tempfile.TemporaryDirectory(prefix="bench-loop-") as name:
            stack = Stack(Path(name), environment=_ENVIRONMENT)
            self._starts(stack, report)
            try:
                facts = json.loads(stack.shell(FACTS))
                with walking(program, stack.address) as walker:
                    for stop in STOPS:
                        self._page(walker, stop, facts, report)
                self._lighthouse(program, stack, report)
            finally:
                stack.stop()
        report.write()

    def _starts(self, stack: Stack, report: Report) -> None:
        begin = time.monotonic()
        stack.start()
        report.add(Row("start", "first page of an empty folder", "s", time.monotonic() - begin, at_most=120))
        stack.await_demo()
        report.add(Row("start", "whole demo", "s", time.monotonic() - begin, at_most=240))
        stack.stop()
        begin = time.monotonic()
        stack.start()
        report.add(Row("start", "second start", "s", time.monotonic() - begin, at_most=15))

    @staticmethod
    def _page(walker: Walker, stop: Stop, facts: dict[str, Any], report: Report) -> None:
        path = urllib.parse.quote(stop.path.format(**facts), safe="/?=&")
        # In turns, so that whatever else the machine does meets both alike.
        pairs = [
            (walker.cost(stop.role, path), walker.cost(stop.role, "/bench/bare/")) for _ in range(_ROUNDS)
        ]
        ours, bare = (median(answer[0] for answer in column) for column in zip(*pairs, strict=True))
        report.add(
            Row(
                stop.name,
                f"server time, median of {_ROUNDS}, at most {_PAGE_MS} ms",
                "ms",
                ours,
                "bare view",
                bare,
                # The promise is about milliseconds: as a ratio it is so many bare views.
                at_most=_PAGE_MS / bare if bare else None,
            )
        )
        report.add(Row(stop.name, "queries", "", pairs[-1][0][1], "bare view", pairs[-1][1][1]))
        for kind, size in walker.weigh(stop.role, path).items():
            is_light = kind == "js" and not path.startswith("/admin/") and stop.name != "player"
            limit = _SCRIPT_KB if is_light else None
            report.add(Row(stop.name, f"{kind}, compressed", "KB", size / 1024, at_most=limit))

    def _lighthouse(self, program: str, stack: Stack, report: Report) -> None:
        for name, path in (("home", "/"), ("catalogue", "/courses/"), ("course", "/courses/b1/")):
            for form in ("desktop", "mobile"):
                scores, size = self._scores(program, stack.address + path, form)
                for category in _LIGHTHOUSE:
                    least = 95 if form == "desktop" else 90
                    report.add(
                        Row(f"{name}, {form}", f"Lighthouse {category}", "", scores[category], at_least=least)
                    )
                if form == "mobile":
                    report.add(Row(name, "first page over the wire", "KB", size / 1024, at_most=300))

    @staticmethod
    def _scores(program: str, address: str, form: str) -> tuple[dict[str, float], float]:
        with tempfile.TemporaryDirectory(prefix="lighthouse-") as folder:
            target = Path(folder) / "report.json"
            command = [
                *("npx", "lighthouse", address, "--quiet", "--output=json", f"--output-path={target}"),
                "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking",
                *(["--preset=desktop"] if form == "desktop" else []),
            ]
            subprocess.run(  # noqa: S603 - our own words, no shell
                command,
                cwd=ROOT,
                check=True,
                capture_output=True,
                timeout=300,
                env={**os.environ, "CHROME_PATH": program, "TMPDIR": folder},
            )
            found = json.loads(target.read_text())
        size = found["audits"]["total-byte-weight"]["numericValue"]
        return {name: 100 * (found["categories"][name]["score"] or 0) for name in _LIGHTHOUSE}, size
