"""`make bench-heartbeat`: what a heartbeat costs beside a bare view, on both databases, over real HTTP."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.bench import Report, Row
from config.bench_engines import add_engine_options, manage, on_each_engine, run_in_shell
from config.bench_heartbeat.load import Measured, run
from config.env import ROOT
from config.stack import free_port

_CROWDS = (8, 32)
_GROWN = 100_000
_P95_MS = {"sqlite": 500, "postgresql": 250}


class Command(BaseCommand):
    """Starts the web server with data of its own, and learners that report as fast as they are answered."""

    help = "Throughput, latency and processor time of a heartbeat beside a bare view."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long each measurement lasts and where PostgreSQL is."""
        parser.add_argument("--seconds", type=float, default=6)
        add_engine_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; write `var/bench/heartbeat.json`."""
        self.report, self.seconds = Report("heartbeat", self.stdout.write), options["seconds"]
        on_each_engine("heartbeat", options, self.stdout.write, self._engine)
        self.report.write()

    def _engine(self, engine: str, folder: Path, more: dict[str, str]) -> None:
        environment = {
            **os.environ,
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.bench_heartbeat.settings",
            **more,
        }
        manage(environment, "migrate", "--verbosity", "0")
        learners = json.loads(self._prepare(environment, f"learners {max(_CROWDS)}"))
        port = free_port()
        server = self._serve(environment, port)
        try:
            for crowd in _CROWDS:
                self._crowd(engine, port, server.pid, learners[:crowd])
            self._grown(engine, environment, port, server.pid, learners[0])
        finally:
            server.terminate()
            server.wait(30)

    def _crowd(self, engine: str, port: int, pid: int, learners: list[dict[str, Any]]) -> None:
        """Measure both views in turns, so that whatever else the machine does meets both alike."""
        work, found = f"{engine}, {len(learners)} learners", {True: [], False: []}  # type: ignore[var-annotated]
        run(port, pid, learners, 1, is_bare=False)
        for is_bare in (True, False, False, True):
            found[is_bare].append(run(port, pid, learners, self.seconds / 2, is_bare=is_bare))
        bare, beat = _together(found[True]), _together(found[False])
        add = self.report.add
        add(Row(work, "answers a second", "1/s", beat.rate, "bare view", bare.rate, at_least=0.7))
        add(
            Row(
                work,
                "processor a thousand",
                "s",
                beat.cpu_per_thousand,
                "bare view",
                bare.cpu_per_thousand,
                at_most=1.5,
            )
        )
        for percent in (50, 95, 99):
            limit = _P95_MS[engine] if percent == 95 and len(learners) == 32 else None
            value = beat.percentile(percent)
            add(Row(work, f"p{percent}", "ms", value, at_most=limit))
            add(Row(work, f"p{percent} of the bare view", "ms", bare.percentile(percent)))
        add(Row(work, "errors", "", beat.errors, at_most=0))

    def _grown(
        self, engine: str, environment: dict[str, str], port: int, pid: int, learner: dict[str, Any]
    ) -> None:
        """Measure one learner before and after the chain has grown long."""
        few = run(port, pid, [learner], self.seconds / 2, is_bare=False)
        self._prepare(environment, f"grow {learner['enrolment']} {_GROWN}")
        many = run(port, pid, [learner], self.seconds / 2, is_bare=False)
        work = f"{engine}, {_GROWN:,} rows of one person"
        self.report.add(
            Row(work, "p50", "ms", many.percentile(50), "few rows", few.percentile(50), at_most=1.5)
        )

    def _prepare(self, environment: dict[str, str], what: str) -> str:
        code = f"from config.bench_heartbeat.prepare import main; print(main({what!r}))"
        return run_in_shell(environment, code)

    @staticmethod
    def _serve(environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
        command = [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--preload"),
            *("--timeout", "120", "--log-level", "warning"),
        ]
        server = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own command line
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/bare/", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.2)
        return server


def _together(some: list[Measured]) -> Measured:
    total = Measured(sum(one.seconds for one in some), sum(one.cpu for one in some))
    for one in some:
        total.times += one.times
        total.errors += one.errors
    return total
