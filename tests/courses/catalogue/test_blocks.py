"""The blocks of a course: what each demands, what a text may hold, and references that lead nowhere."""

import json
import uuid

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from wagtail.blocks import StreamValue
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.documents.models import Document

from courses.catalogue import queries
from courses.catalogue.blocks import LegalBasisBlock, LessonsBlock, OutcomesBlock
from courses.catalogue.course_view import from_draft
from courses.catalogue.models import CoursePage
from courses.catalogue.readiness import blocking, lesson_seconds
from media.models import Lecture
from tests.courses.forms import course_form, stream
from tests.factories.catalogue import CoursePageFactory, catalogue_page
from tests.factories.media import LectureFactory

pytestmark = pytest.mark.django_db


def cleaned(block, *items):
    """Clean a stream of `(kind, value)` as the editor does."""
    children = block.child_blocks
    value = StreamValue(
        block,
        [
            (
                kind,
                children[kind].to_python(raw) if isinstance(raw, dict) else children[kind].normalize(raw),
                str(uuid.uuid4()),
            )
            for kind, raw in items
        ],
    )
    return block.clean(value)


def reading(**fields):
    base = {"title": "导读", "title_en": "", "summary": "", "minutes": 10, "body": "<p>正文</p>"}
    return ("reading", base | fields)


def video(**fields):
    lecture = fields.pop("lecture", None) or LectureFactory(published=True).pk
    return ("video", {"title": "第一课", "title_en": "", "summary": "", "lecture": lecture} | fields)


def attachment(**fields):
    return ("attachment", {"title": "模板", "title_en": "", "summary": "", "minutes": 5} | fields)


def a_file(name="template.pdf"):
    return Document.objects.create(title="模板", file=ContentFile(b"%PDF-1.4", name))


def faults(error):
    """The names of the fields that are wrong in the only block of a stream."""
    (one,) = error.value.block_errors.values()
    return set(one.block_errors)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (reading(title=""), "title"),
        (reading(title="长" * 129), "title"),
        (reading(title_en="x" * 161), "title_en"),
        (reading(summary="长" * 301), "summary"),
        (reading(minutes=None), "minutes"),
        (reading(minutes=0), "minutes"),
        (reading(minutes=-1), "minutes"),
        (reading(body=""), "body"),
        (attachment(minutes=0), "minutes document"),
        (attachment(), "document"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_block_that_lacks_something_says_which_field(item, field):
    with pytest.raises(StreamBlockValidationError) as error:
        cleaned(LessonsBlock(), item)
    assert faults(error) == set(field.split())


def test_a_lecture_has_to_be_chosen():
    with pytest.raises(StreamBlockValidationError) as error:
        cleaned(
            LessonsBlock(), ("video", {"title": "第一课", "title_en": "", "summary": "", "lecture": None})
        )
    assert faults(error) == {"lecture"}


def test_blocks_at_their_limits_are_taken():
    value = cleaned(
        LessonsBlock(),
        reading(title="长" * 128, title_en="x" * 160, summary="长" * 300, minutes=1),
        attachment(document=a_file().pk),
        video(title="长" * 128),
    )
    assert [block.block_type for block in value] == ["reading", "attachment", "video"]


@pytest.mark.parametrize(("text", "is_taken"), [("能" * 200, True), ("能" * 201, False), ("", False)])
def test_an_outcome_is_a_sentence(text, is_taken):
    if is_taken:
        assert cleaned(OutcomesBlock(), ("outcome", text))[0].value == text
    else:
        with pytest.raises(StreamBlockValidationError):
            cleaned(OutcomesBlock(), ("outcome", text))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"document": ""}, "document"),
        ({"document": "法" * 201}, "document"),
        ({"clauses": "条" * 201}, "clauses"),
        ({"lessons": "1" * 33}, "lessons"),
        ({"superseded_by": "法" * 201}, "superseded_by"),
    ],
)
def test_a_reference_says_what_is_wrong_with_it(fields, field):
    base = {"document": "《办法》", "clauses": "", "lessons": "", "effective_from": None, "superseded_by": ""}
    with pytest.raises(StreamBlockValidationError) as error:
        cleaned(LegalBasisBlock(), ("reference", base | fields))
    assert faults(error) == {field}


# What is posted


def draftail(*blocks, entities=None):
    """What the rich text editor posts."""

    return json.dumps(
        {
            "blocks": [
                {
                    "key": str(at),
                    "text": text,
                    "type": kind,
                    "depth": 0,
                    "inlineStyleRanges": [],
                    "entityRanges": ranges,
                }
                for at, (kind, text, ranges) in enumerate(blocks)
            ],
            "entityMap": entities or {},
        }
    )


@pytest.fixture
def saved(member, browser_of):
    """Save a course with one reading whose text is posted as given; return the text as it is kept."""
    trainer = member("Trainers")
    browser = browser_of(trainer)

    def save(body):
        block = {"type": "reading", "id": str(uuid.uuid4()), "value": dict(reading()[1])}
        form = course_form("B871", **stream("lessons", [block]))
        form["lessons-0-value-body"] = body
        form["lessons-count"] = "1"
        address = reverse("wagtailadmin_pages:add", args=["catalogue", "coursepage", catalogue_page().pk])
        answer = browser.post(address, form)
        assert answer.status_code == 302, answer.context["form"].errors
        page = CoursePage.objects.get(code="B871").get_latest_revision_as_object()
        return page.lessons[0].value["body"].source

    return save


def test_typed_markup_stays_text(saved):
    body = saved(draftail(("unstyled", "<script>alert(1)</script><img src=x onerror=alert(2)>", [])))
    assert "<script" not in body
    assert "<img" not in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x"])
def test_a_link_that_would_run_something_loses_its_address(saved, address):
    entity = {"0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": address}}}
    body = saved(draftail(("unstyled", "请看", [{"key": 0, "offset": 0, "length": 2}]), entities=entity))
    assert "请看" in body
    assert "alert" not in body
    assert "data:text" not in body


def test_a_plain_link_stays(saved):
    entity = {"0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": "https://www.cnca.gov.cn/"}}}
    body = saved(draftail(("unstyled", "认监委", [{"key": 0, "offset": 0, "length": 3}]), entities=entity))
    assert 'href="https://www.cnca.gov.cn/"' in body


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        ("header-three", "h3"),
        ("header-four", "h4"),
        ("ordered-list-item", "ol"),
        ("unordered-list-item", "ul"),
    ],
)
def test_headings_and_lists_are_kept(saved, kind, tag):
    assert f"<{tag}" in saved(draftail((kind, "职责", [])))


@pytest.mark.parametrize("kind", ["header-one", "header-two", "blockquote", "code-block"])
def test_what_the_editor_does_not_offer_is_not_kept(saved, kind):
    body = saved(draftail(("unstyled", "前言", []), (kind, "职责", [])))
    assert "前言" in body
    assert not any(f"<{tag}" in body for tag in ("h1", "h2", "blockquote", "pre", "code"))


# What is gone


def lessons_with(kind, value):
    return [{"type": kind, "id": str(uuid.uuid4()), "value": value}]


def test_a_deleted_file_blocks_publishing_and_is_named():
    document = a_file()
    page = CoursePageFactory(lessons=lessons_with("attachment", attachment(document=document.pk)[1]))
    document.delete()
    page = CoursePage.objects.get(pk=page.pk)
    (problem,) = blocking(page)
    assert (problem.code, problem.field) == ("no_document", "lessons")
    assert "模板" in str(problem.words)
    assert queries.draft_manifest(page) is None
    assert [lesson.document for lesson in queries.outline_of_draft(page)] == [None]


def test_a_lecture_that_nobody_has_blocks_publishing_and_the_page_still_opens():
    page = CoursePageFactory(lessons=lessons_with("video", video(lecture=10**9)[1]))
    page = CoursePage.objects.get(pk=page.pk)
    assert [problem.code for problem in blocking(page)] == ["not_playable"]
    assert queries.draft_manifest(page) is None
    assert (from_draft(page).lessons[0].title, from_draft(page).minutes) == ("第一课", 0)
    assert lesson_seconds(page) == 0


@pytest.mark.parametrize("state", ["being made", "in the bin"])
def test_a_lecture_that_is_not_there_yet_or_no_more_gives_no_time(state):
    page = CoursePageFactory()
    if state == "being made":
        Lecture.objects.update(current=None)
    else:
        Lecture.objects.update(trashed_at="2026-01-01T00:00:00Z")
    page = CoursePage.objects.get(pk=page.pk)
    assert lesson_seconds(page) == 600
    (lesson, _) = queries.outline_of_draft(page)
    assert (lesson.encode, lesson.duration_ms) == (None, 0)


def test_a_block_of_a_kind_that_is_no_more_is_left_aside():
    page = CoursePageFactory()
    raw = list(page.lessons.raw_data)
    raw.append({"type": "game", "id": str(uuid.uuid4()), "value": {"title": "x"}})
    page.lessons = raw
    page.save()
    assert [block.block_type for block in CoursePage.objects.get(pk=page.pk).lessons] == ["video", "reading"]
