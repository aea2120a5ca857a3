"""`make lint`: every check of the house, each with its time; all run even where one fails."""

import os
import subprocess
import sys
import time

from tests.environment import ROOT

CHECKS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "imports": ["lint-imports", "--no-logo"],
    "types": ["mypy", "--no-error-summary", "config", "classroom", "courses", "media"],
    "templates": ["djlint", "--lint", "--quiet", "config", "classroom", "courses", "media"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "django": ["python", "manage.py", "check", "--fail-level", "WARNING"],
    "schema": ["python", "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull],
    "words": ["python", "-m", "tests.house.words"],
    "house": ["pytest", "-q", "tests/house"],
}


def main(names: list[str]) -> int:
    """Run the named checks, or all; return 1 where one fails."""
    failed = []
    for name, command in CHECKS.items():
        if names and name not in names:
            continue
        begin = time.monotonic()
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        state = "ok" if result.returncode == 0 else "FAILED"
        print(f"{name:12}{state:8}{time.monotonic() - begin:5.1f} s", flush=True)
        if result.returncode:
            failed.append(name)
            print("\n".join((result.stdout + result.stderr).splitlines()[-200:]), flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
