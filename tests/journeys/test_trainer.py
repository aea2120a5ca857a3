"""A trainer uploads, builds a course, previews and submits it; a reviewer publishes an edition."""

import json
import random
import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.stack import Stack
from tests.journeys.stage import film, inside

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_the_admin_is_in_chinese(visitor: Callable[..., Any]) -> None:
    trainer = visitor("admin")
    trainer.sign_in("trainer@demo.example")
    trainer.go("/admin/")
    assert trainer.page.locator("html").get_attribute("lang") in {"zh-hans", "zh-Hans"}
    trainer.shot("dashboard")
    trainer.go("/admin/lectures/?q=B1")
    expect(trainer.page.locator("#lec-rows")).to_contain_text("B1 第1讲 主体责任")
    trainer.shot("lectures")


# What the list says of a lecture on its way, in the order of the six stages.
STAGES = (r"上传 \d+%", "已收到", "已校验", r"转码 \d+%", "打包", "已发布")


def stage_of(headline: str) -> int:
    """Return the number of the stage that a headline names."""
    return next(number for number, words in enumerate(STAGES) if re.fullmatch(words, headline))


def test_an_upload_moves_through_its_stages(visitor: Callable[..., Any], tmp_path: Path) -> None:
    trainer = visitor("upload")
    trainer.sign_in("trainer@demo.example")
    trainer.go("/admin/lectures/")
    title = f"新的一讲 {uuid.uuid4().hex[:6]}"
    trainer.page.locator("input[type=file]").first.set_input_files(film(tmp_path / f"{title}.mp4", 16))
    row = trainer.page.locator("#lec-rows > *", has_text=title).first
    expect(row).to_be_visible(timeout=60_000)
    trainer.shot("moving")
    said: list[str] = []
    deadline = time.monotonic() + 180
    while not said or said[-1] != "已发布":
        assert time.monotonic() < deadline, said
        headline = row.locator(".lec-row__words b").text_content()
        if not said or said[-1] != headline:
            said.append(headline)
        trainer.page.wait_for_timeout(200)
    stages = [stage_of(headline) for headline in said]
    assert stages == sorted(stages), f"never backwards: {said}"
    assert stages.count(3) >= 2, f"the percent of the encoding moves: {said}"
    expect(row.locator(".stages__name--passed")).to_have_count(6)
    expect(row.locator("svg.scale")).to_have_attribute("aria-label", re.compile("^第 6 步，共 6 步。已发布"))
    expect(row).to_contain_text("档清晰度")
    trainer.shot("published")


def test_what_cannot_be_used_says_why(stack: Stack, visitor: Callable[..., Any], tmp_path: Path) -> None:
    trainer = visitor("bad-upload")
    trainer.sign_in("trainer@demo.example")
    trainer.go("/admin/lectures/")
    path = tmp_path / "不是视频.mp4"
    path.write_bytes(b"This is a letter and not a film. " * 400)
    trainer.page.locator("input[type=file]").first.set_input_files(path)
    failed = (
        "from media.models import Encode\n"
        "print(Encode.objects.filter(lecture__title__contains='不是视频', state='failed').exclude(reason='').count())"
    )
    stack.until(lambda: stack.shell(failed) != "0", 120, "it is failed with a reason")
    trainer.go("/admin/lectures/")
    row = trainer.page.locator("#lec-rows > *", has_text="不是视频").first
    expect(row).to_contain_text("原因")
    expect(row).to_contain_text("怎么办")
    trainer.shot("failed")


def _add_block(page: Page, label: str) -> None:
    page.locator(
        "#panel-child-内容-lessons-section, [id*=lessons-section]"
    ).first.scroll_into_view_if_needed()
    page.locator(
        "[id*=lessons-section] button[title*='插入'], [id*=lessons-section] .c-sf-add-button"
    ).last.click()
    page.get_by_role("option", name=re.compile(label)).or_(
        page.locator(".w-combobox__option", has_text=label)
    ).first.click()


def _add_reading(page: Page) -> None:
    _add_block(page, "阅读")
    page.locator("[name='lessons-1-value-title']").fill("期间核查的步骤")
    page.locator("[data-contentpath='body'] [contenteditable=true]").first.click()
    page.keyboard.type("先确定核查标准，再测量，最后判定。")


def _add_attachment(page: Page, folder: Path) -> None:
    _add_block(page, "附件")
    page.locator("[name='lessons-2-value-title']").fill("记录表")
    path = folder / "期间核查记录表.txt"
    path.write_text("日期,核查值,判定\n")
    tab = page.locator(".modal").get_by_role("tab", name="上传")
    deadline = time.monotonic() + 60
    while not tab.is_visible():
        # Of a block that was added this moment the button is there before it does anything.
        assert time.monotonic() < deadline, "no chooser opens"
        if not page.locator(".modal").count():
            page.locator("[data-contentpath='document'] button", has_text=re.compile("选择")).first.click()
        page.wait_for_timeout(3000)
    tab.click()
    form = page.locator(".modal form[data-chooser-modal-creation-form]")
    form.locator("input[type=file]").set_input_files(path)
    # The page proposes the file's name, but a moment later.
    form.locator("input[name$=title]").fill("期间核查记录表")
    form.locator("button[type=submit], input[type=submit]").click()
    expect(page.locator(".modal")).to_have_count(0, timeout=30_000)


def _set_exam(page: Page) -> None:
    page.get_by_role("tab", name="考试与证书").click()
    page.select_option("#id_question_bank", index=1)
    page.fill("#id_exam_single", "2")
    page.get_by_role("tab", name="内容").click()


def test_a_course_goes_from_draft_to_edition(
    stack: Stack, visitor: Callable[..., Any], tmp_path: Path
) -> None:
    code = f"C9{random.randrange(10**4):04}"
    title = f"仪器设备期间核查 {code}"
    trainer = visitor("author")
    trainer.sign_in("trainer@demo.example")
    parent = stack.shell("from courses.catalogue.models import CataloguePage as P; print(P.objects.get().pk)")
    page = trainer.go(f"/admin/pages/add/catalogue/coursepage/{parent}/")
    # Typed as a person does: the address follows the title by key events.
    page.locator("#id_title").press_sequentially(title)
    page.fill("#id_code", code)
    page.select_option("#id_topic", index=2)
    page.fill("#id_purpose", "两次校准之间，怎样知道设备还可信。")
    page.fill("#id_audience", "设备管理员")
    page.fill("#id_teacher", "唐一鸣")
    page.fill("#id_credit_hours", "0.1")
    _add_block(page, "讲座|视频|lecture")
    page.locator("[name='lessons-0-value-title']").fill("什么是期间核查")
    page.locator("[id*=lessons-section] button", has_text=re.compile("选择")).first.click()
    page.locator(".modal a[data-chooser-modal-choice]", has_text="E1 第1讲").first.click()
    expect(page.locator(".modal")).to_have_count(0)
    _add_reading(page)
    _add_attachment(page, tmp_path)
    _set_exam(page)
    trainer.shot("editor")
    page.get_by_role("button", name=re.compile("保存草稿")).first.click()
    page.wait_for_url("**/edit/")

    found = json.loads(
        stack.shell(
            "import json\nfrom courses.catalogue.models import CoursePage\n"
            f"p = CoursePage.objects.get(code={code!r}); print(json.dumps([p.pk, p.live]))"
        )
    )
    assert found[1] is False, "a trainer cannot publish"
    preview = trainer.go(f"/admin/pages/{found[0]}/view_draft/")
    expect(preview.locator("h1")).to_contain_text(title)
    for words in ("什么是期间核查", "期间核查的步骤", "记录表"):
        expect(preview.locator("main")).to_contain_text(words)
    trainer.shot("preview")
    page = trainer.go(f"/admin/pages/{found[0]}/edit/")
    page.locator("footer .w-dropdown__toggle, footer [data-w-dropdown-target=toggle]").last.click()
    page.get_by_role("button", name=re.compile("提交")).first.click()
    page.wait_for_load_state()

    reviewer = visitor("reviewer")
    reviewer.sign_in("reviewer@demo.example")
    review = reviewer.go(f"/admin/pages/{found[0]}/edit/")
    review.locator("footer .w-dropdown__toggle, footer [data-w-dropdown-target=toggle]").last.click()
    review.get_by_role("button", name=re.compile("批准")).first.click()
    found = stack.until(lambda: inside(stack, "edition_of", code), 60, "the approval has frozen an edition")
    assert re.fullmatch(r"\d{4}\.1", found["number"])
    assert found["lessons"] == [
        ["video", "什么是期间核查"], ["reading", "期间核查的步骤"], ["attachment", "记录表"],
    ]  # fmt: skip
    assert found["body"] == "先确定核查标准，再测量，最后判定。"
    assert found["file"] == "日期,核查值,判定\n"
    assert found["questions"] == 2
    reviewer.go(f"/courses/?q={code}")
    expect(reviewer.page.locator("main")).to_contain_text(code)
    reviewer.shot("published")
