"""A trainer uploads, builds a course, previews and submits it; a reviewer publishes an edition."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.stack import Stack
from tests.journeys.test_resilience import film

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


def test_an_upload_moves_through_its_stages(
    stack: Stack, visitor: Callable[..., Any], tmp_path: Path
) -> None:
    trainer = visitor("upload")
    trainer.sign_in("trainer@demo.example")
    trainer.go("/admin/lectures/")
    path = film(tmp_path / "新的一讲.mp4", 8)
    trainer.page.locator("input[type=file]").first.set_input_files(path)
    row = trainer.page.locator("#lec-rows > *", has_text="新的一讲").first
    expect(row).to_be_visible(timeout=60_000)
    trainer.shot("moving")
    published = (
        "from media.models import Lecture\n"
        "print(Lecture.objects.filter(title__contains='新的一讲', current__isnull=False).count())"
    )
    stack.until(lambda: stack.shell(published) != "0", 180, "the upload is published")
    trainer.go("/admin/lectures/")
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


def test_a_course_goes_from_draft_to_edition(stack: Stack, visitor: Callable[..., Any]) -> None:
    trainer = visitor("author")
    trainer.sign_in("trainer@demo.example")
    parent = stack.shell("from courses.catalogue.models import CataloguePage as P; print(P.objects.get().pk)")
    page = trainer.go(f"/admin/pages/add/catalogue/coursepage/{parent}/")
    # Typed as a person does: the address follows the title by key events.
    page.locator("#id_title").press_sequentially("仪器设备期间核查")
    page.fill("#id_code", "C9")
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
    trainer.shot("editor")
    page.get_by_role("button", name=re.compile("保存草稿")).first.click()
    page.wait_for_url("**/edit/")

    found = json.loads(
        stack.shell(
            "import json\nfrom courses.catalogue.models import CoursePage\n"
            "p = CoursePage.objects.get(code='C9'); print(json.dumps([p.pk, p.live]))"
        )
    )
    assert found[1] is False, "a trainer cannot publish"
    preview = trainer.go(f"/admin/pages/{found[0]}/view_draft/")
    expect(preview.locator("h1")).to_contain_text("仪器设备期间核查")
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
    done = (
        "from courses.catalogue.models import Edition\n"
        "print(Edition.objects.filter(course__code='C9').values_list('number', flat=True).first() or '')"
    )
    number = stack.until(lambda: stack.shell(done), 60, "the approval has frozen an edition")
    assert re.fullmatch(r"\d{4}\.1", number)
    reviewer.go("/courses/?q=期间核查")
    expect(reviewer.page.locator("main")).to_contain_text("C9")
    reviewer.shot("published")
