"""The institution's manager and the regulators: each sees their own, and can take it away as a file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import expect

from config.demo import cast
from config.stack import Stack
from tests.journeys.stage import inside

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

HEADINGS = [
    "序号", "所属区", "机构名称", "统一社会信用代码", "资质认定证书编号", "应培训人数", "报名人数", "完成人数",
    "完成率(%)", "参考人数", "合格人数", "合格率(%)", "逾期人数", "人均学时", "统计截止时间",
]  # fmt: skip


def workbook(visitor: Any, downloads: Path, kind: str) -> list[list[Any]]:
    """Ask the page for the XLSX of a kind of table and return the rows."""
    with visitor.page.expect_download(timeout=60_000) as waiting:
        form = visitor.page.locator("form", has=visitor.page.locator(f"input[name=kind][value={kind}]"))
        form.locator("button[value=xlsx]").first.click()
    path = downloads / "export.xlsx"
    waiting.value.save_as(path)
    return [list(row) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)]


def state_of(cell: str) -> str:
    """Return what a cell's class says: complete, late, or under way; what ends or falls due is said beside."""
    kind = cell.rpartition("cell--")[2].split()[0]
    return {"expiring": "done", "expired": "done", "soon": "active"}.get(kind, kind)


def test_a_manager_sees_who_is_enrolled_under_way_complete_and_overdue(
    stack: Stack, visitor: Callable[..., Any]
) -> None:
    standing = inside(stack, "standing_of_staff", cast.HOUSES[0].uscc)
    manager = visitor("manager-states")
    manager.sign_in("manager@demo.example")
    page = manager.go("/institution/people/")
    shown: dict[str, dict[str, str]] = {}
    words: dict[str, set[str]] = {}
    for row in page.locator("table.matrix tbody tr").all():
        name = row.locator(".matrix__name b").inner_text()
        for cell in row.locator("td.cell:has(a)").all():
            state = state_of(cell.get_attribute("class"))
            shown.setdefault(name, {})[cell.locator(".cell__code").text_content()] = state
            said = cell.locator(".cell__words")
            words.setdefault(state, set()).add(said.text_content() + said.inner_html())
    assert shown == standing
    assert set(words) == {"done", "active", "overdue"}, "the demo shows every state"
    assert all(re.search(r"逾 \d+ 天", text) for text in words["overdue"]), words["overdue"]
    assert all("完成" in text or "证书" in text for text in words["done"]), words["done"]
    assert all(re.search(r"\d+%|考试|未开始", text) for text in words["active"]), words["active"]
    late = sum(state == "overdue" for courses in standing.values() for state in courses.values())
    expect(page.locator(".four-counts__figure.is-over b")).to_have_text(str(late))
    page.select_option("#filter-state", "overdue")
    page.wait_for_url("**state=overdue**")
    names = page.locator("table.matrix .matrix__name b").all_inner_texts()
    assert sorted(names) == sorted(
        name for name, courses in standing.items() if "overdue" in courses.values()
    )


@pytest.mark.parametrize("width", [360, 1440])
def test_a_manager_sees_their_own_people_and_no_others(visitor: Callable[..., Any], width: int) -> None:
    manager = visitor(f"manager-{width}", width=width)
    manager.sign_in("manager@demo.example")
    manager.go("/institution/people/")
    text = manager.page.locator("main").inner_text()
    own = [person.name for person in cast.staff() if person.house == "A0101"]
    others = {person.name for person in cast.staff() if person.house != "A0101"} - set(own)
    assert all(name in text for name in own)
    assert not any(name in text for name in others)
    manager.shot("people")


def test_a_manager_exports(visitor: Callable[..., Any], downloads: Path) -> None:
    manager = visitor("manager-export")
    manager.sign_in("manager@demo.example")
    manager.go("/institution/people/")
    rows = workbook(manager, downloads, "people")
    names = {str(cell) for row in rows for cell in row}
    assert "陈思远" in names


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1440, False)])
def test_a_district_sees_itself_and_no_other(
    stack: Stack, visitor: Callable[..., Any], width: int, dark: bool
) -> None:
    district = visitor(f"district-{width}", width=width, dark=dark)
    district.sign_in("district@demo.example")
    district.go("/overview/")
    text = district.page.locator("main").inner_text()
    assert "东岸食品检测" in text
    for house in cast.HOUSES:
        if house.authority != "SH-310115":
            assert house.name not in text
    district.shot("overview")
    for path in ("/overview/SH-310104/", "/overview/SH-LG/", "/overview/SH/"):
        answer = district.page.goto(stack.address + path)
        assert answer is not None
        assert answer.status == 404, path


def test_a_district_drills_down_to_a_person(visitor: Callable[..., Any]) -> None:
    district = visitor("drill")
    district.sign_in("district@demo.example")
    district.go("/overview/")
    district.page.get_by_role("link", name="东岸食品检测（演示）有限公司").first.click()
    district.page.wait_for_url("**/overview/institution/**")
    district.shot("institution")
    district.page.locator("a[href^='/overview/person/']").first.click()
    district.page.wait_for_url("**/overview/person/**")
    expect(district.page.locator("main .ruler").first).to_be_visible()
    district.shot("person")


def test_the_city_sees_all_districts_and_exports_with_the_fields_headings(
    visitor: Callable[..., Any], downloads: Path
) -> None:
    city = visitor("city")
    city.sign_in("city@demo.example")
    city.go("/overview/")
    text = city.page.locator("main").inner_text()
    for name in ("黄浦", "徐汇", "长宁", "静安", "普陀", "虹口", "杨浦", "闵行", "宝山", "嘉定", "浦东", "金山", "松江",
                 "青浦", "奉贤", "崇明", "临港"):  # fmt: skip
        assert name in text, name
    city.shot("overview")
    rows = workbook(city, downloads, "institutions")
    head = next(index for index, row in enumerate(rows) if row[0] == "序号")
    assert rows[head][: len(HEADINGS)] == HEADINGS
    codes = {row[3] for row in rows[head + 1 :] if row[3]}
    assert {house.uscc for house in cast.HOUSES} <= codes


def test_strangers_are_sent_to_sign_in(stack: Stack, visitor: Callable[..., Any]) -> None:
    someone = visitor("stranger")
    for path in ("/institution/people/", "/overview/", "/learn/", "/certificates/", "/me/"):
        someone.page.goto(stack.address + path)
        assert "/sign-in/" in someone.page.url, path
    learner = visitor("wrong-person")
    learner.sign_in("learner@demo.example")
    for path in ("/institution/people/", "/overview/"):
        answer = learner.page.goto(stack.address + path)
        assert answer is not None
        assert answer.status in {403, 404}, path
