"""A course's view: what a manifest says, in plain words and in the reader's language. No database."""

from datetime import date

import pytest
from django.utils import translation

from courses.catalogue.course_parts import CourseView
from courses.catalogue.course_rules import rules_of
from courses.catalogue.course_view import bilingual, from_facts, letter_of
from courses.catalogue.policy import Policy


def facts(**changes: object) -> dict[str, object]:
    course = {
        "code": "B1",
        "topic": "compliance",
        "topic_name": "合规",
        "topic_name_en": "Compliance",
        "title": "报告合规",
        "title_en": "Compliant reports",
        "purpose": "目的",
        "purpose_en": "",
        "audience": "内审员、检测员，质量负责人/技术负责人; 全员",
        "teacher": "唐一鸣",
        "credit_hours": "4.5",
        "is_mandatory": True,
        "validity_months": 36,
        "reviewed_on": "2026-08-27",
        "next_review_on": None,
        "outcomes": [{"key": "a", "text": "说出情形"}],
        "legal_basis": [
            {
                "key": "b",
                "document": "《办法》",
                "clauses": "第十三条",
                "lessons": "",
                "effective_from": "2021-06-01",
                "superseded_by": "",
            }
        ],
    }
    found: dict[str, object] = {
        "course": course,
        "lessons": [
            {
                "key": "1",
                "kind": "video",
                "title": "主体责任",
                "title_en": "Duties",
                "summary": "谁",
                "minutes": 34,
            },
            {"key": "2", "kind": "reading", "title": "导读", "title_en": "", "summary": "", "minutes": 10},
        ],
        "exam": {
            "minutes": 60,
            "pass_mark": 80,
            "attempts_allowed": 3,
            "interval_minutes": 1440,
            "sections": [{"count": 20}, {"count": 10}],
        },
        "policy": {},
    }
    return found | changes


def view(**changes: object) -> CourseView:
    return from_facts(facts(**changes), letter="B")


def test_figures_and_dates_are_read_as_such() -> None:
    course = view()
    assert (course.hours, course.minutes, course.validity_months) == (4.5, 44, 36)
    assert (course.reviewed_on, course.next_review_on) == (date(2026, 8, 27), None)
    assert course.basis[0].effective_from == date(2021, 6, 1)
    assert course.exam is not None
    assert (course.exam.questions, course.exam.pass_mark) == (30, 80)


def test_lessons_are_numbered_from_one() -> None:
    assert [(one.number, one.kind) for one in view().lessons] == [(1, "video"), (2, "reading")]


def test_audiences_are_parted_at_every_mark_a_trainer_uses() -> None:
    assert view().audiences == ("内审员", "检测员", "质量负责人", "技术负责人", "全员")


@pytest.mark.parametrize(
    ("language", "title", "lesson", "purpose"),
    [("zh-hans", "报告合规", "主体责任", "目的"), ("en", "Compliant reports", "Duties", "目的")],
)
def test_english_where_there_is_any_and_chinese_elsewhere(
    language: str, title: str, lesson: str, purpose: str
) -> None:
    with translation.override(language):
        course = view()
    assert (course.title, course.lessons[0].title, course.purpose) == (title, lesson, purpose)


def test_a_text_that_nobody_wrote_is_empty() -> None:
    assert bilingual({}, "title") == ""
    with translation.override("en"):
        assert bilingual({"title": None, "title_en": None}, "title") == ""


def test_nothing_at_all_is_still_a_course() -> None:
    course = from_facts({}, letter="A")
    assert (course.code, course.lessons, course.exam, course.rules, course.hours) == ("", (), None, (), 0)


def titles(course: CourseView, policy: Policy | None = None) -> list[str]:
    return [rule.title for rule in rules_of(course.lessons, policy or course.policy, course.exam)]


def test_rules_are_those_that_the_course_has() -> None:
    with translation.override("en"):
        assert titles(view()) == ["Watch 1 lecture", "Read 1 text", "Exam, 80% to pass"]
        assert titles(view(lessons=[], exam=None)) == []
        assert titles(view(), Policy(presence_minutes=15))[2] == "Answer while watching"


def test_the_rule_of_watching_says_part_speed_and_whether_one_may_skip() -> None:
    course = view()
    with translation.override("zh-hans"):
        strict = next(iter(rules_of(course.lessons, Policy(), None))).text
        free = next(
            iter(rules_of(course.lessons, Policy(coverage_percent=90, rate_cap=1.5, free_seek=True), None))
        ).text
    assert "看够 100%" in strict
    assert "1 倍速" in strict
    assert "不能跳过" in strict
    assert "看够 90%" in free
    assert "1.5 倍速" in free
    assert "不能跳过" not in free


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "可以接着考"), (30, "隔 30 分钟"), (120, "隔 2 小时"), (1440, "隔 1 天"), (4320, "隔 3 天")],
)
def test_the_wait_between_attempts_is_said_in_its_largest_unit(minutes: int, words: str) -> None:
    exam = {**facts()["exam"], "interval_minutes": minutes}  # type: ignore[dict-item]
    with translation.override("zh-hans"):
        assert words in view(exam=exam).rules[-1].text


@pytest.mark.parametrize(("code", "letter"), [("B1", "B"), ("", "A"), ("C12", "C")])
def test_the_letter_of_a_poster(code: str, letter: str) -> None:
    assert letter_of(code) == letter
