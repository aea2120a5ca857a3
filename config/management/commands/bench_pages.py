"""`make bench-pages`: a learner's pages with 200 lessons and 100,000 rows of evidence beside those with few."""

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.bench import Report, Row
from config.bench_engines import add_engine_options, manage, on_each_engine, run_in_shell

_FEW = (2, 10)
_AT_MOST_MS = 60


class Command(BaseCommand):
    """Publishes a short and a long course in a database of its own and asks for a learner's pages of each."""

    help = "Server time and queries of a learner's pages with a long course and much evidence, on both databases."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long the course is, how much evidence there is, and where PostgreSQL is."""
        parser.add_argument("--lessons", type=int, default=200)
        parser.add_argument("--rows", type=int, default=100_000)
        add_engine_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; write `var/bench/pages.json`."""
        self.report, self.much = Report("pages", self.stdout.write), (options["lessons"], options["rows"])
        on_each_engine("pages", options, self.stdout.write, self._engine)
        self.report.write()

    def _engine(self, engine: str, folder: Path, more: dict[str, str]) -> None:
        environment = {**os.environ, "VAR_DIR": str(folder), **more}
        manage(environment, "migrate", "--verbosity", "0")
        code = f"from config.bench_pages import main; print(main({[_FEW, self.much]!r}))"
        few, many = json.loads(run_in_shell(environment, code))
        lessons, rows = self.much
        work, baseline = f"{engine}, {lessons} lessons, {rows:,} rows", f"{_FEW[0]} lessons, {_FEW[1]} rows"
        for page, (ms, cpu_ms, queries) in many.items():
            few_ms, few_cpu_ms, few_queries = few[page]
            self.report.add(Row(work, f"{page}: server time", "ms", ms, at_most=_AT_MOST_MS))
            # On a machine that does other things too, this is what the page itself costs this process.
            self.report.add(Row(work, f"{page}: of it CPU", "ms", cpu_ms))
            self.report.add(Row(work, f"{page}: the same with few", "ms", few_ms))
            self.report.add(Row(work, f"{page}: of it CPU, with few", "ms", few_cpu_ms))
            self.report.add(Row(work, f"{page}: queries", "", queries, baseline, few_queries, at_most=1.0))
