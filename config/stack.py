"""The real platform as processes, as `make run` starts it, for benchmarks and tests."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.env import ROOT


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """Broker, web, worker, encoder and scheduler under the supervisor, with data of their own."""

    folder: Path
    demo: bool = True
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "serve.log"

    def start(self) -> None:
        """Start the processes and wait until all engines answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        if self.demo:
            command.append("--demo")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "VAR_DIR": str(self.folder), "PORT": str(self.port), **self.environment},
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.until(lambda: self.health()[0] == 200, 120, "all engines answer")

    def stop(self) -> int:
        """End it as Ctrl-C does; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(90)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of `/healthz`; 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> Any:
        """Wait until `condition` is true and return it; fail with the log's end where it never is."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s until {what}\n{self.log.read_text()[-4000:]}")
            time.sleep(0.25)
        return found

    def await_demo(self, seconds: float = 600) -> None:
        """Wait until the demo is whole."""
        # With its seconds: the words alone stand in the welcome too, long before it is true.
        self.until(lambda: "the demo is whole (" in self.log.read_text(), seconds, "the demo is whole")

    def shell(self, code: str) -> str:
        """Run Python inside the platform's settings and return what it printed; fail with its last words."""
        ran = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", code],
            cwd=ROOT,
            env={**os.environ, "VAR_DIR": str(self.folder), "PORT": str(self.port), **self.environment},
            check=False,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            raise AssertionError(f"the platform's shell failed\n{ran.stderr[-2000:]}")
        return ran.stdout.strip()

    def pids(self, marker: str) -> list[int]:
        """Return the supervisor's children whose command line holds `marker`."""
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return [int(line.split()[0]) for line in listed.splitlines() if marker in line]


def chromium() -> str | None:
    """Return a Chromium: the system's, or the one that an npm package carries; None where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    package = ROOT / "node_modules" / "@sparticuz" / "chromium"
    if not package.exists():
        return None
    script = "import c from '@sparticuz/chromium'; console.log(await c.executablePath())"
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None
