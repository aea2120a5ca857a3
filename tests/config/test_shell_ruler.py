"""The ruler: what is missing shows to the second, and everything is said in words too."""

import itertools
import re
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from config.shell.ruler import (
    MINUTE,
    Part,
    Scale,
    clock,
    draw,
    draw_fields,
    holes,
    percent,
    steps,
    union,
)

SPANS = st.lists(st.tuples(st.integers(-50, 1000), st.integers(-50, 1000)), max_size=12)
LENGTH = st.integers(1, 900)


@given(SPANS, LENGTH)
def test_union_holds_the_same_points_in_order_and_apart(spans: list[tuple[int, int]], length: int) -> None:
    merged = union(spans, length)
    points = {p for start, end in spans for p in range(max(0, start), min(length, end))}
    assert {p for start, end in merged for p in range(start, end)} == points
    assert all(left[1] < right[0] for left, right in itertools.pairwise(merged))


@given(SPANS, LENGTH)
def test_holes_and_verified_fill_everything_up_to_the_furthest_point(
    spans: list[tuple[int, int]], length: int
) -> None:
    merged, missing = union(spans, length), holes(spans, length)
    furthest = merged[-1][1] if merged else 0
    covered = sorted(merged + missing)
    assert sum(end - start for start, end in covered) == furthest
    assert all(left[1] == right[0] for left, right in itertools.pairwise(covered))


@given(st.floats(-10, 1e9), st.floats(0, 1e9))
def test_percent_is_an_attribute_within_the_scale(value: float, length: float) -> None:
    text = percent(value, length)
    assert re.fullmatch(r"\d{1,3}(\.\d{1,3})?%", text)
    assert 0 <= float(text[:-1]) <= 100


@given(st.integers(1, 400 * 3_600_000))
def test_a_scale_never_has_more_figures_than_fit(length: int) -> None:
    major, minor = steps(length)
    assert length / major <= 9
    assert minor == 0 or major % minor == 0


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "00:00"), (758_000, "12:38"), (3_599_999, "59:59"), (3_758_000, "1:02:38")],
)
def test_clock(milliseconds: int, words: str) -> None:
    assert clock(milliseconds) == words


def test_gaps_of_a_course_are_found_a_lesson_at_a_time() -> None:
    scale = Scale((Part(100, spans=((0, 40), (60, 80))), Part(100), Part(100, spans=((10, 20),))))
    assert scale.gaps() == [(40, 60), (200, 210)]
    assert scale.verified() == [(0, 40), (60, 80), (210, 220)]


def test_a_gap_may_cross_chapters_of_one_lesson() -> None:
    scale = Scale((Part(100), Part(100)), spans=((0, 90), (120, 150)))
    assert scale.gaps() == [(90, 120)]


def test_one_missing_second_of_three_hours_still_shows() -> None:
    length = 180 * MINUTE
    svg = draw(Scale((Part(length, spans=((0, 60_000), (61_000, length))),)), sentence="x")
    hole = re.search(r'class="ruler__hole" x="([\d.]+)%" y="\d+" width="([\d.]+)%"', svg)
    assert hole is not None
    assert float(hole[2]) > 0
    assert svg.count("ruler__bracket") == 3


@pytest.mark.parametrize("size", ["large", "medium", "small"])
def test_drawing_is_well_formed_without_style_or_viewbox(size: str) -> None:
    parts = tuple(Part(30 * MINUTE, f"{n} <b>", str(n), ((0, 5 * MINUTE),), n == 2) for n in range(1, 6))
    svg = draw(Scale(parts), sentence='say "it"', size=size, position=758_000, unit_name="分")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'say "it"'
    assert "style=" not in svg
    assert "viewBox" not in svg
    assert "<b>" not in svg


def test_long_scales_are_in_minutes_and_say_the_unit_once() -> None:
    svg = draw(Scale((Part(180 * MINUTE),)), sentence="x", unit_name="分")
    figures = re.findall(r'class="ruler__figure[^"]*"[^>]*>([^<]+)<', svg)
    assert figures == ["0", "30", "60", "90", "120", "150", "180 分"]


def test_short_scales_are_in_clock_time() -> None:
    svg = draw(Scale((Part(38 * MINUTE),)), sentence="x")
    figures = re.findall(r'class="ruler__figure[^"]*"[^>]*>([^<]+)<', svg)
    assert figures == ["00:00", "05:00", "10:00", "15:00", "20:00", "25:00", "30:00", "35:00"]


def test_an_empty_scale_is_drawn() -> None:
    ElementTree.fromstring(draw(Scale((Part(0),)), sentence="nothing"))


def test_a_label_that_does_not_fit_is_left_to_its_number() -> None:
    parts = (Part(60 * MINUTE, "主体责任", "1"), Part(MINUTE, "一个很长很长的名字", "2"))
    svg = draw(Scale(parts), sentence="x")
    assert "主体责任" in svg
    assert "一个很长很长的名字" not in svg
    assert svg.count(">2</text>") == 2


def test_fields_fill_and_stop() -> None:
    svg = draw_fields(fields=6, done=2.4, sentence="x", is_stopped=True)
    assert 'width="40%"' in svg
    assert "ruler__stop" in svg
    assert "ruler__stop" not in draw_fields(fields=6, done=99, sentence="x")
    assert 'width="100%"' in draw_fields(fields=6, done=99, sentence="x")


def _render(source: str, **values: object) -> str:
    return Template("{% load shell %}" + source).render(Context(values))


def test_the_tag_says_what_is_verified_missing_and_where_one_stands() -> None:
    with translation.override("en"):
        html = _render(
            "{% ruler length_ms=length spans=spans position_ms=50000 %}",
            length=100_000,
            spans=[[0, 40_000], [45_000, 60_000]],
        )
    assert 'aria-label="Verified 00:55 of 01:40, 1 gap, 00:05 missing, now at 00:50"' in html


def test_the_tag_says_it_in_chinese() -> None:
    with translation.override("zh-hans"):
        html = _render("{% ruler length_ms=length spans=spans %}", length=100_000, spans=[[10_000, 40_000]])
    assert 'aria-label="已核验 00:30，共 01:40，缺 1 处，共 00:10"' in html


def test_chapters_and_parts_reach_the_drawing() -> None:
    chapters = [{"start_ms": 0, "label": "条件"}, {"start_ms": 60_000, "label": "标注", "is_current": True}]
    html = _render("{% ruler length_ms=120000 chapters=chapters %}", chapters=chapters)
    assert "ruler__label--current" in html
    parts = [{"length_ms": 60_000, "spans": [[0, 30_000]]}, {"length_ms": 60_000}]
    html = _render('{% ruler parts=parts size="small" %}', parts=parts)
    assert 'width="25%"' in html
    assert "ruler-box" not in html


def test_rates_have_eleven_ticks_and_bear_nothing() -> None:
    with translation.override("en"):
        html = _render("{% rate 38 52 %}")
        assert 'aria-label="38 of 52, 73.1 %"' in html
        assert html.count("ruler__tick") == 11
        assert 'aria-label="0 of 0, 0.0 %"' in _render("{% rate 0 0 %}")


def test_filters() -> None:
    assert _render("{{ 758000|as_clock }} {{ None|as_clock }}") == "12:38 00:00"
    assert _render("{{ 1000|as_minutes }} {{ 0|as_minutes }} {{ 150000|as_minutes }}") == "1 0 2"
    assert (
        _render("{{ a|plain_number }} {{ b|plain_number }} {{ 10|plain_number }}", a=4.0, b=4.5) == "4 4.5 10"
    )
