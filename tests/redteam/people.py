"""People who report over real HTTP to a running server, and may say anything."""

import http.client
import json
import signal
import time
from dataclasses import dataclass
from typing import Any

from config.bench_engines import run_in_shell
from config.management.commands.bench_heartbeat import Command
from config.stack import free_port


@dataclass
class Site:
    """A web server with data of its own, and people who are signed in."""

    environment: dict[str, str]
    people: list[dict[str, Any]]
    port: int = 0
    process: Any = None

    def start(self) -> None:
        self.port = self.port or free_port()
        self.process = Command._serve(self.environment, self.port)

    def stop(self, how: int = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(30)


@dataclass
class Person:
    """One person's client; it may say anything."""

    site: Site
    facts: dict[str, Any]

    def post(self, path: str, body: Any, **more: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={self.facts['cookie']}; csrftoken={self.facts['csrf']}",
            "X-CSRFToken": self.facts["csrf"],
            **more,
        }
        connection.request("POST", path, body if isinstance(body, str) else json.dumps(body), headers)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        return answer.status, json.loads(raw) if raw else {}

    def open(self) -> str:
        status, grant = self.post(
            "/api/learning/sessions/", {"enrolment": self.facts["enrolment"], "lesson": self.facts["lesson"]}
        )
        assert status == 201, grant
        self.began = time.monotonic() if not hasattr(self, "began") else self.began
        return grant["session"]

    def beat(self, session: str, seq: int, *spans: tuple[int, int, int, int]) -> dict[str, Any]:
        named = [{"s": s, "e": e, "t0": a, "t1": b, "rate": 1} for s, e, a, b in spans]
        status, said = self.post(f"/api/learning/sessions/{session}/heartbeat/", {"seq": seq, "spans": named})
        assert status == 200, said
        return said


def play(
    person: Person, session: str, seconds: float, *, media: int = 0, clock: int = 0, seq: int = 0
) -> int:
    """Play honestly in real time and report each half second, at least `seconds` of it; return the next number."""
    begin, told = time.monotonic(), 0
    # What a slow machine takes between two reports is not played: only what was told counts.
    while told < seconds * 1000:
        passed = int((time.monotonic() - begin) * 1000)
        time.sleep(0.5)
        now = int((time.monotonic() - begin) * 1000)
        person.beat(session, seq, (media + passed, media + now, clock + passed, clock + now))
        told, seq = told + now - passed, seq + 1
    return seq


def shell(site: Site, code: str) -> str:
    """Run lines of Python beside the server, with its database; what they print is returned."""
    return run_in_shell(site.environment, code)
