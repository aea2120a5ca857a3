"""The API of reports: the figures of the pages, the same scope, problem details for refusals."""

import pytest
from django.test import Client

from classroom.reports.models import ReportRun
from classroom.reports.services.rollups import rebuild
from tests.classroom.reports.worlds import World, build

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def world() -> World:
    made = build()
    rebuild()
    return made


def test_the_overview_holds_rates_with_both_counts(client: Client, world: World) -> None:
    client.force_login(world.city)
    data = client.get("/api/reports/overview/").json()
    assert data["total"]["completion"] == {"numerator": 3, "denominator": 6, "percent": 50.0}
    assert len(data["authorities"]) == 17
    empty = next(row for row in data["authorities"] if row["code"] == "SH-LG")
    assert empty["completion"] == {"numerator": 0, "denominator": 0, "percent": None}


def test_the_overview_is_narrowed(client: Client, world: World) -> None:
    client.force_login(world.city)
    data = client.get("/api/reports/overview/?authority=SH-310115&course=mandatory").json()
    assert data["total"]["counts"]["enrolled"] == 5
    assert [row["code"] for row in data["authorities"]] == ["SH-310115"]


def test_institutions_are_paged(client: Client, world: World) -> None:
    client.force_login(world.city)
    data = client.get("/api/reports/institutions/?page_size=2").json()
    assert (data["count"], len(data["results"])) == (3, 2)
    assert {"id", "uscc", "name", "authority", "counts"} == set(data["results"][0])


def test_people_are_listed_with_where_they_stand(client: Client, world: World) -> None:
    client.force_login(world.manager)
    data = client.get(f"/api/reports/institutions/{world.east.pk}/people/").json()
    by_name = {row["name"]: row["courses"] for row in data["results"]}
    assert by_name["员工late"][0]["state"] == "overdue"
    assert by_name["员工gone"] == []


def test_exports_are_made_and_listed(client: Client, world: World) -> None:
    client.force_login(world.district)
    made = client.post("/api/reports/runs/", {"kind": "districts", "format": "xlsx"}, **JSON)
    assert made.status_code == 201
    assert made.json()["state"] == "ready"
    assert len(made.json()["digest"]) == 64
    assert client.get("/api/reports/runs/").json()["count"] == 1
    assert client.get(f"/exports/{made.json()['id']}/").status_code == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"kind": "districts", "format": "xlsx", "authority": "SH-310104"}, 404),
        ({"kind": "districts", "format": "exe"}, 400),
        ({"kind": "people", "format": "csv", "institution": "999999"}, 404),
        ({}, 400),
    ],
)
def test_refusals_are_problem_details(
    client: Client, world: World, data: dict[str, str], status: int
) -> None:
    client.force_login(world.district)
    response = client.post("/api/reports/runs/", data, **JSON)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert ReportRun.objects.unscoped("none was made").count() == 0


@pytest.mark.parametrize("path", ["overview", "institutions", "runs"])
def test_learners_are_refused(client: Client, world: World, path: str) -> None:
    client.force_login(world.enrolments["done"].user)
    assert client.get(f"/api/reports/{path}/").status_code == 403
