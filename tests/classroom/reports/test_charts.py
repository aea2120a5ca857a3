"""Where marks of charts stand: inside the plot, in order, with holes where there is nothing, on the map."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from classroom.institutions import divisions
from classroom.reports import charts
from classroom.reports.figures import Rate, map_step
from classroom.reports.queries.rollups import trend
from tests.classroom.reports.worlds import World

RATES = st.integers(0, 10**6).flatmap(lambda whole: st.builds(Rate, st.integers(0, whole), st.just(whole)))
MONTHS = st.dates(date(2023, 1, 1), date(2026, 12, 31)).map(lambda day: day.replace(day=1))
FLOWS = st.dictionaries(MONTHS, st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=20)


def place(text: str) -> float:
    return float(text.removesuffix("%"))


@given(st.lists(RATES, max_size=12))
def test_every_dot_stands_in_the_plot_and_says_its_rate(rates: list[Rate]) -> None:
    line = charts.curve("年", [(str(number), rate) for number, rate in enumerate(rates)])
    assert [dot.rate for dot in line.dots] == [rate for rate in rates if rate.denominator]
    for dot in line.dots:
        assert 8 <= place(dot.x) <= 88
        assert 12 <= float(dot.y) <= 172
    assert all(place(a.x) < place(b.x) for a, b in pairwise(line.dots))
    assert line.name_y == (float(line.dots[-1].y) if line.dots else 0)


@given(st.lists(RATES, max_size=12))
def test_a_line_joins_neighbours_and_never_bridges_a_hole(rates: list[Rate]) -> None:
    line = charts.curve("年", [(str(number), rate) for number, rate in enumerate(rates)])
    joined = [
        (str(number), str(number + 1))
        for number, (a, b) in enumerate(pairwise(rates))
        if a.denominator and b.denominator
    ]
    assert [(a.label, b.label) for a, b in line.strokes] == joined


@given(RATES, RATES)
def test_the_higher_rate_stands_higher(a: Rate, b: Rate) -> None:
    if a.percent is not None and b.percent is not None and a.percent > b.percent:
        assert float(charts.y_of(a)) <= float(charts.y_of(b))


@pytest.mark.parametrize(("rate", "y"), [(Rate(0, 9), "172.0"), (Rate(9, 9), "12.0"), (Rate(0, 0), "172.0")])
def test_none_and_all_stand_on_the_ends_of_the_scale(rate: Rate, y: str) -> None:
    assert charts.y_of(rate) == y


@given(FLOWS, st.integers(2023, 2026), st.integers(1, 12))
def test_a_trend_ends_at_the_sum_of_all_that_came_before(
    flows: dict[date, tuple[int, int]], year: int, until: int
) -> None:
    points = trend(flows, year, date(year, until, 28))
    assert [point.month.month for point in points] == list(range(1, until + 1))
    before = [flow for month, flow in flows.items() if month <= date(year, until, 1)]
    last = points[-1].rate
    assert last == Rate(sum(flow[1] for flow in before), sum(flow[0] for flow in before))
    # What is cumulative never falls.
    assert all(a.rate.denominator <= b.rate.denominator for a, b in pairwise(points))


@given(FLOWS)
def test_a_year_that_has_not_begun_has_no_points(flows: dict[date, tuple[int, int]]) -> None:
    assert trend(flows, 2027, date(2026, 12, 31)) == []


@pytest.mark.parametrize(
    ("part", "step"), [(599, 1), (600, 2), (679, 2), (680, 3), (759, 3), (760, 4), (839, 4), (840, 5)]
)
def test_the_steps_of_the_map_begin_exactly_where_the_legend_says(part: int, step: int) -> None:
    assert map_step(Rate(part, 1000)) == step
    assert charts.Tile("x", "x", 0, 0, Rate(part, 1000)).step == step


def test_nobody_complete_is_the_lowest_step_and_nobody_enrolled_is_none() -> None:
    assert (map_step(Rate(0, 5)), map_step(Rate(0, 0)), map_step(Rate(5, 5))) == (1, 0, 5)


@given(RATES)
def test_a_tile_never_says_more_than_is_so(rate: Rate) -> None:
    tile = charts.Tile("x", "x", 0, 0, rate)
    if rate.percent is None:
        assert tile.whole_percent == "—"
    else:
        assert Decimal(tile.whole_percent) <= rate.percent
        assert (tile.whole_percent == "100") == (rate.numerator == rate.denominator)


@pytest.mark.django_db
def test_each_district_has_a_field_of_the_map_to_itself(client: Client, city: World) -> None:
    client.force_login(city.city)
    tiles = client.get("/overview/").context["tiles"]
    fields = [(tile.column, tile.row) for tile in tiles]
    assert len(fields) == len(set(fields)) == 17
    assert all(0 <= column < 5 and 0 <= row < 5 for column, row in fields)
    assert {tile.code for tile in tiles} == {f"SH-{code}" for code in divisions.BY_CODE} | {"SH-LG"}
    # Reading order: the keyboard walks the map line by line.
    assert [(row, column) for column, row in fields] == sorted((row, column) for column, row in fields)


@pytest.mark.django_db
def test_bars_stand_by_rate_with_those_without_any_at_the_end(client: Client, city: World) -> None:
    client.force_login(city.city)
    bars = client.get("/overview/").context["bars"]
    rates = [line.counts.completion.percent for _, line in bars]
    assert rates[:2] == [100, 40]
    assert set(rates[2:]) == {None}


@pytest.mark.django_db
def test_a_district_compares_its_courses(client: Client, city: World) -> None:
    client.force_login(city.district)
    context = client.get("/overview/SH-310115/").context
    ((choice, counts),) = context["course_bars"]
    assert choice["value"] == city.edition.course.code
    assert (counts.completed, counts.enrolled) == (2, 5)
    assert "tiles" not in context
