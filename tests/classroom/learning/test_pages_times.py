"""Lengths of time in words."""

import pytest
from django.utils import translation

from classroom.learning.pages_home import given_name
from classroom.learning.templatetags.learning import in_parts, spoken
from classroom.learning.times import clock


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "00:00"), (999, "00:00"), (758_000, "12:38"), (3_723_000, "1:02:03"), (-5, "00:00")],
)
def test_a_clock_reads_minutes_and_hours(milliseconds: int, words: str) -> None:
    assert clock(milliseconds) == words


@pytest.mark.parametrize(
    ("milliseconds", "english", "chinese"),
    [
        (1000, "1 second", "1 秒"),
        (45_000, "45 seconds", "45 秒"),
        (60_000, "1 minute", "1 分钟"),
        (5_210_000, "86 minutes 50 seconds", "86 分钟 50 秒"),
        (6_010_000, "100 minutes", "100 分钟"),
    ],
)
def test_a_length_is_said_in_both_languages(milliseconds: int, english: str, chinese: str) -> None:
    with translation.override("en"):
        assert spoken(milliseconds) == english
    with translation.override("zh-hans"):
        assert spoken(milliseconds) == chinese


def test_a_large_figure_has_hours_only_where_minutes_would_be_many() -> None:
    assert in_parts(5_210_000) == {"hours": 0, "minutes": 86, "seconds": 50}
    assert in_parts(7_260_000) == {"hours": 2, "minutes": 1, "seconds": 0}
    assert in_parts(None) == {"hours": 0, "minutes": 0, "seconds": 0}


@pytest.mark.parametrize(
    ("name", "called"),
    [("陈思远", "思远"), ("欧阳思远", "思远"), ("林静", "林静"), ("Chen Siyuan", "Chen Siyuan")],
)
def test_colleagues_are_called_by_the_given_name(name: str, called: str) -> None:
    assert given_name(name) == called
