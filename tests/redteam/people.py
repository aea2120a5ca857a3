"""People who report over real HTTP to a running server, and may say anything."""

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

from tests.redteam.site import Site

SLACK_MS = 2_000
ALLOWANCE_MS = 900_000
LECTURE_MS = 10 * 3_600_000

Told = tuple[int, int, int, int]

_AGO = """
from datetime import timedelta
from django.utils import timezone
from classroom.enrolment.models import Enrolment
from classroom.progress.services import open_session
enrolment = Enrolment.objects.unscoped("test").get(pk={enrolment})
lesson = enrolment.edition.lessons.get(key="{lesson}")
moment = timezone.now() - timedelta(seconds={seconds})
print(open_session(enrolment=enrolment, lesson=lesson, agent="Chrome Windows", now=moment).pk)
"""
_BROWSER = """
import json
from django.middleware.csrf import _get_new_csrf_string
from classroom.enrolment.models import Enrolment
from config.bench_heartbeat import prepare
user = Enrolment.objects.unscoped("test").select_related("user").get(pk={enrolment}).user
print(json.dumps({{"cookie": prepare._signed_in(user), "csrf": _get_new_csrf_string()}}))
"""


@dataclass
class Person:
    """One person at a browser, which may say anything."""

    site: Site
    facts: dict[str, Any]
    # When each viewing was opened, by this device's steady clock.
    opened: dict[str, float] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={self.facts['cookie']}; csrftoken={self.facts['csrf']}",
            "X-CSRFToken": self.facts["csrf"],
            **more,
        }
        connection.request(method, path, body if isinstance(body, str) else json.dumps(body), headers)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        return answer.status, raw

    def post(self, path: str, body: Any, **more: str) -> tuple[int, dict[str, Any]]:
        status, raw = self.ask("POST", path, body, **more)
        return status, json.loads(raw) if raw.startswith(b"{") else {"detail": raw[:300].decode()}

    def grant(self) -> dict[str, Any]:
        """Open a viewing; return all that is granted."""
        before = time.monotonic()
        asked = {"enrolment": self.facts["enrolment"], "lesson": self.facts["lesson"]}
        status, grant = self.post("/api/learning/sessions/", asked)
        assert status == 201, grant
        self.opened[grant["session"]] = time.monotonic()
        self.facts.setdefault("since", before)
        return grant

    def open(self) -> str:
        return str(self.grant()["session"])

    def opened_ago(self, seconds: float) -> str:
        """Return a viewing that was opened so long ago, and not heard of since."""
        before = time.monotonic()
        session = self.site.shell(_AGO.format(seconds=seconds, **self.facts))
        self.opened[session] = time.monotonic() - seconds
        self.facts.setdefault("since", before - seconds)
        return session

    def other_browser(self) -> "Person":
        """Return the same person, signed in at another browser."""
        signed_in = json.loads(self.site.shell(_BROWSER.format(**self.facts)))
        self.facts.setdefault("since", time.monotonic())
        return Person(self.site, {**self.facts, **signed_in})

    def clock(self, session: str) -> int:
        """Milliseconds of a viewing by this device's clock; the server's shows a little more."""
        return int((time.monotonic() - self.opened[session]) * 1000)

    def hear(self, session: str, said: dict[str, Any]) -> None:
        """Set a viewing's clock by an answer, as the page does after a sleep."""
        self.opened[session] = time.monotonic() - said["session_ms"] / 1000

    def beat(self, session: str, seq: int, *spans: Told) -> dict[str, Any]:
        named = [{"s": s, "e": e, "t0": a, "t1": b, "rate": 1} for s, e, a, b in spans]
        status, said = self.post(f"/api/learning/sessions/{session}/heartbeat/", {"seq": seq, "spans": named})
        assert status == 200, said
        return said

    @property
    def at_most_ms(self) -> int:
        """What a person can have by now: the time since the first viewing, at the rate cap 1.0, and the slack."""
        return int((time.monotonic() - self.facts["since"]) * 1000) + SLACK_MS


def play(person: Person, session: str, seconds: float, *, media: int = 0, seq: int = 0) -> tuple[int, int]:
    """Play honestly in real time, at least so long, and report each half second.

    What a slow machine takes between two reports is not played. Returns how far it came and the next number.
    """
    until = media + round(seconds * 1000)
    while media < until:
        start = person.clock(session)
        time.sleep(0.5)
        now = person.clock(session)
        person.beat(session, seq, (media, media + now - start, start, now))
        media, seq = media + now - start, seq + 1
    return media, seq


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment; return what each returned."""
    start = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        start.wait(20)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return [one.result(60) for one in [threads.submit(do, act) for act in acts]]
