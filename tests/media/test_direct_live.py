"""A real browser sends a real file straight into a bucket: policy, CORS, parts side by side, going on."""

import hashlib
import os
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from config import env
from config.stack import chromium
from media import direct, direct_check
from media.models import Lecture, Source, Upload
from tests.media import visitors
from tests.media.buckets import S3

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# Two parts, the last one small.
FILE = b"\x00\x00\x00\x18ftypmp42" + random.Random(7).randbytes(1 << 20) * 16
DONE = "Received. You may close this page."


@pytest.fixture
def apart() -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Do something with the database beside the browser's event loop."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda act: pool.submit(act).result(60)
        pool.submit(lambda: connection.close()).result(60)


@pytest.fixture
def context(s3: S3, live_server: Any, settings: Any) -> Iterator[BrowserContext]:
    """A trainer's browser before the site, whose policy names the bucket as it would be configured."""
    program = chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine: uploads straight into a bucket were NOT tried in one")
    address = f"s3://key:secret@{s3.name}?endpoint={s3.client.meta.endpoint_url}&region=us-east-1"
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = [*policy["connect-src"], *env.storage_origins(address)]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "connect-src": sources}}
    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(visitors.member("Trainers"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        found = browser.new_context(base_url=live_server.url, locale="en")
        found.add_cookies([cookie])  # type: ignore[list-item]
        yield found
        browser.close()


def choose(page: Page, film: Path) -> None:
    """Choose a file in the uploader of the list."""
    page.goto("/admin/lectures/")
    page.locator("[data-up-input]").set_input_files(film)


def is_received(page: Page) -> None:
    expect(page.locator(".up__words")).to_have_text("Received. You may close this page.", timeout=30_000)


def digest() -> str:
    return str(Source.objects.values_list("digest", flat=True).get())


def arrived() -> int:
    """How many parts the bucket has of the only upload."""
    upload = Upload.objects.select_related("direct").first()
    return len(direct.standing(upload).have) if upload and upload.direct.multipart else 0


def test_a_file_goes_straight_and_on_after_a_reload(
    context: BrowserContext, apart: Any, tmp_path: Path, s3: S3
) -> None:
    film, faults, sent = tmp_path / "lecture.mp4", [], []
    film.write_bytes(FILE)
    context.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    context.on("request", lambda asked: sent.append(asked.url) if asked.method == "PUT" else None)
    page = context.new_page()
    second = re.compile("partNumber=2")
    page.route(second, lambda route: route.abort())
    choose(page, film)
    for _ in range(100):
        if apart(arrived) == 1:
            break
        page.wait_for_timeout(100)
    assert apart(arrived) == 1
    page.goto("/sign-in/")
    page.unroute(second)
    faults.clear()
    sent.clear()
    choose(page, film)
    is_received(page)
    assert [re.findall(r"partNumber=(\d+)", url) for url in sent] == [["2"]]
    assert sent[0].startswith(f"{s3.client.meta.endpoint_url}/{s3.name}/")
    assert faults == []
    assert apart(direct_check.do_one)
    assert apart(digest) == hashlib.sha256(FILE).hexdigest()
    assert apart(Lecture.objects.count) == apart(Upload.objects.count) == 1
