"""Moments of a lecture as a trainer writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue.moments import moment_of, read_moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:00", 0),
        ("1:30", 90),
        ("01:30", 90),
        (" 1：30 ", 90),
        ("90:05", 5405),
        ("1:02:30", 3750),
        ("1：02：30", 3750),
        ("999:59", 59_999),
        ("1:60", None),
        ("1:3", None),
        ("90", None),
        ("1:60:00", None),
        ("1000:00", None),
        ("-1:30", None),
        ("1:30.5", None),
        ("１:30", None),
        ("1:30 pm", None),
        ("", None),
    ],
)
def test_a_moment_is_read_as_it_is_said(text, seconds):
    assert read_moment(text) == (None if seconds is None else seconds * 1000)


@given(st.integers(0, 99 * 3600 + 3599))
def test_what_is_shown_is_read_back(seconds):
    assert read_moment(moment_of(seconds * 1000)) == seconds * 1000
