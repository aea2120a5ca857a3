"""Chapters, slides and the viewer's name on a lecture's page."""

import json
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from classroom.learning.marks import Slide
from classroom.learning.watermark import watermark_of
from courses.catalogue.models import EditionLesson
from media.models import Chapter, Encode
from media.models import Slide as SlideRow
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory
from tests.factories.media import EncodeFactory
from tests.factories.people import UserFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(learner: Learner) -> EditionLesson:
    """A lecture of three minutes of an edition that somebody takes."""
    return learner.lesson


def chapter(encode: Encode, start_ms: int, title: str, state: str = "published") -> Chapter:
    return Chapter.objects.create(encode=encode, start_ms=start_ms, title=title, state=state)


def slide(
    encode: Encode, number: int, text: str = "", state: str = "published", seconds: int = 30
) -> SlideRow:
    start = (number - 1) * seconds * 1000
    return SlideRow.objects.create(
        encode=encode,
        number=number,
        start_ms=start,
        end_ms=start + seconds * 1000,
        file=f"slides/{number}.jpg",
        text=text,
        state=state,
    )


def address(learner: Learner, lesson: EditionLesson) -> str:
    return f"/learn/{learner.enrolment.pk}/{lesson.key}/"


def read(api: Client, learner: Learner, lesson: EditionLesson, language: str = "en") -> str:
    api.cookies["django_language"] = language
    answer = api.get(address(learner, lesson))
    assert answer.status_code == 200
    return answer.content.decode()


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script id="lesson-data" type="application/json">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def panel(html: str, name: str) -> str:
    """The words of a panel, told by the id of its part."""
    found = re.search(rf'<div class="[^"]*" role="tabpanel" id="panel-{name}".*?</ol>', html, re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


# Chapters.


def test_chapters_are_listed_with_links_that_work_without_script(api, learner, lesson):
    chapter(lesson.encode, 0, "主体责任")
    chapter(lesson.encode, 95_000, "分包 <的> 前提")
    html = read(api, learner, lesson)
    assert re.findall(r'<a class="chapter" href="([^"]+)"', html) == ["?at=0", "?at=95000"]
    assert "01:35 分包 &lt;的&gt; 前提" in panel(html, "chapters")
    assert 'aria-controls="panel-chapters"' in html
    assert data_of(html)["chapters"] == [
        {"start_ms": 0, "title": "主体责任"},
        {"start_ms": 95_000, "title": "分包 <的> 前提"},
    ]


def test_the_ruler_bears_a_tick_and_a_title_a_chapter_and_lights_where_one_stopped(api, learner, lesson):
    for start, title in ((0, "甲"), (60_000, "乙"), (120_000, "丙")):
        chapter(lesson.encode, start, title)
    learner.open()
    learner.progress.__class__.objects.update(position_ms=60_000)
    html = read(api, learner, lesson)
    assert len(re.findall(r'class="ruler__part"', html)) == 2
    lit = re.findall(r'class="ruler__label ruler__label--current ruler__label--full"[^>]*>([^<]+)<', html)
    assert lit == ["乙"]


def test_a_lecture_without_chapters_and_slides_has_neither_panels_nor_keys_for_them(api, learner, lesson):
    chapter(lesson.encode, 0, "未发布", state="proposed")
    slide(lesson.encode, 1, "未发布", state="proposed")
    slide(lesson.encode, 2, "隐藏", state="hidden")
    html = read(api, learner, lesson)
    assert "panel-chapters" not in html
    assert "panel-slides" not in html
    assert "Previous, next chapter" not in html
    assert "未发布" not in html
    assert "Search the transcript" in html
    assert (data_of(html)["chapters"], data_of(html)["slides"]) == ([], [])


def test_an_edition_keeps_the_chapters_of_the_encode_that_it_teaches(api, learner, lesson):
    chapter(lesson.encode, 0, "旧版章节")
    newer = EncodeFactory(lecture=lesson.lecture, number=2)
    lesson.lecture.current = newer
    lesson.lecture.save()
    chapter(newer, 0, "新版章节")
    slide(newer, 1, "新版画面")
    html = read(api, learner, lesson)
    assert "旧版章节" in html
    assert "新版" not in html


def test_a_chapter_beyond_the_end_is_left_out(api, learner, lesson):
    for start in (0, lesson.duration_ms - 1, lesson.duration_ms):
        chapter(lesson.encode, start, f"始于{start}")
    html = read(api, learner, lesson)
    assert [mark["start_ms"] for mark in data_of(html)["chapters"]] == [0, lesson.duration_ms - 1]


# Slides.


def test_slides_are_listed_by_their_first_line_and_searched_whole(api, learner, lesson):
    slide(lesson.encode, 1, "\n 可以分包的三个前提\n承担方有资质")
    slide(lesson.encode, 2)
    html = read(api, learner, lesson)
    words = panel(html, "slides")
    assert "00:00 可以分包的三个前提" in words
    assert "承担方有资质" not in words
    assert "00:30 Slide 2" in words
    assert "幻灯片 2" in panel(read(api, learner, lesson, "zh-hans"), "slides")
    assert "Search transcript and slides" in html
    told = data_of(html)["slides"]
    assert [one["file"] for one in told] == ["slides/1.jpg", "slides/2.jpg"]
    assert "承担方有资质" in told[0]["text"]


@pytest.mark.parametrize(
    ("text", "title"),
    [("", ""), (" \n\t\n", ""), ("一\n二", "一"), ("\n  二  \n", "二"), ("长" * 61, "长" * 60)],
)
def test_a_slide_is_named_by_its_first_line_that_says_something(text, title):
    assert Slide(0, 1, text, "").title == title


@pytest.mark.parametrize("count", [1, 3, 40])
def test_the_page_costs_the_same_with_any_number_of_chapters_and_slides(api, learner, lesson, count):
    for number in range(1, count + 1):
        chapter(lesson.encode, number * 1000, f"第{number}章")
        slide(lesson.encode, number, seconds=2)
    read(api, learner, lesson)
    with CaptureQueriesContext(connection) as queries:
        html = read(api, learner, lesson)
    assert html.count('class="slide"') == count
    marks = [
        one["sql"]
        for one in queries.captured_queries
        if "media_chapter" in one["sql"] or "media_slide" in one["sql"]
    ]
    assert len(marks) == 2
    assert len(queries) <= 18, [one["sql"][:80] for one in queries.captured_queries]


# The viewer's name over the picture.


def test_the_name_is_over_the_picture_only_where_the_course_asks_for_it(api, learner, lesson):
    html = read(api, learner, lesson)
    assert data_of(html)["watermark"] == ""
    assert "disablepictureinpicture" not in html
    assert "<kbd>P</kbd>" in html
    assert "Your masked name moves over the picture." not in html
    edition = learner.enrolment.edition
    edition.policy = {**edition.policy, "watermark": True}
    edition.save()
    html = read(api, learner, lesson)
    assert data_of(html)["watermark"] == watermark_of(learner.enrolment)
    assert "disablepictureinpicture" in html
    assert "<kbd>P</kbd>" not in html
    assert "Your masked name moves over the picture." in html
    assert "您的姓名（部分隐去）" in read(api, learner, lesson, "zh-hans")


@pytest.mark.parametrize(
    ("name", "mobile", "institution", "said"),
    [
        ("张小三", "13800138000", "示范检测所", "张** 8000 示范检测所"),
        ("王芳", "13900139001", None, "王* 9001"),
        ("Li Jing", None, "Demo Lab", "L*** J*** 0f8fad5b Demo Lab"),
    ],
)
def test_it_says_enough_to_find_who_it_was_and_not_the_name(name, mobile, institution, said):
    user = UserFactory(
        name=name,
        mobile=mobile,
        email=f"{uuid.uuid4().hex}@demo.example",
        pseudonym=uuid.UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
    )
    employer = InstitutionFactory(name=institution) if institution else None
    told = watermark_of(EnrolmentFactory(user=user, institution=employer))
    assert told == said
    assert name not in told
