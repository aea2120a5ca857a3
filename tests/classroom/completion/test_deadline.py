"""A deadline: its last day, days after enrolling, facts that were there in time though judged later."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from classroom.completion import queries, services, words
from classroom.completion.models import Completion
from classroom.completion.rules import State, Step, evaluate
from classroom.progress.models import LessonProgress
from tests.classroom.completion.facts import facts, lesson, rule
from tests.factories.exams import AttemptFactory
from tests.learner import Learner


def deadline(outcome):
    return next(item for item in outcome.items if item.kind == "deadline")


@pytest.mark.parametrize(
    ("last", "done_on", "judged_on", "state"),
    [
        ("2026-11-02", "2026-11-02", "2026-11-02", State.MET),
        ("2026-11-02", "2026-11-02", "2026-11-09", State.MET),
        ("2026-11-02", "2026-11-03", "2026-11-03", State.MISSED),
        ("2026-11-02", "2026-11-03", "2026-11-09", State.MISSED),
        ("2026-11-02", None, "2026-11-02", State.MET),
        ("2026-11-02", None, "2026-11-03", State.MISSED),
    ],
)
def test_what_counts_is_the_day_of_the_last_fact_and_today_where_it_has_none(last, done_on, judged_on, state):
    given_facts = facts(on=judged_on, lessons=[lesson("a", on=done_on)])
    outcome = evaluate(rule({"kind": "deadline", "on": last}), given_facts)
    assert deadline(outcome).state == state
    assert outcome.satisfied is (state == State.MET)


@pytest.mark.parametrize(
    ("days", "state"), [(31, State.MET), (32, State.MET), (30, State.MISSED), (1, State.MISSED)]
)
def test_days_count_from_enrolling(days, state):
    item = deadline(evaluate(rule({"kind": "deadline", "days": days}), facts()))
    assert item.state == state


def test_the_last_day_is_told_as_a_date():
    assert deadline(evaluate(rule({"kind": "deadline", "days": 60}), facts())).note == "2026-11-30"


def test_while_something_else_is_missing_the_deadline_is_held_against_today():
    begun = [lesson("a", missing=50_000)]
    for today, state, step in (("2026-11-02", State.MET, Step.NONE), ("2026-11-03", State.MISSED, Step.ASK)):
        outcome = evaluate(rule({"kind": "deadline", "on": "2026-11-02"}), facts(on=today, lessons=begun))
        assert (deadline(outcome).state, deadline(outcome).step) == (state, step)
        assert not outcome.satisfied


@pytest.mark.parametrize(
    "changes",
    [
        {"readings": [{"key": "r", "acknowledged": True, "on": "2026-11-09"}]},
        {"exam": {"pass_mark": 60, "score_tenths": 920, "is_passed": True, "on": "2026-11-09"}},
        {"completed_courses": ["A1"], "courses_on": "2026-11-09"},
    ],
)
def test_the_latest_of_all_that_the_rule_asks_decides(changes):
    asked = rule(
        {"kind": "readings", "keys": "all"},
        {"kind": "exam"},
        {"kind": "prerequisites", "courses": ["A1"]},
        {"kind": "deadline", "on": "2026-11-05"},
    )
    whole = {"completed_courses": ["A1"], "courses_on": "2026-10-20"}
    assert evaluate(asked, facts(on="2026-11-10", **whole)).satisfied
    assert not evaluate(asked, facts(on="2026-11-10", **{**whole, **changes})).satisfied


def test_a_lesson_that_the_rule_does_not_name_does_not_count_against_anybody():
    named = {
        "version": 1,
        "all": [{"kind": "lessons", "keys": ["a"]}, {"kind": "deadline", "on": "2026-11-01"}],
    }
    extra = [lesson("a", on="2026-11-01"), lesson("b", missing=99_000)]
    assert evaluate(named, facts(on="2026-11-20", lessons=extra)).satisfied


def test_a_fact_dated_ahead_of_the_judging_never_helps_or_harms_beyond_today():
    ahead = facts(on="2026-11-02", lessons=[lesson("a", on="2027-01-01")])
    assert evaluate(rule({"kind": "deadline", "on": "2026-11-02"}), ahead).satisfied


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"on": ""},
        {"on": None},
        {"on": "31.12.2026"},
        {"on": "2026-13-01"},
        {"on": "2026-02-30"},
        {"on": 20261231},
        {"days": 0},
        {"days": -3},
        {"days": "30"},
        {"days": True},
        {"days": 1.5},
        {"days": 10**9},
        {"on": "2027-01-01", "days": 30},
    ],
)
def test_a_deadline_that_cannot_be_read_never_passes_and_never_breaks(part):
    outcome = evaluate(rule({"kind": "deadline", **part}), facts())
    assert not outcome.satisfied
    assert (deadline(outcome).state, deadline(outcome).step) == (State.UNKNOWN, Step.ASK)


def test_a_deadline_alone_completes_nothing():
    assert not evaluate({"version": 1, "all": [{"kind": "deadline", "on": "2999-01-01"}]}, facts()).satisfied


@given(
    st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    st.integers(0, 400),
)
def test_judging_later_never_changes_what_was_done_in_time_or_too_late(last, done, later):
    asked = rule({"kind": "deadline", "on": last.isoformat()})
    judged = (done + timedelta(days=later)).isoformat()
    seen = [lesson("a", on=done.isoformat())]
    assert evaluate(asked, facts(on=judged, lessons=seen)).satisfied is (done <= last)


class TestSettled:
    """The same with real facts: what is settled late was still in time."""

    @pytest.fixture
    def learner(self, db):
        learner = Learner.on_edition(exam=True)
        edition = learner.enrolment.edition
        edition.rule = {
            **edition.rule,
            "all": [*edition.rule["all"], {"kind": "deadline", "on": "2026-11-02"}],
        }
        edition.save()
        for part in edition.lessons.filter(kind="video"):
            LessonProgress.objects.create(
                enrolment=learner.enrolment, lesson=part, coverage=[[0, 180_000]], covered_ms=180_000
            )
        return learner

    def passed(self, learner, at):
        AttemptFactory(
            enrolment=learner.enrolment,
            exam=learner.enrolment.edition.exam,
            graded=True,
            started_at=at - timedelta(minutes=30),
            submitted_at=at,
            score=Decimal("92.0"),
        )

    def test_an_exam_handed_in_at_the_last_minute_is_not_lost_to_a_late_sweep(self, learner):
        last = datetime(2026, 11, 2, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
        services.settle(enrolment=learner.enrolment, now=last - timedelta(hours=1))
        self.passed(learner, last)
        done = services.settle(enrolment=learner.enrolment, now=last + timedelta(minutes=5))
        assert isinstance(done, Completion)

    def test_a_minute_past_midnight_is_too_late_and_stays_so(self, learner):
        past = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)  # 0:00 of the third in Shanghai
        services.settle(enrolment=learner.enrolment, now=past - timedelta(hours=1))
        self.passed(learner, past)
        for later in (past, past + timedelta(days=9)):
            assert services.settle(enrolment=learner.enrolment, now=later) is None
        item = deadline(queries.explain(learner.enrolment, past))
        assert (item.state, item.step) == (State.MISSED, Step.ASK)

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_the_words_name_the_day_and_what_to_do(self, learner, language):
        late = datetime(2026, 11, 5, tzinfo=UTC)
        with translation.override(language):
            lines = words.lines(queries.explain(learner.enrolment, late), {})
            line = next(line for line in lines if line.kind == "deadline")
            said = words.state(line.state)
        assert "2026-11-02" in line.title
        assert line.next_step
        assert said == {"en": "missed", "zh-hans": "已逾期"}[language]
