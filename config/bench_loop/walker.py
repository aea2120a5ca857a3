"""Walks pages in Chromium as each role: what an answer costs the server, and what a page makes a browser load."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Request, sync_playwright

from classroom.people.demo import DEMO_PASSWORD

_TIMING = re.compile(r'app;dur=([\d.]+), db;dur=[\d.]+;desc="(\d+)"')
_KINDS = {"script": "js", "stylesheet": "css"}
# A page is whole once it has asked for no script and no sheet for so long; the player never falls silent.
_QUIET_S = 1.0
_PATIENCE_S = 20.0


@contextmanager
def walking(program: str, address: str) -> Iterator["Walker"]:
    """Start Chromium; end it in any case."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        try:
            yield Walker(browser, address)
        finally:
            browser.close()


class Walker:
    """Opens pages of one platform; each role signs in once."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._signed_in: dict[str, Any] = {}

    @contextmanager
    def _as(self, role: str | None) -> Iterator[BrowserContext]:
        """Give a browser of its own, with nothing in its cache, to somebody of this role (None: anyone)."""
        if role is not None and role not in self._signed_in:
            self._signed_in[role] = self._sign_in(role)
        context = self._browser.new_context(
            storage_state=self._signed_in.get(role or ""),
            locale="zh-CN",
            viewport={"width": 1440, "height": 900},
        )
        try:
            yield context
        finally:
            context.close()

    def _sign_in(self, role: str) -> Any:
        with self._as(None) as context:
            page = context.new_page()
            page.goto(f"{self._address}/sign-in/")
            page.fill("input[name=username]", f"{role}@demo.example")
            page.fill("input[name=password]", DEMO_PASSWORD)
            page.click("main form button.btn--main")
            page.wait_for_url(lambda url: "/sign-in/" not in url)
            return context.storage_state()

    def cost(self, role: str | None, path: str) -> tuple[float, int]:
        """Ask for a page once; return the server's milliseconds and queries.

        Raises `ValueError` where the answer is not the page, or tells no `Server-Timing`.
        """
        with self._as(role) as context:
            answer = context.request.get(self._address + path)
            timing = _TIMING.search(answer.headers.get("server-timing", ""))
            if answer.status != 200 or timing is None:
                raise ValueError(f"{path}: {answer.status}, {answer.headers.get('server-timing')}")
            return float(timing[1]), int(timing[2])

    def weigh(self, role: str | None, path: str) -> dict[str, int]:
        """Return the bytes over the wire of the scripts (`js`) and sheets (`css`) that the page loads.

        Whatever the page asks for counts, also what its scripts import once they run.
        """
        done: list[Request] = []
        with self._as(role) as context:
            page = context.new_page()
            page.on("requestfinished", lambda request: done.append(request))
            page.goto(self._address + path, wait_until="load")
            begin = last = time.monotonic()
            count = 0
            while time.monotonic() - last < _QUIET_S and time.monotonic() - begin < _PATIENCE_S:
                page.wait_for_timeout(100)
                if (now := sum(request.resource_type in _KINDS for request in done)) != count:
                    count, last = now, time.monotonic()
            sizes = {kind: 0 for kind in _KINDS.values()}
            for request in [request for request in done if request.resource_type in _KINDS]:
                sizes[_KINDS[request.resource_type]] += request.sizes()["responseBodySize"]
        return sizes
