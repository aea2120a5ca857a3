"""Drawing a paper: right counts, no repeats, repeatable, and fair."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.exams.papers import PoolTooSmall, draw

POOL = list(range(1, 21))
OPTIONS = {n: list("ABCD") for n in POOL} | {n: list("AB") for n in range(101, 111)}
SECTIONS = [
    {"kind": "single", "count": 5, "points": 2, "pool": POOL},
    {"kind": "true_false", "count": 3, "points": 1, "pool": list(range(101, 111))},
]
seeds = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(seeds)
def test_a_paper_has_the_counts_of_its_sections_and_no_question_twice(seed):
    paper = draw(SECTIONS, OPTIONS, seed)
    assert [item["kind"] for item in paper] == ["single"] * 5 + ["true_false"] * 3
    assert len({item["version"] for item in paper}) == 8
    assert all(sorted(item["order"]) == sorted(OPTIONS[item["version"]]) for item in paper)


@given(seeds)
def test_the_same_seed_draws_the_same_paper_however_the_pool_is_listed(seed):
    turned = [{**section, "pool": list(reversed(section["pool"]))} for section in SECTIONS]
    assert draw(SECTIONS, OPTIONS, seed) == draw(turned, OPTIONS, seed)


@given(seeds)
def test_true_or_false_keeps_its_order(seed):
    assert [item["order"] for item in draw(SECTIONS, OPTIONS, seed)[5:]] == [["A", "B"]] * 3


def test_a_known_seed_draws_a_known_paper():
    paper = draw([{"kind": "single", "count": 2, "points": "2.5", "pool": [7, 8, 9]}], OPTIONS, "0" * 32)
    assert [(item["version"], "".join(item["order"])) for item in paper] == [(7, "BDCA"), (8, "CBAD")]
    assert {item["points"] for item in paper} == {"2.5"}


def test_every_question_and_every_place_of_an_option_is_about_as_likely():
    drawn: Counter[int] = Counter()
    first: Counter[str] = Counter()
    for number in range(2000):
        for item in draw(SECTIONS[:1], OPTIONS, f"{number:032x}"):
            drawn[item["version"]] += 1
            first[item["order"][0]] += 1
    assert set(drawn) == set(POOL)
    assert all(abs(count - 500) < 100 for count in drawn.values())
    assert all(abs(count - 2500) < 250 for count in first.values())


def test_partial_marks_are_frozen_into_the_paper():
    section = {"kind": "multiple", "count": 1, "points": 3, "pool": [1], "partial": True}
    assert draw([section], OPTIONS, "ab")[0]["partial"] is True


def test_a_pool_that_is_too_small_is_refused():
    with pytest.raises(PoolTooSmall, match="needs 3 questions, has 2"):
        draw([{"kind": "single", "count": 3, "points": 1, "pool": [1, 2, 2]}], OPTIONS, "ab")
