"""Whatever an address or a form holds, no page and no endpoint of reports fails; it answers in words."""

from typing import Any

import pytest
from django.test import Client

from classroom.enrolment.models import Enrolment
from classroom.reports.models import Reminder, ReportRun
from tests.classroom.reports.worlds import World
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"
JSON = "application/json"
ODD = ["", "%00", "%FF%FE", "-1", "0", "9" * 25, "1e9", "٣", "None", "[]", "{}", "' OR 1=1 --", "%F0%9F%98%80",
       "%3Cscript%3E", "x" * 3000, "../../etc", "%0d%0aX: y"]  # fmt: skip
PAGES = {
    "/overview/": ("course", "year", "post", "show", "search", "page"),
    "/overview/SH-310115/": ("course", "year", "post", "show", "search", "page"),
    "/overview/institution/{east}/": ("state", "name", "page"),
    "/institution/people/": ("post", "state", "name", "page"),
    "/api/reports/overview/": ("course", "year", "post"),
    "/api/reports/institutions/": ("course", "year", "post", "page_size"),
    "/api/reports/institutions/{east}/people/": ("page_size",),
    "/api/reports/runs/": ("page_size",),
}


@pytest.fixture
def everything(client: Client, city: World) -> Client:
    """Somebody who supervises the city and manages East."""
    city.city.memberships.create(institution=city.east, role="manager", started_on="2024-01-01")
    client.force_login(city.city)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_odd_filters_never_break_a_page(everything: Client, city: World, path: str) -> None:
    address = path.format(east=city.east.pk)
    for value in ODD:
        query = "&".join(f"{name}={value}" for name in PAGES[path])
        response = everything.get(f"{address}?{query}")
        assert response.status_code == 200, value
        assert b'value="<script>' not in response.content


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("/api/")])
@pytest.mark.parametrize("value", ["x", "0", "-1", "999", "9" * 25, "%00"])
def test_an_odd_page_of_the_api_is_a_problem_and_no_error(
    everything: Client, city: World, path: str, value: str
) -> None:
    response = everything.get(f"{path.format(east=city.east.pk)}?page={value}")
    if path == "/api/reports/overview/":
        assert response.status_code == 200
        return
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 404


@pytest.mark.parametrize(
    "path",
    ["/overview/{0}/", "/overview/institution/{0}/", "/overview/person/{0}/", "/exports/{0}/",
     "/api/reports/institutions/{0}/people/", "/institution/people/?institution={0}",
     "/overview/?authority={0}", "/api/reports/overview/?authority={0}",
     "/api/reports/institutions/?authority={0}"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["0", "9" * 18, "9" * 25, "SH-999999", "sh", "%00", "x'--", "-1"])
def test_what_names_nothing_is_not_found(everything: Client, path: str, value: str) -> None:
    assert everything.get(path.format(value)).status_code == 404


@pytest.mark.parametrize("people", [[], ["x"], ["-1"], ["9" * 30], ["1.5"], ["%00"], ["٣"], [""], ["0"]])
@pytest.mark.parametrize("action", ["remind", "assign"])
def test_odd_people_are_nobody(everything: Client, city: World, action: str, people: list[str]) -> None:
    response = everything.post(
        f"/institution/people/{action}/", {"institution": city.east.pk, "person": people}, follow=True
    )
    assert response.redirect_chain[0][0].startswith("/institution/people/")
    assert "先勾选" in str(next(iter(response.context["messages"])))
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    ("course", "due"),
    [
        ("", "2099-01-01"),
        ("x", "2099-01-01"),
        ("9" * 30, "2099-01-01"),
        ("own", ""),
        ("own", "2020-01-01"),
        ("own", "2099-02-30"),
        ("own", "tomorrow"),
        ("own", "\x00"),
    ],
)
def test_an_assignment_that_is_not_whole_enrols_nobody(
    everything: Client, city: World, course: str, due: str
) -> None:
    before = Enrolment.objects.unscoped(WHY).count()
    person = city.enrolments["gone"].user_id
    data = {
        "institution": city.east.pk,
        "person": person,
        "course": city.edition.course_id if course == "own" else course,
        "due_on": due,
    }
    response = everything.post("/institution/people/assign/", data)
    assert response.status_code == 400
    assert response.context["form"].errors
    # Who was ticked is still there for the next try.
    assert f'name="person" value="{person}"' in response.content.decode()
    assert Enrolment.objects.unscoped(WHY).count() == before


BODIES: list[tuple[Any, int]] = [
    ("", 400),
    ("[]", 400),
    ("null", 400),
    ('"x"', 400),
    ("{", 400),
    ({}, 400),
    ({"kind": "districts"}, 400),
    ({"kind": "districts", "format": None}, 400),
    ({"kind": ["districts"], "format": "csv"}, 400),
    ({"kind": "districts", "format": "csv", "course": {"a": 1}}, 400),
    ({"kind": "districts", "format": "csv", "authority": "a\x00"}, 400),
    ({"kind": "people", "format": "csv"}, 404),
    ({"kind": "people", "format": "csv", "institution": "9" * 40}, 404),
    ({"kind": "institutions", "format": "csv", "authority": "NONE"}, 404),
    ({"kind": "institutions", "format": "csv", "year": "x", "post": "x", "show": "x"}, 201),
    ({"kind": "institutions", "format": "csv", "unknown": 1}, 201),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_odd_bodies_are_problems_with_their_reason(everything: Client, body: Any, status: int) -> None:
    response = everything.post("/api/reports/runs/", body, content_type=JSON)
    assert response.status_code == status, response.content
    if status >= 400:
        problem = response.json()
        assert response.headers["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "instance"} <= problem.keys()
        assert problem["status"] == status
        assert not ReportRun.objects.unscoped(WHY).exists()


def test_a_form_is_no_body_of_the_api(everything: Client) -> None:
    response = everything.post("/api/reports/runs/", {"kind": "districts", "format": "csv"})
    assert response.status_code == 415
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "'onfocus='x"])
def test_what_a_reader_typed_is_shown_as_text(everything: Client, city: World, text: str) -> None:
    for path, name in (
        ("/overview/SH-310115/", "search"),
        ("/institution/people/", "name"),
        (f"/overview/institution/{city.east.pk}/", "name"),
    ):
        content = everything.get(path, {name: text}).content.decode()
        assert "<script>alert(1)" not in content
        assert "'onfocus='x" not in content


def test_names_of_people_and_institutions_are_shown_as_text(client: Client, city: World) -> None:
    city.east.name = "<img src=x onerror=alert(1)>"
    city.east.save()
    person = city.enrolments["late"].user
    person.name = "<b>粗体</b>"
    person.save()
    for user, path in (
        (city.district, "/overview/SH-310115/"),
        (city.district, f"/overview/institution/{city.east.pk}/"),
        (city.district, f"/overview/person/{city.enrolments['late'].pk}/"),
        (city.manager, "/institution/people/"),
    ):
        client.force_login(user)
        text = client.get(path).content.decode()
        assert "<img src=x" not in text
        assert "<b>粗体</b>" not in text


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(everything: Client, city: World, method: str) -> None:
    for path in ("/overview/", "/exports/", "/exports/new/", f"/overview/institution/{city.east.pk}/"):
        assert getattr(everything, method)(path).status_code == 405


def test_who_is_signed_in_but_nobody_is_told_and_not_broken(client: Client, city: World) -> None:
    client.force_login(UserFactory())
    response = client.get("/exports/")
    assert response.status_code == 200
    assert list(response.context["runs"]) == []
    assert client.post("/exports/new/", {"kind": "people", "format": "csv"}).status_code == 404
