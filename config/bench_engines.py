"""What a benchmark on both databases shares: its options, and each database with a folder of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from config.env import ROOT

# Measures one engine: its name, a folder of its own, and what its processes find in their environment.
Measure = Callable[[str, Path, dict[str, str]], None]


def add_engine_options(parser: CommandParser) -> None:
    """Take where PostgreSQL is, and whether only one of both is wanted."""
    parser.add_argument(
        "--postgresql", help="the URL of an empty database; one is started where there is none"
    )
    parser.add_argument("--only", choices=["sqlite", "postgresql"])


def on_each_engine(
    name: str, options: dict[str, Any], say: Callable[[str], object], measure: Measure
) -> None:
    """Measure on SQLite, then on PostgreSQL; say so where that is not here."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        if options["only"] != "postgresql":
            measure("sqlite", Path(folder) / "sqlite", {})
        if options["only"] != "sqlite":
            _on_postgresql(Path(folder) / "postgresql", options["postgresql"], say, measure)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of `manage.py` in an environment and return what it printed; raise where it fails."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(  # noqa: S603 - our own command line
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def run_in_shell(environment: dict[str, str], code: str) -> str:
    """Run lines of Python with an environment's database and return what they printed."""
    return manage(environment, "shell", "--no-imports", "-v", "0", "-c", code)


def _on_postgresql(folder: Path, url: str | None, say: Callable[[str], object], measure: Measure) -> None:
    # The tests' private server: durability is off, as it is for SQLite's WAL between checkpoints.
    from tests.engines import PostgreSQL, postgresql_folder

    if url:
        measure("postgresql", folder, {"DATABASE_URL": url})
        return
    programs = postgresql_folder()
    if programs is None:
        say("  postgresql: not here; apt-get install postgresql, or --postgresql URL")
        return
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as name:
        Path(name).chmod(0o755)
        server = PostgreSQL(Path(name) / "server", programs)
        url = server.start()
        try:
            measure("postgresql", folder, {"DATABASE_URL": url})
        finally:
            server.stop()
