"""Clients that report as fast as they are answered, over real HTTP."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS = 100  # of /proc/<pid>/stat a second, on every Linux


@dataclass
class Measured:
    """Times of the answers in seconds, how long it all took, and what went wrong."""

    seconds: float
    cpu: float
    times: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """Seconds of the server's processor for a thousand answers."""
        return self.cpu * 1000 / max(1, len(self.times))

    def percentile(self, percent: float) -> float:
        """Milliseconds within which so many percent were answered."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000 if ordered else 0.0


class Client(threading.Thread):
    """One learner, reporting what really passed since the report before."""

    def __init__(self, port: int, learner: dict[str, Any], until: float, is_bare: bool) -> None:
        super().__init__(daemon=True)
        self.port, self.learner, self.until, self.is_bare = port, learner, until, is_bare
        self.times: list[float] = []
        self.errors = 0

    def run(self) -> None:
        """Report until the time is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        session = self.learner["session"]
        path = "/bench/bare/" if self.is_bare else f"/api/learning/sessions/{session}/heartbeat/"
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={self.learner['cookie']}; csrftoken={self.learner['csrf']}",
            "X-CSRFToken": self.learner["csrf"],
        }
        while time.time() < self.until:
            body = json.dumps(self._report())
            begin = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            self.times.append(time.perf_counter() - begin)
            if answer.status != 200 or (not self.is_bare and json.loads(said)["refused"]):
                self.errors += 1
        connection.close()

    def _report(self) -> dict[str, Any]:
        """Return what was watched since the last report; the lecture plays on, in real time."""
        last = self.learner.setdefault("last", 1)
        now = max(last + 1, int((time.time() - self.learner["opened"]) * 1000) - 5)
        seq = self.learner.setdefault("seq", 0)
        if not self.is_bare:
            self.learner["seq"], self.learner["last"] = seq + 1, now
        media = self.learner.get("media", 0)
        if not self.is_bare:
            self.learner["media"] = media + now - last
        span = {"s": media, "e": media + now - last, "t0": last, "t1": now, "rate": 1}
        return {"seq": seq, "spans": [span], "position_ms": span["e"]}


def cpu_of(pid: int) -> float:
    """Return the processor seconds of a process and its children that are alive."""
    total = 0.0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            facts = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(folder.name) == pid or int(facts[1]) == pid:
            total += (int(facts[11]) + int(facts[12])) / _TICKS
    return total


def run(port: int, pid: int, learners: list[dict[str, Any]], seconds: float, *, is_bare: bool) -> Measured:
    """Let all learners report for so long and return what was measured."""
    before, begin = cpu_of(pid), time.time()
    clients = [Client(port, learner, begin + seconds, is_bare) for learner in learners]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    measured = Measured(time.time() - begin, cpu_of(pid) - before)
    for client in clients:
        measured.times += client.times
        measured.errors += client.errors
    return measured
