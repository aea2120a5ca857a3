"""`kill -9` of worker, web and scheduler: everything finishes by itself and nothing is done twice."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.stack import Stack
from tests.journeys.test_learner import enrol

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


def film(path: Path, seconds: int) -> Path:
    """Make a moving picture that takes a while to encode."""
    subprocess.run(
        [
            *(
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-f",
                "lavfi",
                "-i",
                f"testsrc2=size=1280x720:rate=25:duration={seconds}",
            ),
            *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:v", "mpeg4", "-q:v", "3"),
            *("-c:a", "aac", "-shortest", str(path)),
        ],
        check=True,
    )
    return path


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


def test_a_killed_scheduler_comes_back(stack: Stack) -> None:
    (before,) = stack.pids(" beat")
    os.kill(before, signal.SIGKILL)
    stack.until(lambda: (pids := stack.pids(" beat")) and pids != [before], 30, "the scheduler runs again")
    assert stack.health()[0] == 200


def test_a_killed_web_process_loses_no_second(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = "manager@demo.example"
    learner = visitor("web-killed")
    learner.sign_in(email)
    enrol(learner, "d1")
    learner.page.locator("a.btn--main:visible").first.click()
    learner.page.wait_for_url("**/learn/**")
    learner.until("document.querySelector('video').readyState >= 2")
    start = float(learner.page.evaluate("document.querySelector('video').currentTime"))
    learner.page.locator("[data-part=play]").click()
    learner.until(f"document.querySelector('video').currentTime > {start + 4}", 30)
    for pid in stack.pids("gunicorn"):
        os.killpg(pid, signal.SIGKILL)
    learner.until(f"document.querySelector('video').currentTime > {start + 9}", 60)
    stack.until(lambda: stack.health()[0] == 200, 60, "the web process is back")
    learner.page.locator("[data-part=play]").click()
    end = float(learner.page.evaluate("document.querySelector('video').currentTime"))
    script = (
        "from classroom.progress.models import LessonProgress\n"
        f"rows = LessonProgress.objects.filter(enrolment__user__email='{email}', enrolment__course__code='D1')\n"
        "print(max([row.furthest_ms for row in rows] or [0]), sum(row.covered_ms for row in rows))"
    )

    def saved() -> bool:
        furthest = int(re.split(r"\s+", stack.shell(script))[0])
        return furthest >= (end - 1.5) * 1000

    stack.until(saved, 90, f"every second up to {end:.1f} is verified")
