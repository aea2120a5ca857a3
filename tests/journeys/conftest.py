"""A browser and the whole platform, for the five journeys."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from config.stack import Stack, chromium
from tests.environment import ROOT
from tests.journeys.stage import Platform, film, inside

SHOTS = ROOT / "var" / "shots"
# The picture in the README: written over only by a run that is asked to.
FRONT_PAGE = ROOT / "tests" / "journeys" / "home.png"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def _own_queues() -> dict[str, str]:
    """Give the platform queues and a cache of its own where the run has a Redis that all tests share."""
    return {
        name: f"{os.environ[name].rpartition('/')[0]}/{number}"
        for name, number in (("BROKER_URL", 12), ("CACHE_URL", 13))
        if os.environ.get(name, "").startswith("redis")
    }


# For this folder only: the platform costs both cores, and the browser keeps an event loop running, under
# which nothing else of the worker could start one.
@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The platform with its demo whole, lectures transcoded by its own worker."""
    # STACK_DIR keeps the filled demo between the runs of whoever works on the journeys.
    kept = os.environ.get("STACK_DIR")
    # The same folder where it is begun a second time: on PostgreSQL the rows of the first are there still.
    folder = Path(kept) if kept else tmp_path_factory.getbasetemp() / "stack"
    folder.mkdir(exist_ok=True)
    platform = Platform(folder, environment=_own_queues())
    platform.start()
    try:
        platform.await_demo()
        yield platform
    finally:
        assert platform.stop() == 0


@pytest.fixture(scope="package")
def ten_seconds(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A lecture of ten seconds, encoded by the platform's worker; its number."""
    path = film(tmp_path_factory.mktemp("film") / "ten.mp4", 10)
    lecture = int(inside(stack, "hand_in", str(path), "十秒"))
    stack.until(lambda: inside(stack, "is_published", lecture), 120, "the lecture is published")
    return lecture


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    program = chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine: the journeys did NOT run")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--autoplay-policy=no-user-gesture-required",
                "--mute-audio",
            ],
        )
        yield found
        found.close()


class Visitor:
    """A person at a browser: signs in, looks for faults of each page, keeps pictures."""

    def __init__(self, context: BrowserContext, address: str, name: str) -> None:
        self.context, self.address, self.name = context, address, name
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on(
            "console", lambda m: self.errors.append(f"{m.text} {m.location}") if m.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._count = 0

    def go(self, path: str) -> Page:
        """Open a page of the platform; it must answer below 400."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        return self.page

    def sign_in(self, email: str) -> None:
        """Sign in with the demo's password."""
        from classroom.people.demo import DEMO_PASSWORD

        self.go("/sign-in/")
        self.page.fill("input[name=username]", email)
        self.page.fill("input[name=password]", DEMO_PASSWORD)
        self.page.click("main form button.btn--main")
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)

    def until(self, expression: str, seconds: float = 30) -> None:
        """Wait until an expression holds. Asked from outside: the page's policy forbids `eval` inside."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"waited {seconds} s for {expression}"
            self.page.wait_for_timeout(150)

    def shot(self, what: str) -> None:
        """Keep a picture of the whole page and check it: no axe violation, no console error."""
        self._count += 1
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{self.name}-{self._count:02d}-{what}.png", full_page=True)
        self.faultless()

    def front_page(self) -> None:
        """Keep the window as the README shows it; in the repository too where `README_PICTURE` asks for it."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / FRONT_PAGE.name)
        if os.environ.get("README_PICTURE"):
            shutil.copyfile(SHOTS / FRONT_PAGE.name, FRONT_PAGE)

    def faultless(self) -> None:
        """Fail on an accessibility violation or an error on the console."""
        # Injected by the debugger's protocol: the page's own policy stays as strict as it is.
        self.page.evaluate(AXE.read_text() + "; 0")
        found = self.page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
            ".map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')}`)"
        )
        assert found == [], f"{self.page.url}: {found}"
        assert self.errors == [], f"{self.page.url}: {self.errors}"


@pytest.fixture
def visitor(
    stack: Stack, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """Make people at browsers of their own; `visitor("name", width=360, dark=True)`."""
    contexts: list[BrowserContext] = []

    def make(name: str, *, width: int = 1440, height: int = 900, dark: bool = False) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=width < 500,
        )
        contexts.append(context)
        return Visitor(context, stack.address, name)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Where a test keeps what it downloaded."""
    return tmp_path
