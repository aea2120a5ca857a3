"""`make bench-loop`: how fast the house starts and how light its pages are."""

import http.cookiejar
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classroom.people.demo import DEMO_PASSWORD
from config.bench import Report, Row
from config.env import ROOT
from config.journeys import FACTS, STOPS, Stop
from config.stack import Stack, chromium

_ROUNDS = 7
_TIMING = re.compile(r'app;dur=([\d.]+), db;dur=[\d.]+;desc="(\d+)"')
_ASSET = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"')
_LIGHTHOUSE = ("performance", "accessibility", "best-practices", "seo")


class Command(BaseCommand):
    """Starts the platform in an empty folder, twice, and walks the pages of the five journeys."""

    help = "Seconds of a start, server time, queries and bytes of each page, Lighthouse."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; write `var/bench/loop.json`."""
        report = Report("loop", self.stdout.write)
        with tempfile.TemporaryDirectory(prefix="bench-loop-") as name:
            stack = Stack(Path(name), environment={"SERVER_TIMING": "yes"})
            self._starts(stack, report)
            try:
                facts = json.loads(stack.shell(FACTS))
                openers = {role: self._sign_in(stack, role) for role in {stop.role for stop in STOPS}}
                for stop in STOPS:
                    self._page(stack, stop, openers[stop.role], facts, report)
                self._lighthouse(stack, report)
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

    def _sign_in(self, stack: Stack, role: str | None) -> urllib.request.OpenerDirector:
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        if role is None:
            return opener
        address = f"{stack.address}/sign-in/"
        page = opener.open(address, timeout=30).read().decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if found is None:
            raise CommandError("the sign-in page has no token")
        form = {
            "csrfmiddlewaretoken": found[1],
            "username": f"{role}@demo.example",
            "password": DEMO_PASSWORD,
        }
        request = urllib.request.Request(address, urllib.parse.urlencode(form).encode(), {"Referer": address})  # noqa: S310 - loopback
        opener.open(request, timeout=30).read()
        return opener

    def _page(
        self,
        stack: Stack,
        stop: Stop,
        opener: urllib.request.OpenerDirector,
        facts: dict[str, Any],
        report: Report,
    ) -> None:
        path = urllib.parse.quote(stop.path.format(**facts), safe="/?=&")
        times, queries, body = [], 0, ""
        for _ in range(_ROUNDS):
            answer = opener.open(stack.address + path, timeout=30)
            body = answer.read().decode(errors="replace")
            timing = _TIMING.search(answer.headers["Server-Timing"])
            if timing is None:
                raise CommandError(f"{path}: no Server-Timing")
            times.append(float(timing[1]))
            queries = int(timing[2])
        report.add(Row(stop.name, "server time, median of 7", "ms", median(times), at_most=100))
        report.add(Row(stop.name, "queries", "", queries))
        for kind in ("js", "css"):
            assets = {asset for asset in _ASSET.findall(body) if asset.endswith(kind)}
            size = sum(self._compressed(stack, asset) for asset in assets)
            limit = 100 if kind == "js" and stop.role != "trainer" and stop.name != "player" else None
            report.add(Row(stop.name, f"{kind}, compressed", "KB", size / 1024, at_most=limit))

    @staticmethod
    def _compressed(stack: Stack, asset: str) -> int:
        request = urllib.request.Request(stack.address + asset, headers={"Accept-Encoding": "br, gzip"})  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return len(answer.read())

    def _lighthouse(self, stack: Stack, report: Report) -> None:
        program = chromium()
        if program is None:
            raise CommandError("Lighthouse needs a Chromium: apt-get install chromium")
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
