"""The desks of trainers and regulators: what is edited, proposed and decided there, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from config.stack import Stack
from tests.journeys.stage import inside

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

B1 = """
from courses.catalogue.models import CoursePage
page = CoursePage.objects.get(code="B1")
print(page.pk, next(block.value["lecture"].pk for block in page.lessons if block.block_type == "video"))
"""


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1440, False)])
def test_the_trainers_desks_are_faultless(
    stack: Stack, visitor: Callable[..., Any], width: int, dark: bool
) -> None:
    course, lecture = stack.shell(B1).split()
    trainer = visitor(f"desk-{width}{'-dark' if dark else ''}", width=width, dark=dark)
    trainer.sign_in("trainer@demo.example")
    for name, path in (
        ("lecture", f"/admin/lectures/{lecture}/"), ("chapters", f"/admin/lectures/{lecture}/chapters/"),
        ("captions", f"/admin/lectures/{lecture}/captions/zh-Hans/"), ("course", f"/admin/pages/{course}/edit/"),
    ):  # fmt: skip
        trainer.go(path)
        trainer.shot(name)


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1440, True)])
def test_the_regulators_desks_are_faultless(visitor: Callable[..., Any], width: int, dark: bool) -> None:
    city = visitor(f"records-{width}{'-dark' if dark else ''}", width=width, dark=dark)
    city.sign_in("city@demo.example")
    page = city.go("/overview/corrections/")
    city.shot("corrections")
    page.locator("main a[href^='/overview/corrections/']").filter(visible=True).first.click()
    page.wait_for_url(re.compile(r"/overview/corrections/\d+/$"))
    city.shot("correction")
    page.locator("main a[href^='/overview/person/']").filter(visible=True).first.click()
    expect(page.locator("a[href$='/correct/']")).to_be_visible()
    city.shot("person")


def test_the_district_decides_the_correction_that_waits(stack: Stack, visitor: Callable[..., Any]) -> None:
    name = inside(stack, "waiting_correction")
    district = visitor("decide")
    district.sign_in("district@demo.example")
    page = district.go("/overview/corrections/")
    page.locator("tr", has_text=name).locator("a").first.click()
    page.wait_for_url(re.compile(r"/overview/corrections/\d+/$"))
    page.fill("textarea[name=text]", "已核对签到表与试卷原件。")
    page.locator("button[name=decision][value=approve]").click()
    page.wait_for_url("**/overview/corrections/")
    expect(page.locator("body")).to_contain_text("已批准并生效")
    expect(page.locator("tr", has_text=name).first).to_contain_text("已批准")
    district.shot("decided")
    assert inside(stack, "correction_of", name) == ["approved", "completed", "district@demo.example"]
