"""`kill -9` of worker, web and scheduler: everything finishes by itself and nothing is done twice."""

import json
import os
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.stack import Stack
from tests.journeys.stage import AT, film, inside, to_the_lecture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

INGEST = """
from classroom.people.models import User
from media.ingest import ingest_file
lecture = ingest_file(path={path!r}, title={title!r}, owner=User.objects.get(email="trainer@demo.example"), tenant="test")
print(lecture.pk)
"""
STATE = """
import json
from media.models import Lecture
lecture = Lecture.objects.get(pk={pk})
encode = lecture.encodes.latest("number")
print(json.dumps({{"state": encode.state, "reason": encode.reason, "detail": encode.detail[-300:],
    "encodes": lecture.encodes.count(), "current": str(lecture.current_id), "id": str(encode.pk),
    "chunks": [[c.state, c.attempts] for c in encode.chunks.all()],
    "names": sorted(encode.renditions.values_list("name", flat=True)), "duration": encode.duration_ms}}))
"""


def state(stack: Stack, pk: int) -> dict[str, Any]:
    """Return where the lecture's newest encode stands."""
    return dict(json.loads(stack.shell(STATE.format(pk=pk))))


def test_a_killed_encoder_is_recovered_from(stack: Stack, tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", 40)
    pk = int(stack.shell(INGEST.format(path=str(path), title="断电测试")))
    stack.until(lambda: state(stack, pk)["state"] == "transcoding", 90, "it is being transcoded")
    for pid in stack.pids("encoder@"):
        os.killpg(pid, signal.SIGKILL)
    found = stack.until(
        lambda: (s := state(stack, pk))["state"] in {"published", "failed"} and s,
        300,
        "it is published by itself",
    )
    assert found["state"] == "published", found
    assert found["current"] == found["id"]
    assert found["encodes"] == 1
    assert all(chunk == "done" and attempts <= 2 for chunk, attempts in found["chunks"]), found
    assert len(found["names"]) == len(set(found["names"])) > 1
    assert abs(found["duration"] - 40_000) < 300


def shown_as_whole(stack: Stack, token: str) -> bool:
    """Whether the certificate's public page says that its PDF is there and as it was signed."""
    with urllib.request.urlopen(f"{stack.address}/v/{token}/", timeout=10) as answer:
        return "有效，签名后未改动" in answer.read().decode()


def test_due_certificates_are_made_after_worker_and_scheduler_were_killed(stack: Stack) -> None:
    (beat,), (worker,) = stack.pids(" beat"), stack.pids("worker@")
    # It holds still with the task in its hands, so that the kill can come neither too early nor too late.
    os.killpg(worker, signal.SIGSTOP)
    in_hand = inside(stack, "correct_a_certificate", tells_worker=True)
    # Nobody is told of this one: only the scheduler's sweep can find it.
    os.kill(beat, signal.SIGKILL)
    untold = inside(stack, "correct_a_certificate", tells_worker=False)
    assert not any(shown_as_whole(stack, token) for token in (in_hand, untold))
    os.killpg(worker, signal.SIGKILL)
    for token in (in_hand, untold):
        stack.until(lambda token=token: shown_as_whole(stack, token), 90, f"{token} is made")
    assert stack.pids(" beat") != [beat]
    assert stack.pids("worker@") != [worker]
    assert stack.health()[0] == 200


def test_a_killed_web_process_loses_no_second(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = inside(stack, "newcomer", "程不断")
    learner = visitor("web-killed")
    learner.sign_in(email)
    to_the_lecture(learner, "d1")
    learner.page.locator("[data-part=play]").click()
    learner.until(f"{AT} > 4", 30)
    for pid in stack.pids("gunicorn"):
        os.killpg(pid, signal.SIGKILL)
    learner.until(f"{AT} > 9", 60)
    stack.until(lambda: stack.health()[0] == 200, 60, "the web process is back")
    learner.page.locator("[data-part=play]").click()
    end_ms = float(learner.page.evaluate(AT)) * 1000

    def saved() -> list[Any]:
        found = inside(stack, "spans", email)
        return found if found and found[0][2] >= end_ms - 500 else []

    ((spans, covered, furthest),) = stack.until(saved, 90, f"{end_ms:.0f} ms are verified")
    assert len(spans) == 1, f"a gap where the web process was away: {spans}"
    assert spans[0][0] <= 200, f"the first moments are missing: {spans}"
    assert covered == spans[0][1] - spans[0][0]
    assert furthest == spans[0][1] <= end_ms + 500, "nothing was counted that was not shown"
