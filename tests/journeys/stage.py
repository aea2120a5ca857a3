"""Set-up that journeys share: films, acts inside the platform, and what a learner does again and again."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from config.stack import Stack
from tests.open_shell import OpenShell

READY = "document.querySelector('video').readyState >= 3"
AT = "document.querySelector('video').currentTime"
RIGHT = """
import json
from classroom.exams.models import Attempt
from courses.questions.models import QuestionVersion
attempt = Attempt.objects.unscoped("the journey knows the answers").filter(
    enrolment__user__email="{email}", state="in_progress").latest("pk")
versions = QuestionVersion.objects.in_bulk([item["version"] for item in attempt.paper])
print(json.dumps([[o["text"] for o in versions[i["version"]].options if o["key"] in versions[i["version"]].answers]
    for i in attempt.paper], ensure_ascii=False))
"""


class Platform(Stack):
    """The platform with one shell that stays open."""

    _shell: OpenShell | None = None

    def shell(self, code: str) -> str:
        """Run Python inside the platform's settings and return what it printed; fail with its last words."""
        if self._shell is None:
            own = {"VAR_DIR": str(self.folder), "PORT": str(self.port), **self.environment}
            self._shell = OpenShell({**os.environ, **own})
        return self._shell(code)

    def stop(self) -> int:
        """End it as Ctrl-C does, its shell first; return the exit code."""
        if self._shell is not None:
            self._shell.close()
        return super().stop()


def inside(stack: Stack, act: str, *arguments: object, **named: object) -> Any:
    """Run one act of `tests.journeys.inside` in the platform's shell and return what it returned."""
    given = ", ".join([*map(repr, arguments), *(f"{name}={value!r}" for name, value in named.items())])
    code = f"import json\nfrom tests.journeys import inside\nprint(json.dumps(inside.{act}({given})))"
    return json.loads(stack.shell(code))


def film(path: Path, seconds: int) -> Path:
    """Make a moving picture that takes a while to encode."""
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y"),
            *("-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=25:duration={seconds}"),
            *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:v", "mpeg4", "-q:v", "3"),
            *("-c:a", "aac", "-shortest", str(path)),
        ],
        check=True,
    )
    return path


def enrol(learner: Any, slug: str) -> None:
    """Open a course and enrol in it where that was not done yet."""
    learner.go(f"/courses/{slug}/")
    button = learner.page.locator("form[action*='/enrol/'] button:visible")
    if button.count():
        button.first.click()
        learner.page.wait_for_load_state()
        learner.go(f"/courses/{slug}/")


def to_the_lecture(learner: Any, slug: str) -> None:
    """Enrol in a course and open where it goes on, until the video can play."""
    enrol(learner, slug)
    learner.page.locator("a.btn--main:visible").first.click()
    learner.page.wait_for_url("**/learn/**")
    learner.until(READY)


def sit_the_exam(stack: Stack, learner: Any, email: str) -> None:
    """Open the exam that waits, answer everything rightly and hand it in."""
    page = learner.page
    learner.go("/learn/")
    page.locator("a[href^='/exam/']").first.click()
    page.wait_for_url(re.compile(r"/exam/\d+/"))
    learner.shot("cover")
    page.locator("main form button.btn--main").click()
    page.wait_for_url("**/exam/attempt/**")
    for number, texts in enumerate(json.loads(stack.shell(RIGHT.format(email=email))), 1):
        page.locator(f"[data-cell='{number}']").click()
        question = page.locator(f"[data-question='{number}']")
        for text in texts:
            option = question.locator("label.option", has_text=re.compile(rf"{re.escape(text)}\s*$"))
            option.locator("input").check()
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "saved", timeout=15_000)
    learner.shot("answered")
    page.locator("[data-review]").click()
    page.locator("[data-submit] button").click()
    page.wait_for_url("**/result/")
    learner.shot("result")
