"""The preview's pages: who may see them, what they show of the draft in both languages, and that nothing is kept."""

import json
import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.documents import get_document_model

from courses.catalogue.models import CoursePage
from media.models import Encode
from tests.classroom.learning.preview.conftest import (
    browser_of,
    draft_of,
    key_of,
    lecture_lesson,
    reading_lesson,
    rows,
)
from tests.factories.media import ChapterFactory, EncodeFactory, LectureFactory
from tests.factories.questions import QuestionFactory

pytestmark = pytest.mark.django_db

MARK = {"en": "Preview: nothing is recorded", "zh-hans": "预览：不作任何记录"}


def read(client: Client, address: str, language: str = "en") -> str:
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def data_of(html: str) -> dict:
    """What the player's script is told."""
    found = re.search(r'<script id="lesson-data" type="application/json">(.*?)</script>', html, re.S)
    assert found, html
    return json.loads(found[1])


def outline(page: CoursePage) -> str:
    return f"/preview/{page.pk}/"


def lesson(page: CoursePage, place: int = 0) -> str:
    return f"/preview/{page.pk}/{key_of(page, place)}/"


def every_page(page: CoursePage) -> list[str]:
    return [
        outline(page),
        *(lesson(page, place) for place in range(len(page.lessons))),
        f"/preview/{page.pk}/exam/",
    ]


# Who


@pytest.mark.parametrize(("groups", "status"), [(("Trainers",), 200), (("Reviewers",), 200), ((), 404)])
def test_whoever_may_edit_or_review_the_draft_may_try_it_and_nobody_else(member, draft, groups, status):
    client = browser_of(member(*groups))
    assert {client.get(address).status_code for address in every_page(draft)} == {status}


def test_a_learner_of_the_published_course_does_not_see_the_draft_after_it(member, trainer, draft):
    draft.get_latest_revision().publish()
    assert browser_of(member()).get(outline(draft)).status_code == 404


def test_whoever_is_not_signed_in_is_led_to_sign_in(draft):
    for address in every_page(draft):
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in/")


def test_what_is_no_course_has_no_preview(browser, draft):
    assert browser.get("/preview/999999/").status_code == 404
    assert browser.get(outline(draft.get_parent())).status_code == 404


# Nothing is kept


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_says_that_nothing_is_recorded(browser, draft, language):
    for address in every_page(draft):
        assert MARK[language] in read(browser, address, language)


def test_looking_at_everything_writes_no_row(browser, draft):
    before = rows()
    for address in every_page(draft):
        read(browser, address)
    assert rows() == before


def test_the_player_speaks_to_the_preview_only(browser, draft):
    data = data_of(read(browser, lesson(draft)))
    spoken_to = {data["addresses"][name] for name in ("sessions", "notes", "settings")}
    assert all(address.startswith(f"/api/learning/preview/{draft.pk}/") for address in spoken_to)
    walked_to = {data["addresses"][name] for name in ("next", "previous")} - {""}
    assert walked_to == {lesson(draft, 1)}


def test_what_a_device_keeps_of_a_learner_is_not_mixed_with_a_preview(browser, draft, trainer):
    first, second = (data_of(read(browser, lesson(draft, place))) for place in (0, 1))
    assert str(trainer.pseudonym) not in {first["person"], second["person"]}
    assert first["person"] != second["person"]
    assert first["lesson"].startswith("preview:")


def test_the_player_never_tells_that_anything_is_saved(browser, draft):
    words = data_of(read(browser, lesson(draft)))["words"]
    assert {words[f"save_{state}"] for state in ("ready", "saving", "saved", "resending")} == {MARK["en"]}


@pytest.mark.parametrize("place", [0, 2])
def test_no_link_and_no_form_leads_to_where_learning_is_recorded(browser, draft, place):
    html = read(browser, lesson(draft, place))
    assert not re.findall(r'(?:href|action)="(/learn/[^"]+|/exam/[^"]+|[^"]*/read/)"', html)


# What is shown


def test_the_outline_leads_to_every_lesson_and_the_exam(browser, draft):
    html = read(browser, outline(draft), "zh-hans")
    assert [address for address in every_page(draft)[1:] if f'href="{address}"' not in html] == []
    assert "期间核查" in html


def test_it_is_the_newest_draft_and_not_what_is_published(browser, trainer, draft):
    draft.get_latest_revision().publish()
    newer = CoursePage.objects.get(pk=draft.pk).get_latest_revision_as_object()
    newer.title_en = "Checks between calibrations"
    newer.save_revision(user=trainer)
    assert "Checks between calibrations" in read(browser, outline(draft))
    assert "Checks between calibrations" not in read(Client(), draft.get_url())


def test_titles_are_in_the_readers_language(browser, draft):
    assert "Intermediate checks" in read(browser, lesson(draft))
    assert "期间核查" in read(browser, lesson(draft), "zh-hans")


def test_a_lecture_stands_in_the_learners_player_with_chapters_rules_and_teacher(trainer, browser):
    lecture = LectureFactory(published=True)
    ChapterFactory(encode=lecture.current, state="published", title="导言", start_ms=0)
    page = draft_of(trainer, lecture_lesson(lecture), rate_cap="1.50", watermark=True)
    html = read(browser, lesson(page))
    assert "build/lesson.js" in html
    assert "up to 1.5×" in html
    data = data_of(html)
    assert [one["title"] for one in data["chapters"]] == ["导言"]
    assert (data["duration_ms"], data["free_seek"], data["metadata"]["artist"]) == (180_000, False, "林若曦")
    assert data["watermark"].startswith("林")


def test_the_rules_can_be_set_aside_to_get_to_a_later_place(browser, draft):
    html = read(browser, f"{lesson(draft)}?way=free&at=90000")
    data = data_of(html)
    assert (data["free_seek"], data["start_ms"]) == (True, 90_000)
    assert "/free/sessions/" in data["addresses"]["sessions"]
    assert "?way=rules" in html
    assert data_of(read(browser, f"{lesson(draft)}?way=nonsense"))["free_seek"] is False


def test_a_text_is_read_and_its_confirmation_cannot_be_pressed(browser, draft):
    html = read(browser, lesson(draft, 2))
    assert "报告负责。" in html
    assert re.search(r"<button[^>]* disabled>.*?I have read it", html, re.S)
    assert "<form" not in html.partition('<article class="reading">')[2]


def test_a_file_can_be_opened(trainer, browser):
    document = get_document_model().objects.create(title="表单", file=ContentFile(b"%PDF-1.4", "form.pdf"))
    value = {"title": "附件", "title_en": "", "summary": "", "minutes": 3, "document": document.pk}
    page = draft_of(trainer, {"type": "attachment", "id": str(uuid.uuid4()), "value": value})
    html = read(browser, lesson(page))
    assert document.url in html
    assert "表单" in html


def test_a_lesson_that_was_not_saved_yet_is_told_so_on_the_outline(browser, draft):
    answer = browser.get(
        f"/preview/{draft.pk}/{uuid.uuid4()}/", follow=True, headers={"accept-language": "en"}
    )
    assert answer.redirect_chain == [(outline(draft), 302)]
    assert "Save the draft and open it again." in answer.content.decode()


def test_a_draft_with_nothing_in_it_has_an_outline(trainer, browser):
    page = draft_of(trainer, title="空", question_bank=None)
    bare = page.get_latest_revision_as_object()
    bare.lessons = []
    bare.save_revision(user=trainer)
    assert "The lessons are being prepared." in read(browser, outline(page))


# Lectures in the making


def test_a_lecture_that_is_watchable_early_is_played_and_said_to_be_in_the_making(trainer, browser):
    encode = EncodeFactory(
        state=Encode.State.TRANSCODING, duration_ms=120_000, playable_at="2026-11-02T01:00Z"
    )
    page = draft_of(trainer, lecture_lesson(encode.lecture))
    html = read(browser, lesson(page))
    assert "This lecture is still being made." in html
    assert data_of(html)["duration_ms"] == 120_000
    assert "being made, watchable" in read(browser, outline(page))


@pytest.mark.parametrize(
    ("making", "english", "chinese"),
    [
        ("under way", "Reload this page in a while", "请稍后刷新本页"),
        ("failed", "The list of lectures says why", "视频列表中"),
        ("nothing", "Its recording has not arrived yet.", "录像尚未上传完成"),
        ("bin", "It lies in the bin.", "已在回收站"),
    ],
)
def test_a_lecture_that_cannot_be_watched_yet_says_why_and_what_to_do(
    trainer, browser, making, english, chinese
):
    lecture = {
        "under way": lambda: EncodeFactory(state=Encode.State.TRANSCODING).lecture,
        "failed": lambda: EncodeFactory(failed=True).lecture,
        "nothing": LectureFactory,
        "bin": lambda: LectureFactory(published=True, trashed_at="2026-11-02T01:00Z"),
    }[making]()
    page = draft_of(trainer, lecture_lesson(lecture), reading_lesson())
    html = read(browser, lesson(page))
    assert english in html
    assert chinese in read(browser, lesson(page), "zh-hans")
    assert "lesson-data" not in html
    assert lesson(page, 1) in html, "the next lesson can be tried all the same"


# From the courses room


def test_wagtails_preview_leads_to_the_lessons(browser, draft):
    html = read(browser, reverse("wagtailadmin_pages:view_draft", args=[draft.pk]), "zh-hans")
    assert [address for address in every_page(draft)[:-1] if f'href="{address}"' not in html] == []


def test_the_public_page_leads_nobody_to_the_preview(draft):
    draft.get_latest_revision().publish()
    assert "/preview/" not in read(Client(), CoursePage.objects.get(pk=draft.pk).get_url())


# Costs


def test_the_pages_cost_the_same_for_one_and_three_lessons_that_ask(trainer, browser):
    def costs(count: int) -> list[int]:
        lessons = [lecture_lesson(asks=[("0:10", QuestionFactory())]) for _ in range(count)]
        page = draft_of(trainer, *lessons)
        spent = []
        for address in (outline(page), lesson(page)):
            read(browser, address)
            with CaptureQueriesContext(connection) as queries:
                read(browser, address)
            spent.append(len(queries))
        return spent

    assert costs(1) == costs(3)
