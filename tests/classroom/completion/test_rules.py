"""The rules as data: what passes, what never passes, and how each part stands."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.completion import rules
from classroom.completion.rules import Part, State, Step, evaluate

RULE = {
    "version": 1,
    "all": [
        {"kind": "lessons", "keys": "all", "coverage_percent": 100},
        {"kind": "readings", "keys": "all"},
        {"kind": "exam"},
    ],
}


def lesson(key="a", duration=100_000, covered=100_000, missing=0, complete=False):
    return {
        "key": key,
        "duration_ms": duration,
        "covered_ms": covered,
        "missing_ms": missing,
        "is_complete": complete,
    }


def inputs(**changes):
    return {
        "version": 1,
        "on": "2026-11-02",
        "lessons": [lesson("a"), lesson("b")],
        "readings": [{"key": "r", "acknowledged": True}],
        "exam": {"pass_mark": 60, "attempt": 1, "score_tenths": 920, "is_passed": True},
        "completed_courses": [],
        **changes,
    }


def states(outcome):
    return {item.kind: item.state for item in outcome.items}


def test_all_met():
    outcome = evaluate(RULE, inputs())
    assert outcome.satisfied
    assert set(states(outcome).values()) == {State.MET}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"version": 1},
        {"version": 1, "all": []},
        {"version": 1, "all": {}},
        {"version": 2, "all": RULE["all"]},
        {"version": 1, "all": [{"kind": "magic"}]},
        {"version": 1, "all": [{}]},
        {"version": 1, "all": ["lessons"]},
        {"version": 1, "all": [*RULE["all"], {"kind": "supervised"}]},
        {"version": 1, "all": [{"kind": "lessons", "keys": ["a", "gone"]}]},
        {"version": 1, "all": [{"kind": "deadline", "on": "2027-01-01"}]},
    ],
)
def test_an_empty_unknown_or_broken_rule_never_passes(rule):
    assert not evaluate(rule, inputs()).satisfied


def test_a_rule_that_asks_for_what_the_course_does_not_have_never_passes():
    only = {"version": 1, "all": [{"kind": "lessons", "keys": "all"}, {"kind": "readings", "keys": "all"}]}
    assert not evaluate(only, inputs(lessons=[], readings=[])).satisfied
    assert not evaluate({"version": 1, "all": [{"kind": "exam"}]}, inputs(exam=None)).satisfied
    assert evaluate(only, inputs(readings=[])).satisfied


def test_a_lesson_not_seen_is_told_with_its_figures_and_the_exam_waits():
    outcome = evaluate(
        RULE,
        inputs(
            lessons=[lesson("a"), lesson("b", covered=40_000, missing=60_000)],
            exam={"pass_mark": 60, "attempt": None, "score_tenths": None, "is_passed": False},
        ),
    )
    assert not outcome.satisfied
    watch, _, exam = outcome.items
    assert (watch.state, watch.have, watch.need, watch.step) == (State.UNDER_WAY, 1, 2, Step.WATCH)
    assert watch.parts[1] == Part("b", State.UNDER_WAY, 40_000, 100_000)
    assert (exam.state, exam.step) == (State.BLOCKED, Step.FINISH_LESSONS)


def test_coverage_percent_is_the_rules_own():
    half = {"version": 1, "all": [{"kind": "lessons", "keys": "all", "coverage_percent": 90}]}
    assert evaluate(half, inputs(lessons=[lesson(covered=90_000, missing=10_000)])).satisfied
    assert not evaluate(half, inputs(lessons=[lesson(covered=89_000, missing=11_000)])).satisfied


def test_a_lesson_once_complete_stays_complete():
    assert evaluate(RULE, inputs(lessons=[lesson(covered=0, missing=100_000, complete=True)])).satisfied


def test_named_lessons_only():
    named = {"version": 1, "all": [{"kind": "lessons", "keys": ["a"]}]}
    assert evaluate(named, inputs(lessons=[lesson("a"), lesson("b", covered=0, missing=100_000)])).satisfied


def test_the_exam_failed_is_told_with_the_best_score():
    failed = {"pass_mark": 60, "attempt": 2, "score_tenths": 455, "is_passed": False}
    exam = evaluate(RULE, inputs(exam=failed)).items[2]
    assert (exam.state, exam.have, exam.need, exam.step) == (State.UNDER_WAY, 455, 600, Step.SIT_EXAM)


def test_prerequisites_and_deadline():
    rule = {
        "version": 1,
        "all": [
            *RULE["all"],
            {"kind": "prerequisites", "courses": ["A1", "B1"]},
            {"kind": "deadline", "on": "2026-11-02"},
        ],
    }
    short = evaluate(rule, inputs(completed_courses=["A1"]))
    assert not short.satisfied
    assert states(short)["prerequisites"] == State.UNDER_WAY
    assert evaluate(rule, inputs(completed_courses=["A1", "B1"])).satisfied
    late = evaluate(rule, inputs(completed_courses=["A1", "B1"], on="2026-11-03"))
    assert states(late)["deadline"] == State.MISSED


def test_an_explanation_is_data_and_comes_back_the_same():
    outcome = evaluate(RULE, inputs(readings=[{"key": "r", "acknowledged": False}]))
    assert rules.outcome_from(outcome.as_data()) == outcome


@given(
    st.lists(st.tuples(st.integers(0, 100_000), st.booleans()), max_size=4),
    st.lists(st.booleans(), max_size=3),
    st.none() | st.tuples(st.integers(0, 1000), st.booleans()),
)
def test_the_same_facts_give_the_same_answer_and_more_never_gives_less(lessons, readings, exam):
    facts = inputs(
        lessons=[
            lesson(str(n), 100_000, 100_000 - gone, gone, done) for n, (gone, done) in enumerate(lessons)
        ],
        readings=[{"key": f"r{n}", "acknowledged": done} for n, done in enumerate(readings)],
        exam=exam and {"pass_mark": 60, "attempt": 1, "score_tenths": exam[0], "is_passed": exam[1]},
    )
    before = copy.deepcopy(facts)
    outcome = evaluate(RULE, facts)
    assert outcome == evaluate(RULE, before)
    assert facts == before
    assert outcome.satisfied == (bool(outcome.items) and all(item.is_met for item in outcome.items))
    if outcome.satisfied:
        facts["lessons"] = [{**one, "missing_ms": 0} for one in facts["lessons"]]
        assert evaluate(RULE, facts).satisfied
