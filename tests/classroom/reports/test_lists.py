"""Lists: their order, their pages, their search, and how many queries they ask at one item and at three."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from classroom.reports.models import ReportRun
from classroom.reports.services.rollups import rebuild
from tests.classroom.reports.worlds import World, authority
from tests.factories.catalogue import EditionFactory, EditionLessonFactory
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import (
    CmaCertificateFactory,
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
    RegulatorGrantFactory,
    uscc,
)
from tests.factories.progress import LessonProgressFactory, PlaySessionFactory
from tests.factories.reports import ReportRunFactory

pytestmark = pytest.mark.django_db


def grow(city: World, place: Any = None) -> None:
    """Give an institution one more person with everything that a list can show of somebody."""
    member = MembershipFactory(
        institution=place or InstitutionFactory(supervising_authority=authority("SH-LG"))
    )
    PostFactory(membership=member)
    CmaCertificateFactory(institution=member.institution)
    edition = EditionFactory()
    row = EnrolmentFactory(user=member.user, institution=member.institution, edition=edition, completed=True)
    CertificateFactory(completion=CompletionFactory(enrolment=row))
    other = EnrolmentFactory(user=member.user, institution=member.institution, edition=city.edition)
    LessonProgressFactory(enrolment=other, lesson=EditionLessonFactory(edition=edition, reading=True))
    ReportRunFactory(user=city.city)
    ReportRunFactory(user=city.manager)


LISTS = [
    ("city", "/overview/"),
    ("city", "/overview/?show=all"),
    ("city", "/overview/?show=overdue"),
    ("city", "/overview/?show=codes"),
    ("city", "/overview/SH-LG/"),
    ("city", "/overview/SH-LG/?search=检测"),
    ("city", "/overview/institution/{east}/"),
    ("city", "/exports/"),
    ("city", "/api/reports/overview/"),
    ("city", "/api/reports/institutions/"),
    ("city", "/api/reports/institutions/{east}/people/"),
    ("city", "/api/reports/runs/"),
    ("manager", "/institution/people/"),
    ("manager", "/institution/people/?state=done"),
    ("manager", "/api/reports/institutions/{east}/people/"),
]


@pytest.mark.parametrize(("role", "path"), LISTS)
def test_a_list_asks_as_many_queries_for_three_as_for_one(
    client: Client, city: World, queries_of: Callable[[str], int], role: str, path: str
) -> None:
    client.force_login(getattr(city, role))
    place = city.east if "{east}" in path or role == "manager" else None
    address = path.format(east=city.east.pk)
    grow(city, place)
    rebuild()
    before = queries_of(address)
    for _ in range(2):
        grow(city, place)
    rebuild()
    assert queries_of(address) == before


def test_the_evidence_asks_as_many_queries_for_more(
    client: Client, city: World, queries_of: Callable[[str], int]
) -> None:
    row = city.enrolments["late"]
    client.force_login(city.district)
    path = f"/overview/person/{row.pk}/"

    def learn() -> None:
        lesson = EditionLessonFactory(edition=city.edition)
        progress = LessonProgressFactory(enrolment=row, lesson=lesson, covered=(0, 1000))
        clock = getattr(row.user, "clock", None)
        PlaySessionFactory(progress=progress, **({"clock": clock} if clock else {}))
        AttemptFactory(enrolment=row, exam=city.edition.exam, graded=True)

    learn()
    before = queries_of(path)
    learn()
    row.user.refresh_from_db()
    learn()
    assert queries_of(path) == before


def test_an_assignment_asks_as_many_queries_for_more_people(client: Client, city: World) -> None:
    client.force_login(city.manager)
    asked = []
    people = [city.enrolments[key].user_id for key in ("done", "late", "idle")]
    for chosen in (people[:1], people[:1], people):
        with CaptureQueriesContext(connection) as caught:
            client.post("/institution/people/assign/", {"person": chosen})
        asked.append(len(caught))
    assert asked[1] == asked[2]


def test_institutions_stand_by_authority_and_then_by_code(client: Client, city: World) -> None:
    """Everywhere in the same order: the page, its next page, the API."""
    late = InstitutionFactory(uscc=uscc(99_999), supervising_authority=authority("SH-310101"))
    early = InstitutionFactory(uscc=uscc(1), supervising_authority=authority("SH-310115"))
    client.force_login(city.city)
    page = [row.pk for row in client.get("/overview/?show=all").context["page"]]
    api = [row["id"] for row in client.get("/api/reports/institutions/").json()["results"]]
    positions = [authority(code).position for code in ("SH-310101", "SH-310104", "SH-310115")]
    assert positions == sorted(positions)
    east = sorted([city.east, city.idle, early], key=lambda row: row.uscc)
    assert page == api == [late.pk, city.west.pk, *(row.pk for row in east)]


def test_pages_of_the_table_hold_fifty_and_nothing_twice(client: Client, city: World) -> None:
    for _ in range(99):
        InstitutionFactory()
    client.force_login(city.district)
    path = "/overview/SH-310115/"
    pages = [client.get(f"{path}?page={number}").context["page"] for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 1]
    assert len({row.pk for page in pages for row in page}) == 101
    text = client.get(f"{path}?page=2").content.decode()
    assert "51" in text
    # The table stands low on a long page.
    assert re.search(r'rel="prev" href="\?page=1#institutions"', text)
    assert re.search(r'rel="next" href="\?page=3#institutions"', text)
    # Past the end the last page is shown, and no way further.
    last = client.get(f"{path}?page=77")
    assert last.context["page"].number == 3
    assert 'rel="next"' not in last.content.decode()


def test_the_total_under_a_page_is_that_of_all_pages(client: Client, city: World) -> None:
    for _ in range(55):
        row = InstitutionFactory(name="分页检测")
        EnrolmentFactory(institution=row, edition=city.edition)
    rebuild()
    client.force_login(city.district)
    for number in (1, 2):
        context = client.get(f"/overview/SH-310115/?search=分页&page={number}").context
        assert context["institutions_total"].enrolled == 55
    assert client.get("/overview/SH-310115/?page=2").context["total"].counts.enrolled == 60


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("东岸", {"东岸检测"}),
        (" 检测 ", {"东岸检测", "空闲检测"}),
        ("code", {"东岸检测"}),
        ("tail", set()),
        ("西岸", set()),
        ("%", set()),
        ("_", set()),
        ("", {"东岸检测", "空闲检测"}),
    ],
)
def test_institutions_are_found_by_name_and_by_the_beginning_of_the_code(
    client: Client, city: World, search: str, names: set[str]
) -> None:
    text = {"code": city.east.uscc[:17], "tail": city.east.uscc[1:]}.get(search, search)
    client.force_login(city.district)
    page = client.get("/overview/SH-310115/", {"search": text}).context["page"]
    assert {row.name for row in page} == names


def test_a_code_is_found_in_small_letters(client: Client, city: World) -> None:
    client.force_login(city.district)
    page = client.get("/overview/SH-310115/", {"search": city.east.uscc.lower()}).context["page"]
    assert [row.name for row in page] == ["东岸检测"]


def test_at_most_twenty_institutions_are_the_most_overdue(client: Client, city: World) -> None:
    for number in range(22):
        row = InstitutionFactory(name=f"逾期{number}")
        for _ in range(1 + (number > 1)):
            EnrolmentFactory(institution=row, edition=city.edition, overdue=True)
    rebuild()
    client.force_login(city.district)
    context = client.get("/overview/SH-310115/?show=overdue").context
    assert context["page"].paginator.count == 20
    names = {row.name for row in context["page"]}
    assert names == {f"逾期{number}" for number in range(2, 22)}
    found = context["attention"]
    assert (found.overdue_institutions, found.overdue_in_them, found.overdue) == (20, 40, 43)


def test_people_stand_in_the_order_of_their_joining_and_fifty_a_page(client: Client, city: World) -> None:
    for number in range(50):
        MembershipFactory(institution=city.east, user__name=f"新人{number:02d}")
    client.force_login(city.manager)
    first = client.get("/institution/people/").context["page"]
    second = client.get("/institution/people/?page=2").context["page"]
    assert (len(first), len(second)) == (50, 7)
    keys = [person.user_id for page in (first, second) for person in page]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(("size", "length"), [(1, 1), (2, 2), (200, 3), (100_000, 3)])
def test_a_page_of_the_api_is_as_long_as_asked_within_bounds(
    client: Client, city: World, size: int, length: int
) -> None:
    client.force_login(city.city)
    data = client.get(f"/api/reports/institutions/?page_size={size}").json()
    assert (data["count"], len(data["results"])) == (3, length)
    assert (data["previous"], data["next"] is None) == (None, length == 3)


def test_the_links_of_the_api_lead_through_all_pages_with_the_filters(client: Client, city: World) -> None:
    client.force_login(city.city)
    address = "/api/reports/institutions/?page_size=1&course=mandatory&authority=SH-310115"
    names = []
    while address:
        data = client.get(address).json()
        names += [row["name"] for row in data["results"]]
        address = data["next"]
    assert names == ["东岸检测", "空闲检测"]


def test_exports_of_the_api_are_ones_own_and_the_newest_first(client: Client, city: World) -> None:
    client.force_login(city.district)
    made = [
        client.post(
            "/api/reports/runs/", {"kind": kind, "format": "csv"}, content_type="application/json"
        ).json()["id"]
        for kind in ("districts", "institutions")
    ]
    ReportRunFactory(user=city.city)
    data = client.get("/api/reports/runs/").json()
    assert [row["id"] for row in data["results"]] == made[::-1]
    assert ReportRun.objects.unscoped("the test counts").count() == 3


def test_a_manager_of_several_chooses_among_them_by_name(client: Client, city: World) -> None:
    names = ["丙检测", "乙检测", "甲检测"]
    for name in names:
        ManagerFactory(user=city.manager, institution=InstitutionFactory(name=name))
    client.force_login(city.manager)
    context = client.get("/institution/people/").context
    assert [row.name for row in context["institutions"]] == sorted([*names, "东岸检测"])
    RegulatorGrantFactory(user=city.manager)
    chosen = context["institutions"][2]
    assert client.get(f"/institution/people/?institution={chosen.pk}").context["institution"] == chosen
