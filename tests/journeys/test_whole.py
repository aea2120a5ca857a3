"""The whole loop: a lecture is watched, an exam passed, and there is a certificate and a line in a report."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from config.demo import cast
from config.stack import Stack
from tests.journeys.stage import inside, sit_the_exam, to_the_lecture
from tests.journeys.test_managers import HEADINGS, workbook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

HOUSE = cast.HOUSES[0]
NAME = "韩" + "".join(random.choices("甲乙丙丁戊己庚辛", k=3))


def await_certificate(learner: Any) -> tuple[str, str]:
    """Look until one's certificate can be downloaded; return its number and the path of its public page."""
    for _ in range(60):
        page = learner.go("/certificates/")
        if page.locator("a[href*='.pdf']").count():
            break
        page.wait_for_timeout(1000)
    number = re.search(
        r"/certificates/(.+)\.pdf", page.locator("a[href*='.pdf']").first.get_attribute("href")
    )
    assert number
    return number[1], page.locator("main a[href^='/v/']").first.get_attribute("href")


def test_a_watched_lecture_becomes_a_certificate_and_a_line_in_the_regulators_report(
    stack: Stack, visitor: Callable[..., Any], ten_seconds: int, downloads: Path
) -> None:
    email = inside(stack, "newcomer", NAME, HOUSE.uscc)
    code = inside(stack, "publish", ten_seconds, "从头到尾", questions=2, is_mandatory=True)
    learner = visitor("whole")
    learner.sign_in(email)
    to_the_lecture(learner, code.lower())
    learner.page.locator("[data-part=play]").click()
    expect(learner.page.locator("[data-part=completed]")).to_be_visible(timeout=60_000)
    sit_the_exam(stack, learner, email)
    number, public = await_certificate(learner)
    pdf = learner.context.request.get(f"{stack.address}/certificates/{number}.pdf")
    assert pdf.body().startswith(b"%PDF-")
    assert code in number

    anyone = visitor("whole-anyone")
    page = anyone.go(public)
    expect(page.locator("#state")).to_have_text("有效")
    expect(page.locator("main")).to_contain_text(number)
    expect(page.locator("main")).to_contain_text(HOUSE.name)

    inside(stack, "count_now")
    district = visitor("whole-district")
    district.sign_in("district@demo.example")
    line = district.page.locator("#institutions tbody tr", has_text=HOUSE.name)
    for _ in range(30):
        district.go(f"/overview/?course={code}")
        if line.locator("td[data-label='完成']").text_content() == "1":
            break
        district.page.wait_for_timeout(1000)
    rows = workbook(district, downloads, "institutions")
    told = next(dict(zip(HEADINGS, row, strict=False)) for row in rows if row[3] == HOUSE.uscc)
    counted = [told[name] for name in ("报名人数", "完成人数", "参考人数", "合格人数", "逾期人数")]
    assert counted == [1, 1, 1, 1, 0], told
    line.get_by_role("link").click()
    district.page.wait_for_url("**/overview/institution/**")
    person = district.page.locator("table.matrix tbody tr", has_text=NAME)
    person.locator("td.cell--done a").click()
    district.page.wait_for_url("**/overview/person/**")
    expect(district.page.locator("main")).to_contain_text(number)
    district.shot("evidence")
