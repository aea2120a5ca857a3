"""Runs the whole suite on SQLite with the embedded engines, then on PostgreSQL with Redis.

`python -m tests.matrix [pytest arguments]`. Where an engine is missing, a laptop is told so loudly
and goes on; with CI set it fails. The second half is asked each test that asks an engine, but of those
with many values only the first and the last; `TEST_EVERYTHING=yes` asks it all, in half an hour more.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.engines import redis_server
from config.stack import chromium
from tests.engines import PostgreSQL, Redis, postgresql_folder
from tests.environment import ROOT, SAMPLES

_ENGINE_VARIABLES = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "STORAGE_URL", "EMAIL_URL", "MODE")


def run(name: str, variables: dict[str, str], arguments: list[str]) -> int:
    """Run pytest with `variables` and return its exit code."""
    print(f"\n== {name}", flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="classroom-") as folder:
        environment = {key: value for key, value in os.environ.items() if key not in _ENGINE_VARIABLES}
        environment |= {"VAR_DIR": folder, "TEST_ENGINES": name, **variables}
        # One worker more than the smallest machine has cores: the one that holds the stacks waits for real
        # seconds of playing most of the time.
        command = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadgroup", "-rfERs", *arguments]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(
        f"== {name}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - begin:.0f} s",
        flush=True,
    )
    # At the end of each half: what stood before it has scrolled away.
    for line in missing():
        print(f"\n!! {line}\n", flush=True)
    return code


def missing() -> list[str]:
    """Return what is not on this machine and which tests do not run for it."""
    found = []
    if not SAMPLES.is_dir():
        found.append(f"{SAMPLES} is not there: the sample videos, tables and captions are NOT tried.")
    if chromium() is None:
        found.append("Chromium is not on this machine: the journeys do NOT run.")
    return found


def main(arguments: list[str]) -> int:
    """Run both halves; return the first code that is not 0."""
    codes = [run("SQLite, embedded", {}, arguments)]
    programs, redis = postgresql_folder(), redis_server()
    if programs is None or redis is None:
        absent = "PostgreSQL" if programs is None else "Redis"
        print(
            f"\n!! {absent} is not on this machine: the suite did NOT run on PostgreSQL with Redis.\n",
            flush=True,
        )
        return codes[0] or (1 if os.environ.get("CI") else 0)
    folder = Path(tempfile.mkdtemp(prefix="classroom-pg-"))
    folder.chmod(0o755)
    server, broker = PostgreSQL(folder, programs), Redis(redis)
    try:
        database, address = server.start(), broker.start()
        variables = {"DATABASE_URL": database, "BROKER_URL": f"{address}/0", "CACHE_URL": f"{address}/1"}
        # Their encoding takes a fifth of a half's time and asks no database more than these do.
        if not os.environ.get("TEST_EVERYTHING"):
            variables["DEMO_LECTURES"] = "2"
        codes.append(run("PostgreSQL, Redis", variables, arguments))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
