"""The benchmark of a learner's pages: it asks the real ones, and their queries do not grow."""

import json

import pytest

from config.bench_pages import main

pytestmark = pytest.mark.django_db


def test_pages_ask_as_much_for_a_long_course_as_for_a_short_one() -> None:
    short, long = json.loads(main([(2, 0), (5, 40)]))
    assert set(short) == set(long) == {"outline of the course", "player", "my learning", "outline by the API"}
    for page, (milliseconds, cpu_milliseconds, queries) in long.items():
        assert milliseconds > 0
        assert cpu_milliseconds > 0
        assert 0 < queries == short[page][2], page
