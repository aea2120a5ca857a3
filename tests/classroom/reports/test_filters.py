"""The overview by period, post and course: pages, links, exports and API say the same."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Membership
from classroom.reports import filters
from classroom.reports.services import exports
from classroom.reports.services.rollups import rebuild
from tests.classroom.reports.worlds import World
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory, PostFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"
THIS = timezone.localdate().year
LAST = THIS - 1


@pytest.fixture
def parted(city: World) -> World:
    """The city, where "done" and "late" enrolled last year, and "late" and "idle" are testers."""
    for key in ("done", "late"):
        row = city.enrolments[key]
        Enrolment.rows.filter(pk=row.pk).update(
            enrolled_at=row.enrolled_at.replace(year=LAST, month=3, day=5)
        )
    for key in ("late", "idle"):
        PostFactory(membership=Membership.rows.get(user=city.enrolments[key].user), kind="tester")
    rebuild()
    return city


def total(client: Client, query: str, path: str = "/overview/SH-310115/") -> tuple[int, int, int]:
    counts = client.get(f"{path}?{query}").context["total"].counts
    return counts.enrolled, counts.completed, counts.overdue


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (5, 2, 1)),
        (f"year={THIS}", (3, 1, 0)),
        (f"year={LAST}", (2, 1, 1)),
        (f"year={LAST - 1}", (0, 0, 0)),
        ("post=tester", (2, 0, 1)),
        (f"year={LAST}&post=tester", (1, 0, 1)),
        (f"year={THIS}&post=tester", (1, 0, 0)),
        ("post=quality_manager", (0, 0, 0)),
        (f"year={LAST}&course=mandatory", (2, 1, 1)),
        (f"year={LAST}&course=NONE", (0, 0, 0)),
    ],
)
def test_the_page_the_api_and_the_export_count_the_same_part(
    client: Client, parted: World, query: str, expected: tuple[int, int, int]
) -> None:
    client.force_login(parted.district)
    assert total(client, query) == expected
    data = client.get(f"/api/reports/overview/?authority=SH-310115&{query}").json()["total"]["counts"]
    assert (data["enrolled"], data["completed"], data["overdue"]) == expected
    spec = dict(pair.split("=") for pair in query.split("&") if pair)
    response = client.post("/exports/new/", {"kind": "institutions", "format": "csv", **spec})
    last = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[-1].split(",")
    assert (int(last[6]), int(last[7]), int(last[12])) == expected


@pytest.mark.parametrize(
    "query",
    ["year=x", "year=0", "year=-2026", "year=99999", "year=0001", "year=1999", "year=２０２６", "year=20+6",
     "post=x", "post=tester,x", "post=%00", "year=%00", "year=", "post="],
)  # fmt: skip
def test_a_filter_that_names_nothing_filters_nothing(client: Client, parted: World, query: str) -> None:
    client.force_login(parted.district)
    assert total(client, query) == (5, 2, 1)
    assert client.get(f"/api/reports/institutions/?{query}").json()["count"] == 2


@pytest.mark.parametrize(("text", "year"), [("2026", 2026), ("2000", 2000), ("2099", 2099), ("2100", 0)])
def test_years_are_of_this_century(text: str, year: int) -> None:
    assert filters.year_of(text) == year


def test_the_choices_are_offered_and_the_chosen_one_stands(client: Client, parted: World) -> None:
    client.force_login(parted.city)
    text = client.get(f"/overview/SH/?year={LAST}&post=tester").content.decode()
    assert f'<option value="{LAST}" selected>' in text
    assert '<option value="tester" selected>' in text
    assert len(client.get("/overview/SH/").context["years"]) == 6
    assert f"{LAST} 年度报名的记录" in text


def test_every_way_on_from_the_overview_keeps_the_filters(client: Client, parted: World) -> None:
    client.force_login(parted.city)
    carried = f"course=mandatory&amp;year={LAST}&amp;post=tester"
    response = client.get(f"/overview/?course=mandatory&year={LAST}&post=tester&show=all")
    text = response.content.decode()
    ways = re.findall(r'href="(/overview/SH[^"]*|\?show=[^"]*)"', text)
    inner = [way for way in ways if way not in {"/overview/"}]
    assert len(inner) >= 17 + 17 + 17 + 3
    assert all(carried in way for way in inner)
    for name, value in (("course", "mandatory"), ("year", str(LAST)), ("post", "tester")):
        # Both export forms and the search among the institutions.
        assert text.count(f'<input type="hidden" name="{name}" value="{value}">') == 3


def test_choosing_an_authority_keeps_the_other_filters(client: Client, parted: World) -> None:
    client.force_login(parted.city)
    response = client.get(f"/overview/?authority=SH-310115&year={LAST}&post=tester&course=")
    assert response.headers["Location"].startswith("/overview/SH-310115/?")
    assert total(client, response.headers["Location"].split("?")[1]) == (1, 0, 1)


def test_pages_of_the_table_keep_the_filters(client: Client, parted: World) -> None:
    for _ in range(51):
        InstitutionFactory()
    client.force_login(parted.district)
    text = client.get(f"/overview/SH-310115/?year={LAST}&post=tester").content.decode()
    assert f'rel="next" href="?year={LAST}&amp;post=tester&amp;page=2#institutions"' in text


def test_a_tile_and_a_bar_show_the_filtered_rate(client: Client, parted: World) -> None:
    client.force_login(parted.city)
    context = client.get(f"/overview/?year={LAST}").context
    tile = next(tile for tile in context["tiles"] if tile.code == "SH-310115")
    assert (tile.rate.numerator, tile.rate.denominator) == (1, 2)
    assert next(line for row, line in context["lines"] if row.code == "SH-310104").covered == 0


def test_the_trend_is_of_the_chosen_year_and_post(client: Client, parted: World) -> None:
    client.force_login(parted.district)
    dots = client.get(f"/overview/SH-310115/?year={LAST}").context["curves"][0].dots
    assert [dot.label for dot in dots] == [f"{LAST}-{month:02d}" for month in range(3, 13)]
    assert dots[-1].rate.denominator == 2
    testers = client.get("/overview/SH-310115/?post=tester").context["curves"][0].dots
    assert (testers[-1].rate.numerator, testers[-1].rate.denominator) == (0, 2)
    assert client.get(f"/overview/SH-310115/?year={LAST - 4}").context["curves"] == []


def test_what_is_to_be_looked_at_follows_the_filters(client: Client, parted: World) -> None:
    client.force_login(parted.district)
    path = "/overview/SH-310115/"
    found = client.get(f"{path}?year={THIS}").context["attention"]
    assert (found.overdue, found.without_enrolment) == (0, 1)
    page = client.get(f"{path}?year={THIS}&show=overdue").context["page"]
    assert page.paginator.count == 0
    names = [row.name for row in client.get(f"{path}?year={LAST - 1}&show=none").context["page"]]
    assert names == ["东岸检测", "空闲检测"]


def test_the_moment_of_the_count_does_not_depend_on_the_filters(client: Client, parted: World) -> None:
    client.force_login(parted.district)
    moments = {
        client.get(f"/overview/SH-310115/?{query}").context["as_of"]
        for query in ("", f"year={LAST - 1}", "post=quality_manager")
    }
    assert len(moments) == 1
    assert None not in moments


def test_who_takes_a_post_is_in_it_after_the_next_count(client: Client, parted: World) -> None:
    client.force_login(parted.district)
    PostFactory(membership=Membership.rows.get(user=parted.enrolments["done"].user), kind="tester")
    assert total(client, "post=tester") == (2, 0, 1)
    rebuild()
    assert total(client, "post=tester") == (3, 1, 1)


@pytest.mark.parametrize("query", [f"year={THIS}", "post=tester", f"year={THIS}&post=tester&show=all"])
def test_filters_ask_as_many_queries_for_three_institutions_as_for_one(
    client: Client, parted: World, queries_of: Callable[[str], int], query: str
) -> None:
    client.force_login(parted.city)
    before = queries_of(f"/overview/?{query}")
    for _ in range(3):
        member = MembershipFactory()
        PostFactory(membership=member)
        EnrolmentFactory(user=member.user, institution=member.institution, edition=EditionFactory())
    rebuild()
    assert queries_of(f"/overview/?{query}") == before


def test_the_export_says_what_it_was_narrowed_to(parted: World) -> None:
    spec = {"year": str(LAST), "post": "tester", "course": "mandatory", "state": "bogus", "show": "bogus"}
    run, _ = exports.request_run(user=parted.district, kind="districts", file_format="csv", spec=spec)
    assert run.spec == {"year": str(LAST), "post": "tester", "course": "mandatory"}


@pytest.mark.parametrize(
    ("data", "spec"),
    [
        ({"search": "  东岸  "}, {"search": "东岸"}),
        ({"search": "x" * 500}, {"search": "x" * 64}),
        ({"search": "a\x00b", "name": "\x00", "course": "\x00"}, {"search": "ab"}),
        ({"year": "abc", "post": "abc", "state": "abc", "show": "abc"}, {}),
        ({"kind": "people", "format": "csv", "csrfmiddlewaretoken": "x"}, {}),
        ({"state": "overdue", "show": "none", "post": "tester"},
         {"state": "overdue", "show": "none", "post": "tester"}),
    ],
)  # fmt: skip
def test_filters_of_an_export_are_cleaned_as_the_pages_clean_them(
    data: dict[str, str], spec: dict[str, str]
) -> None:
    assert exports.clean_spec(data) == spec


@pytest.mark.parametrize("state", ["bogus", "overdue'", "%00"])
def test_an_unknown_state_shows_and_exports_everybody(client: Client, city: World, state: str) -> None:
    client.force_login(city.manager)
    page: Any = client.get(f"/institution/people/?state={state}").context["page"]
    response = client.post(
        "/exports/new/", {"kind": "people", "format": "csv", "institution": city.east.pk, "state": state}
    )
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) - 1 == page.paginator.count == 7


def test_a_day_before_the_year_turns_is_another_period(client: Client, city: World) -> None:
    first = timezone.localtime().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    for row, at in zip(city.enrolments.values(), (first, first - timedelta(microseconds=1)), strict=False):
        Enrolment.rows.filter(pk=row.pk).update(enrolled_at=at)
    rebuild()
    client.force_login(city.district)
    assert (total(client, f"year={THIS}")[0], total(client, f"year={LAST}")[0]) == (4, 1)
