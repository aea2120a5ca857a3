"""The demo's courses are whole and agree with their questions."""

import pytest

from config.demo import content

pytestmark = pytest.mark.once


@pytest.mark.parametrize("course", content.courses(), ids=lambda course: course.code)
def test_a_course_is_whole(course: content.CourseText) -> None:
    assert {"topic", "hours", "audience", "teacher", "purpose", "purpose_en", "questions", "exam"} <= set(
        course.values
    )
    assert len(course.outcomes) >= 3
    assert len(course.legal_basis) >= 2
    assert sum(lesson.is_reading for lesson in course.lessons) == 1
    for lesson in course.lessons:
        assert lesson.title
        assert lesson.title_en
        if lesson.is_reading:
            assert len(lesson.paragraphs) >= 4
        else:
            assert len(lesson.pages) >= 2
            assert lesson.basis


@pytest.mark.parametrize("course", content.courses(), ids=lambda course: course.code)
def test_every_bullet_is_explained(course: content.CourseText) -> None:
    for lesson in course.lessons:
        for page in lesson.pages:
            assert len(page.sentences) == len(page.bullets) + 1
            assert 1 <= len(page.bullets) <= 4


@pytest.mark.parametrize("course", content.courses(), ids=lambda course: course.code)
def test_the_exam_can_be_drawn_from_the_bank(course: content.CourseText) -> None:
    wanted = dict(
        zip(("single", "multiple", "true_false"), map(int, course.values["exam"].split()), strict=True)
    )
    for kind, count in wanted.items():
        pool = [
            q for q in content.questions() if q["topic"] == course.values["questions"] and q["kind"] == kind
        ]
        assert len(pool) >= count, kind


def test_what_lectures_ask_is_in_the_courses_bank_and_comes_while_they_still_speak() -> None:
    asked = [
        (course, lesson, *one)
        for course in content.courses()
        for lesson in course.lessons
        for one in lesson.asks
    ]
    assert len({course.code for course, *_ in asked}) >= 2
    for course, lesson, spoken, reference in asked:
        known = {q["id"] for q in content.questions() if q["topic"] == course.values["questions"]}
        assert reference in known, (course.code, reference)
        assert 0 < spoken < sum(len(page.sentences) for page in lesson.pages), (course.code, reference)


def test_all_four_topics_are_taught() -> None:
    assert {course.values["topic"] for course in content.courses()} == {"cma", "compliance", "ccc", "green"}
    assert len(content.courses()) >= 6


def test_a_reading_becomes_paragraphs_and_nothing_else() -> None:
    lesson = content.Lesson("t", "t", "s", minutes=5, paragraphs=["**样品。** 编号 <script>"])
    assert lesson.body() == "<p><b>样品。</b> 编号 &lt;script&gt;</p>"


@pytest.mark.parametrize("text", ["", "topic: cma", "# B1 题目 | Title\nnonsense"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"title|unknown"):
        content.parse(text)


def test_a_shorter_demo_keeps_the_first_lectures_and_every_reading() -> None:
    lessons = content.courses()[0].lessons
    kept = content.shortened(lessons, 2)
    assert [one.is_reading for one in kept].count(False) == 2
    assert [one for one in kept if one.is_reading] == [one for one in lessons if one.is_reading]
    assert [one.title for one in kept] == [one.title for one in lessons if one in kept]
