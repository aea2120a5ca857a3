"""Rules are data, so anything may stand in them: nothing unreadable passes, and nothing breaks."""

import copy

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from classroom.completion import words
from classroom.completion.rules import Outcome, State, evaluate, outcome_from
from tests.classroom.completion.facts import LESSONS, facts, lesson, rule

UNSEEN = facts(lessons=[lesson("a", missing=100_000, covered_ms=0)])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
parts = st.fixed_dictionaries(
    {"kind": st.sampled_from(["lessons", "readings", "exam", "prerequisites", "deadline", "x", ""])},
    optional={
        "keys": json_values,
        "coverage_percent": json_values,
        "courses": json_values,
        "on": json_values,
        "days": json_values,
    },
)


@pytest.mark.parametrize("percent", [0, -1, 101, "100", None, 99.5, True, [100]])
def test_a_coverage_that_is_no_percentage_lets_nobody_through(percent):
    asked = {"version": 1, "all": [{"kind": "lessons", "keys": "all", "coverage_percent": percent}]}
    for given_facts in (UNSEEN, facts()):
        outcome = evaluate(asked, given_facts)
        assert not outcome.satisfied
        assert outcome.items[0].state == State.UNKNOWN


@pytest.mark.parametrize("keys", [[], None, "a", {}, [1], [None], 7])
@pytest.mark.parametrize("kind", ["lessons", "readings"])
def test_a_list_of_lessons_that_names_none_lets_nobody_through(kind, keys):
    outcome = evaluate(rule({"kind": kind, "keys": keys}), facts())
    assert not outcome.satisfied
    assert outcome.items[1].state == State.UNKNOWN


def test_a_lesson_named_twice_is_asked_for_once():
    twice = {"version": 1, "all": [{"kind": "lessons", "keys": ["a", "a"]}]}
    item = evaluate(twice, facts()).items[0]
    assert (item.have, item.need) == (1, 1)


@given(st.lists(parts | json_values, max_size=4) | json_values, st.sampled_from([1, 2, None, "1"]))
def test_no_rule_breaks_and_the_same_one_gives_the_same_answer(wanted, version):
    asked = {"version": version, "all": wanted}
    untouched = copy.deepcopy(asked)
    outcome = evaluate(asked, facts())
    assert outcome == evaluate(untouched, facts())
    assert asked == untouched
    assert isinstance(outcome, Outcome)
    if outcome.satisfied:
        assert version == 1
        assert outcome.items
        assert all(item.is_met for item in outcome.items)


@given(st.lists(parts, max_size=4))
def test_a_part_more_never_makes_an_unmet_rule_pass(more):
    assert not evaluate(rule(*more), UNSEEN).satisfied


@given(st.lists(parts, max_size=4))
def test_an_explanation_survives_being_stored(wanted):
    outcome = evaluate(rule(*wanted), facts())
    assert outcome_from(outcome.as_data()) == outcome


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@given(st.lists(parts, max_size=3))
def test_every_open_part_says_what_to_do_whatever_its_state(language, wanted):
    with translation.override(language):
        for line in words.lines(evaluate(rule(*wanted), UNSEEN), {}):
            assert line.title
            assert line.standing
            assert bool(line.next_step) is not line.is_met, line


@pytest.mark.parametrize("kind", ["lessons", "readings", "prerequisites", "deadline", "magic"])
def test_what_cannot_be_read_is_said_the_same_way_whatever_it_was(kind):
    broken = {"lessons": {"keys": []}, "readings": {"keys": []}, "deadline": {"on": "soon"}}.get(kind, {})
    with translation.override("en"):
        line = words.lines(evaluate(rule({"kind": kind, **broken}), facts()), {})[1]
        assert line.title == "A condition that this version does not know"
        assert words.state(line.state) == "cannot be judged"
        assert "training centre" in line.next_step


@pytest.mark.parametrize(
    ("missing", "percent", "is_seen"),
    [
        (0, 100, True),
        (1, 100, False),
        (10_000, 90, True),
        (10_001, 90, False),
        (99_000, 1, True),
        (99_001, 1, False),
    ],
)
def test_the_threshold_of_coverage_is_exact(missing, percent, is_seen):
    asked = {"version": 1, "all": [{**LESSONS, "coverage_percent": percent}]}
    assert evaluate(asked, facts(lessons=[lesson("a", missing=missing)])).satisfied is is_seen


@pytest.mark.parametrize(
    "fact",
    [{"key": "a"}, {"key": "a", "duration_ms": 0, "missing_ms": 0}, {"key": "a", "duration_ms": 5000}],
)
def test_a_lecture_without_a_length_or_record_is_not_seen(fact):
    assert not evaluate({"version": 1, "all": [LESSONS]}, facts(lessons=[fact])).satisfied
