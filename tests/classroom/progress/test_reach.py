"""Whether a moment was played: what was told, what may not be told yet, and not a millisecond more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.progress.reach import SPAN_MS, UNTOLD_AT_MOST_MS, was_reached

TOLERANCE = 1500
# Where a part begins, and how long it is.
PARTS = st.lists(st.tuples(st.integers(0, 300_000), st.integers(1, 60_000)), max_size=6)


def reached(moment, *shown, quiet=0, cap=1000):
    return was_reached(moment, shown, quiet=quiet, cap=cap, tolerance=TOLERANCE)


def spans(parts):
    return [(start, start + length) for start, length in parts]


@pytest.mark.parametrize(
    ("quiet", "cap", "furthest"),
    [
        (0, 1000, 60_000 + SPAN_MS + TOLERANCE),
        (10_000, 1000, 60_000 + 10_000 + SPAN_MS + TOLERANCE),
        (10_000, 2000, 60_000 + 2 * (10_000 + SPAN_MS) + TOLERANCE),
        (25_000, 1000, 60_000 + 30_000 + TOLERANCE),
        (3_600_000, 1000, 60_000 + 30_000 + TOLERANCE),
        # A contact told by a clock that runs ahead takes nothing away.
        (-3_600_000, 1000, 60_000 + SPAN_MS + TOLERANCE),
    ],
)
def test_what_follows_is_taken_on_trust_as_far_as_it_can_have_been_played(quiet, cap, furthest):
    assert reached(furthest, (0, 60_000), quiet=quiet, cap=cap)
    assert not reached(furthest + 1, (0, 60_000), quiet=quiet, cap=cap)


def test_a_moment_that_was_jumped_over_is_not_reached_by_what_lies_behind_it():
    piece = (100_000, 120_000)
    assert not reached(90_000, piece)
    assert not reached(100_000 - TOLERANCE - 1, piece)
    assert reached(100_000 - TOLERANCE, piece)


def test_the_first_seconds_need_no_report():
    assert reached(1_000)
    assert reached(SPAN_MS + TOLERANCE)
    assert not reached(60_000, quiet=29_000)


@settings(max_examples=60)
@given(PARTS, PARTS, st.integers(0, 400_000), st.integers(0, 10**7))
def test_more_that_was_shown_never_takes_a_moment_away(some, more, moment, quiet):
    if reached(moment, *spans(some), quiet=quiet):
        assert reached(moment, *spans(more), *spans(some), quiet=quiet)


@settings(max_examples=60)
@given(PARTS, st.integers(0, 500_000), st.integers(0, 10**9), st.sampled_from([1000, 1500, 2000]))
def test_nothing_is_reached_further_than_the_allowance_from_what_was_shown(some, moment, quiet, cap):
    shown = spans(some)
    if reached(moment, *shown, quiet=quiet, cap=cap):
        most = UNTOLD_AT_MOST_MS * cap // 1000 + TOLERANCE
        assert any(start - TOLERANCE <= moment <= end + most for start, end in [(0, 1), *shown])
