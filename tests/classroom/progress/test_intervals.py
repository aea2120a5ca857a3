"""Sets of milliseconds: every operation is what the same operation on plain sets gives."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.progress import verifier
from classroom.progress.intervals import both, holes, insert, intervals, minus, size, union

END = 60


@st.composite
def pairs(draw):
    """Intervals in any order, empty and overlapping ones among them."""
    ends = st.tuples(st.integers(0, END), st.integers(0, END))
    return [(min(one), max(one)) for one in draw(st.lists(ends, max_size=8))]


def points(some) -> set[int]:
    return {at for start, end in some for at in range(start, end)}


def is_proper(some) -> bool:
    """Sorted, disjoint, none empty, none that touch."""
    return all(start < end for start, end in some) and all(
        one[1] < two[0] for one, two in itertools.pairwise(some)
    )


@given(pairs())
def test_a_union_holds_each_point_once_and_no_other(some):
    joined = union(some)
    assert is_proper(joined)
    assert points(joined) == points(some)
    assert size(joined) == len(points(some))


@given(pairs(), st.randoms(use_true_random=False))
def test_a_union_does_not_depend_on_order_or_repetition(some, rng):
    shuffled = [*some, *some[: len(some) // 2]]
    rng.shuffle(shuffled)
    assert union(shuffled) == union(some)


@given(pairs(), st.integers(0, END), st.integers(0, END))
def test_inserting_is_the_union_with_one_more(some, start, end):
    base = union(some)
    kept = list(base)
    assert insert(base, start, end) == union([*base, (start, end)])
    assert base == kept


@given(pairs(), st.integers(0, END), st.integers(0, END))
def test_inside_and_outside_part_a_piece_without_rest(some, one, other):
    piece, others = (min(one, other), max(one, other)), union(some)
    inside, outside = both(piece, others), minus(piece, others)
    assert points(inside) == points([piece]) & points(others)
    assert points(outside) == points([piece]) - points(others)
    assert size(inside) + size(outside) == piece[1] - piece[0]


@given(pairs())
def test_holes_are_what_is_not_covered_up_to_the_end(some):
    covered = union(some)
    assert points(holes(covered, END)) == set(range(END)) - points(covered)


@given(pairs())
def test_the_verifier_of_strangers_joins_as_the_platform_does(some):
    some = [one for one in some if one[0] < one[1]]
    assert intervals(verifier.merged(some)) == union(some)


@pytest.mark.parametrize(
    ("covered", "end", "missing"),
    [
        ([], 10, [(0, 10)]),
        ([(0, 10)], 10, []),
        ([(0, 20)], 10, []),
        ([(3, 4), (6, 9)], 10, [(0, 3), (4, 6), (9, 10)]),
        ([(12, 14)], 10, [(0, 10)]),
        ([(0, 5)], 0, []),
    ],
)
def test_holes_at_the_edges(covered, end, missing):
    assert holes(covered, end) == missing


def test_touching_intervals_are_one_and_empty_ones_none():
    assert union([(5, 9), (0, 5), (7, 7)]) == [(0, 9)]
    assert insert([(0, 5)], 5, 9) == [(0, 9)]
    assert insert([(0, 5)], 9, 9) == [(0, 5)]
