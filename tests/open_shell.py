"""A shell of the platform that stays open: each start of one costs seconds, and it is asked hundreds of times."""

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.environment import ROOT

# Runs each line of its input, a script as JSON, and answers with what the script printed or how it failed.
LOOP = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            exec(json.loads(line), {})
        answer = {"said": told.getvalue().strip()}
    except Exception:
        answer = {"failed": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
"""


@dataclass
class OpenShell:
    """Runs Python in an environment, with its settings and its database."""

    environment: dict[str, str]
    _process: subprocess.Popen[str] | None = None

    def __call__(self, code: str) -> str:
        """Run lines of Python and return what they printed; fail with their last words."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", LOOP],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(code), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline() or '{"failed": "it ended"}')
        if "failed" in answer:
            raise AssertionError(f"the platform's shell failed\n{answer['failed'][-2000:]}")
        return str(answer["said"])

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate(timeout=30)
            self._process = None
