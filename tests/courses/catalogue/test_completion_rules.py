"""What completes a course, set in the editor: frozen into the rule, told on the page, refused where nobody could meet it."""

import copy
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from classroom.completion.rules import evaluate
from courses.catalogue.changes import CARRY_OVER, MATERIAL, compare
from courses.catalogue.conditions import Conditions, is_asked, way_back, with_conditions
from courses.catalogue.course_view import from_draft, from_edition
from courses.catalogue.errors import PublishRefused
from courses.catalogue.manifest import manifest_of, rule_of
from courses.catalogue.models import CoursePage
from courses.catalogue.readiness import blocking
from courses.catalogue.services import freeze_edition
from courses.catalogue.words import change_words, rule_words
from tests.courses.forms import course_form
from tests.factories.catalogue import CourseFactory, CoursePageFactory, EditionFactory, lesson_blocks

LESSONS = [
    {"key": "a", "kind": "video", "questions": [{"key": "q1"}]},
    {"key": "b", "kind": "video", "questions": ["q2"]},
    {"key": "c", "kind": "reading"},
]
EVERYTHING = {
    "version": 1,
    "all": [*rule_of(LESSONS, has_exam=True, coverage_percent=90)["all"]],
}
TODAY = date(2026, 11, 23)


def kinds(rule: dict[str, Any]) -> dict[str, Any]:
    return {part["kind"]: part.get("keys") for part in rule["all"]}


class TestTheRule:
    def test_where_nothing_is_set_the_rule_stays_as_it_was_frozen_before(self) -> None:
        assert with_conditions(EVERYTHING, LESSONS, Conditions()) == EVERYTHING

    @pytest.mark.parametrize(
        ("optional", "expected"),
        [
            ({"a"}, {"lessons": ["b"], "readings": "all", "questions": ["q2"], "exam": None}),
            ({"c"}, {"lessons": "all", "questions": "all", "exam": None}),
            ({"a", "b"}, {"readings": "all", "exam": None}),
            ({"a", "b", "c"}, {"exam": None}),
            ({"gone"}, {"lessons": "all", "readings": "all", "questions": "all", "exam": None}),
        ],
    )
    def test_a_lesson_left_free_is_not_asked_for_nor_are_its_questions(
        self, optional: set[str], expected: dict[str, Any]
    ) -> None:
        rule = with_conditions(EVERYTHING, LESSONS, Conditions(optional=frozenset(optional)))
        assert kinds(rule) == expected
        assert [is_asked(rule, "lessons", key) for key in "ab"] == [
            key not in optional for key in "ab"
        ]  # fmt: skip

    def test_the_parts_that_are_added_are_judged_by_the_completion_room(self) -> None:
        conditions = Conditions(
            optional=frozenset("abc"), asks_exam=False, courses=("B2", "A1"), last_day=TODAY
        )
        rule = with_conditions(EVERYTHING, LESSONS, conditions)
        assert rule["all"] == [
            {"kind": "prerequisites", "courses": ["A1", "B2"]},
            {"kind": "deadline", "on": "2026-11-23"},
        ]
        facts = {"lessons": [], "readings": [], "completed_courses": ["A1", "B2"], "on": "2026-11-23"}
        assert evaluate(rule, facts).satisfied
        assert not evaluate(rule, {**facts, "completed_courses": ["A1"]}).satisfied
        assert not evaluate(rule, {**facts, "on": "2026-11-24"}).satisfied

    def test_days_after_enrolling_are_a_deadline_too(self) -> None:
        rule = with_conditions(EVERYTHING, LESSONS, Conditions(days=60))
        assert rule["all"][-1] == {"kind": "deadline", "days": 60}


CODES = st.sampled_from("ABCDE")
GRAPHS = st.dictionaries(CODES, st.lists(CODES, max_size=4), max_size=5)


class TestRings:
    @pytest.mark.parametrize(
        ("wanted", "asks", "found"),
        [
            (["A"], {}, ["A"]),
            (["B"], {"B": ["A"]}, ["B"]),
            (["B"], {"B": ["C"], "C": ["A"]}, ["B", "C"]),
            (["B", "C"], {"B": ["D"], "C": ["D"]}, []),
            (["B"], {"B": ["C"], "C": ["B"]}, []),
            ([], {"A": ["B"]}, []),
        ],
    )
    def test_a_ring_is_told_by_the_way_that_leads_back(
        self, wanted: list[str], asks: dict[str, list[str]], found: list[str]
    ) -> None:
        assert way_back("A", wanted, asks) == found

    @given(GRAPHS, st.lists(CODES, max_size=4))
    def test_it_is_found_exactly_where_one_can_walk_back(
        self, asks: dict[str, list[str]], wanted: list[str]
    ) -> None:
        reached = set(wanted)
        for _ in range(6):
            reached |= {following for code in reached - {"A"} for following in asks.get(code, ())}
        path = way_back("A", wanted, {**asks, "A": ()})
        assert bool(path) is ("A" in reached)
        for one, following in zip(path, [*path[1:], "A"][: len(path)], strict=True):
            assert following in asks.get(one, ()) or path == ["A"]


@pytest.mark.django_db
class TestPublishing:
    def two(self, **fields: Any) -> CoursePage:
        return CoursePageFactory(lessons=lesson_blocks(videos=2), **fields)

    def keys(self, page: CoursePage) -> list[str]:
        return [str(block.id) for block in page.lessons]

    def test_what_is_set_is_frozen_into_the_editions_rule(self) -> None:
        before = EditionFactory(course__code="A77").course
        page = self.two(deadline_days=60, exam_is_optional=True)
        page.optional_lessons = self.keys(page)[:1]
        page.prerequisites = [before]
        page.save()
        rule = freeze_edition(page=page, by=None).rule
        assert rule["all"] == [
            {"kind": "lessons", "keys": self.keys(page)[1:2], "coverage_percent": 100},
            {"kind": "readings", "keys": "all"},
            {"kind": "prerequisites", "courses": ["A77"]},
            {"kind": "deadline", "days": 60},
        ]

    def test_a_page_that_sets_nothing_freezes_what_it_froze_before_there_was_anything_to_set(self) -> None:
        page = self.two()
        manifest = manifest_of(page)
        assert [part.get("keys", "") for part in manifest["rule"]["all"]] == ["all", "all", ""]
        assert not {"optional_lessons", "prerequisites", "deadline"} & set(manifest)

    @pytest.mark.parametrize(
        ("fields", "code", "field"),
        [
            ({"exam_is_optional": True, "all_optional": True}, "empty_rule", "optional_lessons"),
            ({"no_exam": True, "all_optional": True}, "empty_rule", "optional_lessons"),
            ({"deadline_days": 5, "deadline_on": timezone.localdate()}, "two_deadlines", "deadline_days"),
            ({"deadline_on": timezone.localdate() - timedelta(days=1)}, "deadline_passed", "deadline_on"),
            ({"all_optional": True}, None, None),
            ({"deadline_on": timezone.localdate()}, None, None),
            ({"deadline_days": 1}, None, None),
        ],
    )
    def test_what_nobody_or_everybody_would_meet_is_refused_with_its_field(
        self, fields: dict[str, Any], code: str | None, field: str | None
    ) -> None:
        page = self.two(
            **{key: value for key, value in fields.items() if key not in {"all_optional", "no_exam"}}
        )
        if "all_optional" in fields:
            page.optional_lessons = self.keys(page)
        if "no_exam" in fields:
            page.exam_single = page.exam_multiple = page.exam_true_false = 0
        found = [(problem.code, problem.field) for problem in blocking(page)]
        assert found == ([(code, field)] if code else [])
        if code:
            with pytest.raises(PublishRefused):
                freeze_edition(page=page, by=None)
            with translation.override("zh-hans"):
                assert not str(blocking(page)[0].words).isascii()

    def test_a_ring_over_other_courses_is_refused_and_named(self) -> None:
        rule = {"version": 1, "all": [{"kind": "prerequisites", "courses": ["B600"]}]}
        first = EditionFactory(course__code="B601", rule=rule).course
        rule = {"version": 1, "all": [{"kind": "prerequisites", "courses": ["B601"]}]}
        second = EditionFactory(course__code="B602", rule=rule).course
        page = self.two(code="B600")
        page.prerequisites = [second]
        (problem,) = blocking(page)
        assert (problem.code, problem.field) == ("ring_of_courses", "prerequisites")
        assert "B600 → B602 → B601 → B600" in str(problem.words)
        first.current = None
        first.save()
        assert blocking(page) == []

    def test_a_course_is_not_asked_for_before_itself(self) -> None:
        page = self.two(code="B603")
        page.prerequisites = [CourseFactory(code="B603")]
        assert [problem.code for problem in blocking(page)] == ["ring_of_courses"]

    def test_taking_a_ring_apart_can_be_published(self) -> None:
        page = self.two(code="B604")
        other = EditionFactory(course__code="B605").course
        page.prerequisites = [other]
        page.save()
        freeze_edition(page=page, by=None)
        page.prerequisites = []
        page.save()
        freeze_edition(page=page, by=None)
        back = self.two(code="B606")
        back.prerequisites = [other]
        assert blocking(back) == []

    def test_a_course_that_is_not_taught_cannot_be_asked_for(self) -> None:
        page = self.two()
        page.prerequisites = [CourseFactory(code="C77")]
        (problem,) = blocking(page)
        assert (problem.code, "C77" in str(problem.words)) == ("before_not_taught", True)

    def test_without_courses_before_nothing_is_asked_of_the_database(
        self, django_assert_max_num_queries: Any
    ) -> None:
        page = self.two()
        counts = []
        blocking(page)
        for before in ([], [EditionFactory().course], [EditionFactory().course for _ in range(3)]):
            page.prerequisites = before
            with django_assert_max_num_queries(40) as asked:
                blocking(page)
            counts.append(len(asked))
        assert (counts[1] - counts[0], counts[2]) == (1, counts[1])


@pytest.mark.django_db
class TestWords:
    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("zh-hans", ["先完成：A77", "观看 2 讲中的 1 讲", "报名后 60 天内完成"]),
            (
                "en",
                ["Complete first: A77", "Watch 1 of 2 lectures", "Complete it within 60 days of enrolling"],
            ),
        ],
    )
    def test_the_page_the_preview_and_the_interface_say_the_same(
        self, language: str, said: list[str]
    ) -> None:
        before = EditionFactory(course__code="A77").course
        page = CoursePageFactory(lessons=lesson_blocks(videos=2), deadline_days=60, exam_is_optional=True)
        page.optional_lessons = [str(page.lessons[0].id)]
        page.prerequisites = [before]
        page.save()
        edition = freeze_edition(page=page, by=None)
        with translation.override(language):
            titles = [rule.title for rule in from_edition(edition).rules]
            assert titles == [rule.title for rule in from_draft(page).rules]
            assert [title for title in said if title in titles] == said
            assert len(titles) == 4  # The reading is asked for, the exam is not.
            sentences = rule_words(edition.rule, edition.exam)
            assert len(sentences) == 4
            assert "A77" in sentences[2]
            assert "60" in sentences[3]
            assert all(sentence.isascii() is (language == "en") for sentence in sentences)

    @pytest.mark.parametrize(("ahead", "is_over"), [(0, False), (-1, True)])
    def test_a_day_that_has_passed_is_told_to_whoever_looks(self, ahead: int, is_over: bool) -> None:
        day = timezone.localdate() + timedelta(days=ahead)
        edition = EditionFactory(
            manifest={"rule": {"version": 1, "all": [{"kind": "deadline", "on": day.isoformat()}]}}
        )
        with translation.override("en"):
            (rule,) = from_edition(edition).rules
        assert rule.title == f"Complete it by {day}"
        assert ("This day has passed" in rule.text) is is_over


def manifest(**conditions: Any) -> dict[str, Any]:
    lessons = [{**lesson, "title": lesson["key"]} for lesson in LESSONS]
    base = {"course": {}, "lessons": lessons, "policy": {}, "exam": {"minutes": 1}}
    return {**copy.deepcopy(base), "rule": with_conditions(EVERYTHING, LESSONS, Conditions(**conditions))}


@pytest.mark.parametrize(
    ("was", "now", "what", "weight"),
    [
        ({}, {"optional": frozenset("c")}, "rule_lesson_freed", CARRY_OVER),
        ({"optional": frozenset("c")}, {}, "rule_lesson_asked", MATERIAL),
        ({}, {"asks_exam": False}, "rule_exam_freed", CARRY_OVER),
        ({"asks_exam": False}, {}, "rule_exam_asked", MATERIAL),
        ({}, {"courses": ("A1",)}, "rule_courses", MATERIAL),
        ({"courses": ("A1", "B2")}, {"courses": ("A1",)}, "rule_courses", CARRY_OVER),
        ({}, {"days": 30}, "rule_deadline", MATERIAL),
        ({"last_day": TODAY}, {"days": 30}, "rule_deadline", MATERIAL),
        ({"days": 30}, {}, "rule_deadline", CARRY_OVER),
    ],
)
def test_a_change_of_the_rule_is_weighed_and_told(
    was: dict[str, Any], now: dict[str, Any], what: str, weight: str
) -> None:
    (change,) = compare(manifest(**was), manifest(**now))
    assert (change.what, change.weight) == (what, weight)
    with translation.override("zh-hans"):
        assert not change_words(change)["words"].isascii()
    assert compare(manifest(**now), manifest(**now)) == []


@pytest.mark.django_db
class TestEditor:
    def test_a_trainer_sets_the_rule_and_reads_it_in_words(self, member: Any, browser_of: Any) -> None:
        before = EditionFactory(course__code="A77").course
        page = CoursePageFactory(owner=member("Trainers"), code="B700", lessons=lesson_blocks(videos=2))
        page.save_revision(user=page.owner)
        browser: Client = browser_of(page.owner)
        path = reverse("wagtailadmin_pages:edit", args=[page.pk])
        shown = browser.get(path).content.decode()
        for block in page.lessons:
            assert f'value="{block.id}"' in shown
        assert "A77" in shown
        sent = course_form(
            "B700",
            optional_lessons=[str(page.lessons[0].id)],
            prerequisites=[str(before.pk)],
            deadline_days="45",
        )
        assert browser.post(path, sent).status_code == 302
        draft = CoursePage.objects.get(pk=page.pk).get_latest_revision_as_object()
        assert draft.optional_lessons == [str(page.lessons[0].id)]
        assert (list(draft.prerequisites.all()), draft.deadline_days) == ([before], 45)
        assert draft.exam_is_optional is False
        again = browser.get(path).content.decode()
        for rule in from_draft(draft).rules:
            assert rule.title in again

    @pytest.mark.parametrize("days", ["0", "3661", "-1", "x"])
    def test_days_that_are_none_are_refused_at_once(self, member: Any, browser_of: Any, days: str) -> None:
        page = CoursePageFactory(owner=member("Trainers"), code="B701")
        browser: Client = browser_of(page.owner)
        path = reverse("wagtailadmin_pages:edit", args=[page.pk])
        answer = browser.post(path, course_form("B701", deadline_days=days))
        assert answer.status_code == 200
        assert CoursePage.objects.get(pk=page.pk).latest_revision is None

    def test_submitting_an_empty_rule_is_refused_beside_its_field(self, member: Any, browser_of: Any) -> None:
        page = CoursePageFactory(owner=member("Trainers"), code="B702", lessons=lesson_blocks(videos=1))
        page.save_revision(user=page.owner)
        browser: Client = browser_of(page.owner)
        path = reverse("wagtailadmin_pages:edit", args=[page.pk])
        day = timezone.localdate() - timedelta(days=1)
        sent = course_form("B702", deadline_on=day.isoformat(), **{"action-submit": "1"})
        answer = browser.post(path, sent)
        assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["deadline_on"])

    def test_a_course_is_not_offered_before_itself(self, publish: Any, member: Any, browser_of: Any) -> None:
        page = publish(owner=member("Trainers"))
        browser: Client = browser_of(page.owner)
        shown = browser.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
        offered = shown.context["form"].fields["prerequisites"].queryset
        assert page.course not in offered
