"""Scoring, by example and by property."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.exams.scoring import Item, earned, grade, is_right, percent

KEYS = "ABCDEFG"
key_sets = st.frozensets(st.sampled_from(KEYS))
items = st.builds(
    Item,
    kind=st.sampled_from(["single", "multiple", "true_false"]),
    points=st.decimals("0.5", "10", places=1),
    answers=st.frozensets(st.sampled_from(KEYS), min_size=1),
    choice=key_sets,
    partial=st.booleans(),
)


def item(kind="multiple", points="3", answers="ABE", choice="", partial=False):
    return Item(kind, Decimal(points), frozenset(answers), frozenset(choice), partial)


@pytest.mark.parametrize(
    ("one", "points"),
    [
        (item("single", "2", "A", "A"), "2"),
        (item("single", "2", "A", "B"), "0"),
        (item("single", "2", "A", ""), "0"),
        (item("single", "2", "A", "AB"), "0"),
        (item("true_false", "1", "B", "B"), "1"),
        (item("true_false", "1", "B", "A"), "0"),
        (item(choice="ABE"), "3"),
        (item(choice="AB"), "0"),
        (item(choice="ABDE"), "0"),
        (item(choice="AB", partial=True), "2.00"),
        (item(choice="A", partial=True), "1.00"),
        (item(choice="AD", partial=True), "0"),
        (item(choice="ABDE", partial=True), "0"),
        (item(choice="", partial=True), "0"),
        (item(points="2", choice="A", partial=True), "0.66"),
        (item("single", "2", "AB", "A", partial=True), "0"),
    ],
)
def test_each_kind_earns_what_its_rule_says(one, points):
    assert earned(one) == Decimal(points)


def test_a_question_without_a_key_is_never_right():
    assert not is_right(frozenset(), frozenset())
    assert earned(item(answers="", choice="")) == 0


@pytest.mark.parametrize(
    ("points", "out_of", "score"),
    [
        ("2", "3", "66.6"),
        ("92", "100", "92.0"),
        ("59.96", "60", "99.9"),
        ("0", "0", "0.0"),
        ("7", "7", "100.0"),
    ],
)
def test_percent_is_rounded_down_to_a_tenth(points, out_of, score):
    assert percent(Decimal(points), Decimal(out_of)) == Decimal(score)


def test_reaching_the_mark_passes_and_just_below_fails():
    right, wrong = item("single", "1", "A", "A"), item("single", "1", "A", "B")
    assert grade([right] * 3 + [wrong] * 2, 60).is_passed
    assert not grade([right] * 599 + [wrong] * 401, 60).is_passed


def test_an_empty_paper_is_not_passed():
    assert grade([], 1).is_passed is False


@given(st.lists(items, max_size=40), st.integers(1, 100))
def test_a_result_is_bounded_and_consistent(listed, mark):
    result = grade(listed, mark)
    assert 0 <= result.points <= result.max_points
    assert Decimal(0) <= result.score <= Decimal(100)
    assert result.score == result.score.quantize(Decimal("0.1"))
    if result.max_points:
        # Rounding down to a tenth never moves a score over a whole-percent mark.
        assert result.is_passed == (result.points * 100 >= mark * result.max_points)


@given(items)
def test_all_right_earns_all_and_a_wrong_key_never_helps(one):
    whole = Item(one.kind, one.points, one.answers, one.answers, one.partial)
    assert earned(whole) == one.points
    spoiled = Item(one.kind, one.points, one.answers, one.choice | {"Z"}, one.partial)
    assert earned(spoiled) == 0


@given(items, items)
def test_adding_a_question_never_lowers_the_points(one, other):
    assert grade([one, other], 60).points >= grade([one], 60).points


@given(st.lists(items, min_size=1, max_size=10))
def test_order_of_questions_does_not_matter(listed):
    assert grade(listed, 60) == grade(list(reversed(listed)), 60)
