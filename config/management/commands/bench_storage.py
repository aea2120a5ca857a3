"""`make bench-storage`: how many bytes a watched hour of evidence takes, in the table and compacted."""

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.bench import Report, Row
from config.bench_engines import add_engine_options, manage, on_each_engine, run_in_shell

# A city's year: so many enrolments of so many hours.
_ENROLMENTS, _HOURS = 1_000_000, 10


class Command(BaseCommand):
    """Lets learners watch an hour each in a database of its own, measures, compacts, and measures again."""

    help = "Bytes of evidence a watched hour, in the table and compacted, on both databases."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many learners watch, and where PostgreSQL is."""
        parser.add_argument("--learners", type=int, default=6)
        add_engine_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; write `var/bench/storage.json`."""
        self.report, self.learners = Report("storage", self.stdout.write), options["learners"]
        on_each_engine("storage", options, self.stdout.write, self._engine)
        self.report.write()

    def _engine(self, engine: str, folder: Path, more: dict[str, str]) -> None:
        environment = {**os.environ, "VAR_DIR": str(folder), **more}
        manage(environment, "migrate", "--verbosity", "0")
        code = f"from config.bench_heartbeat.storage import main; print(main({self.learners}))"
        found = json.loads(run_in_shell(environment, code))
        hours, add = found["hours"], self.report.add
        plain, kept = found["plain"] / hours, (found["block"] + found["object"]) / hours
        add(Row(engine, "rows a watched hour", "", found["rows"] / hours))
        add(Row(engine, "in the table, with indexes, a watched hour", "KB", plain / 1024))
        add(
            Row(
                engine,
                "compacted, a watched hour",
                "KB",
                kept / 1024,
                "in the table",
                plain / 1024,
                at_most=0.15,
            )
        )
        add(Row(engine, "of that in the database", "KB", found["block"] / hours / 1024))
        gigabytes = _ENROLMENTS * _HOURS / 1024**3
        add(
            Row(
                engine,
                "a city's year, 1 M enrolments of 10 h",
                "GB",
                kept * gigabytes,
                "in the table",
                plain * gigabytes,
            )
        )
        add(Row(engine, "to compact an hour", "ms", found["compact_s"] * 1000 / hours))
        add(Row(engine, "to verify an hour, compacted", "ms", found["verify_s"] * 1000 / hours))
        add(Row(engine, "faults in what was compacted", "", found["faults"], at_most=0))
