"""Who comes through which door: every page, endpoint and export, for every kind of person, in one table."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from classroom.institutions.models import Membership, RegulatorGrant
from classroom.people.models import AuditEntry
from classroom.people.services import issue_token
from classroom.reports.models import Reminder, ReportRun
from classroom.reports.services import exports
from tests.classroom.reports.worlds import World, authority
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at everybody's"

# Doors to what is East's, as (method, path with the world's keys, data).
DOORS: dict[str, tuple[str, str]] = {
    "overview": ("get", "/overview/"),
    "district": ("get", "/overview/SH-310115/"),
    "institution": ("get", "/overview/institution/{east}/"),
    "evidence": ("get", "/overview/person/{late}/"),
    "people": ("get", "/institution/people/?institution={east}"),
    "remind": ("post", "/institution/people/remind/"),
    "assign": ("post", "/institution/people/assign/"),
    "exports": ("get", "/exports/"),
    "export institutions": ("post", "/exports/new/"),
    "export people": ("post", "/exports/new/"),
    "api overview": ("get", "/api/reports/overview/?authority=SH-310115"),
    "api institutions": ("get", "/api/reports/institutions/?authority=SH-310115"),
    "api people": ("get", "/api/reports/institutions/{east}/people/"),
    "api runs": ("get", "/api/reports/runs/"),
}
POSTED = {
    "export institutions": {"kind": "institutions", "format": "csv", "authority": "SH-310115"},
    "export people": {"kind": "people", "format": "csv"},
}
# What each person gets, in the order of DOORS.
TABLE: dict[str, list[int]] = {
    "anonymous":       [302, 302, 302, 302, 302, 302, 302, 302, 302, 302, 401, 401, 401, 401],
    "learner":         [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "colleague":       [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "manager":         [403, 403, 403, 200, 200, 302, 302, 200, 404, 200, 403, 403, 200, 200],
    "former manager":  [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "future manager":  [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "other manager":   [403, 403, 403, 404, 404, 404, 404, 200, 404, 404, 403, 403, 404, 200],
    "district":        [200, 200, 200, 200, 403, 403, 403, 200, 200, 200, 200, 200, 200, 200],
    "other district":  [200, 404, 404, 404, 403, 403, 403, 200, 404, 404, 404, 404, 404, 200],
    "former district": [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "future district": [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "city":            [200, 200, 200, 200, 403, 403, 403, 200, 200, 200, 200, 200, 200, 200],
    "trainer":         [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "reviewer":        [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "operator":        [403, 403, 403, 404, 403, 403, 403, 200, 404, 404, 403, 403, 403, 403],
    "superuser":       [200, 200, 200, 200, 403, 403, 403, 200, 200, 200, 200, 200, 200, 200],
}  # fmt: skip


def _staff(group: str) -> Any:
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    return person


def _person(role: str, world: World) -> Any:
    today = timezone.localdate()
    before, after = today - timedelta(days=1), today + timedelta(days=1)
    pudong = authority("SH-310115")
    make: dict[str, Callable[[], Any]] = {
        "anonymous": lambda: None,
        "learner": UserFactory,
        "colleague": lambda: world.enrolments["done"].user,
        "manager": lambda: world.manager,
        "former manager": lambda: ManagerFactory(institution=world.east, ended_on=before).user,
        "future manager": lambda: ManagerFactory(institution=world.east, started_on=after).user,
        "other manager": lambda: world.other_manager,
        "district": lambda: world.district,
        "other district": lambda: world.other_district,
        "former district": lambda: (
            RegulatorGrantFactory(authority=pudong, started_on=before, ended_on=before).user
        ),
        "future district": lambda: RegulatorGrantFactory(authority=pudong, started_on=after).user,
        "city": lambda: world.city,
        "trainer": lambda: _staff("Trainers"),
        "reviewer": lambda: _staff("Reviewers"),
        "operator": lambda: _staff("Operators"),
        "superuser": lambda: UserFactory(is_superuser=True),
    }
    return make[role]()


def knock(client: Client, world: World, door: str) -> Any:
    method, path = DOORS[door]
    path = path.format(east=world.east.pk, late=world.enrolments["late"].pk)
    if method == "get":
        return client.get(path)
    data: dict[str, Any] = {"institution": world.east.pk, "person": world.enrolments["late"].user_id}
    return client.post(path, {**data, **POSTED.get(door, {})})


@pytest.mark.parametrize("role", TABLE)
def test_each_door_opens_to_whom_it_should(
    client: Client, city: World, carried: list[Any], role: str
) -> None:
    person = _person(role, city)
    if person is not None:
        client.force_login(person)
    answers = {door: knock(client, city, door) for door in DOORS}
    expected = dict(zip(DOORS, TABLE[role], strict=True))
    if role == "manager":
        # The matrix sends the ticked people on: the assignment is asked for, the reminder is done.
        expected["assign"] = 200
    assert {door: answer.status_code for door, answer in answers.items()} == expected
    for door, answer in answers.items():
        if answer.status_code in {403, 404}:
            assert "员工late" not in answer.content.decode(), door
            assert "东岸" not in answer.content.decode(), door
    assert Reminder.objects.exists() is (role == "manager")


@pytest.mark.parametrize("role", ["learner", "other manager", "other district", "former district"])
def test_a_refused_export_leaves_no_run(client: Client, city: World, role: str) -> None:
    client.force_login(_person(role, city))
    for door in ("export institutions", "export people"):
        knock(client, city, door)
    assert not ReportRun.objects.unscoped(WHY).exists()
    assert not AuditEntry.objects.filter(action="reports.export").exists()


@pytest.mark.parametrize("door", [door for door, (method, _) in DOORS.items() if method == "post"])
def test_nothing_is_done_without_the_forms_token(city: World, door: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.manager)
    assert knock(client, city, door).status_code == 403
    assert not Reminder.objects.exists()
    assert not ReportRun.objects.unscoped(WHY).exists()


@pytest.mark.parametrize("door", [door for door, (method, _) in DOORS.items() if method == "get"])
def test_pages_only_show(client: Client, city: World, door: str) -> None:
    client.force_login(UserFactory(is_superuser=True))
    path = DOORS[door][1].format(east=city.east.pk, late=city.enrolments["late"].pk)
    expected = 403 if door == "people" else 405
    if door == "api runs":
        expected = 400
    assert client.post(path, {}, content_type="application/json").status_code == expected
    assert client.delete(path).status_code in {403, 405}


def test_an_appointment_ends_at_once_and_not_at_the_next_sign_in(client: Client, city: World) -> None:
    client.force_login(city.manager)
    assert knock(client, city, "people").status_code == 200
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.rows.filter(user=city.manager).update(ended_on=yesterday)
    assert knock(client, city, "people").status_code == 403
    client.force_login(city.district)
    assert knock(client, city, "institution").status_code == 200
    RegulatorGrant.objects.filter(user=city.district).update(started_on=yesterday, ended_on=yesterday)
    assert knock(client, city, "institution").status_code == 403


def test_the_last_day_of_an_appointment_still_counts(client: Client, city: World) -> None:
    today = timezone.localdate()
    client.force_login(ManagerFactory(institution=city.east, ended_on=today).user)
    assert knock(client, city, "people").status_code == 200
    client.force_login(RegulatorGrantFactory(authority=authority("SH-310115"), ended_on=today).user)
    assert knock(client, city, "district").status_code == 200


def test_a_manager_of_two_sees_both_and_no_third(client: Client, city: World) -> None:
    second = MembershipFactory(user=city.manager, institution=city.idle, role="manager").institution
    client.force_login(city.manager)
    for place in (city.east, second):
        assert client.get(f"/institution/people/?institution={place.pk}").status_code == 200
    assert client.get(f"/institution/people/?institution={city.west.pk}").status_code == 404
    choices = client.get("/institution/people/").context["institutions"]
    assert {row.pk for row in choices} == {city.east.pk, second.pk}


def test_who_manages_in_one_district_and_supervises_another_mixes_nothing(
    client: Client, city: World
) -> None:
    """The manager of East also supervises Xuhui: the overview is of Xuhui alone."""
    RegulatorGrantFactory(user=city.manager, authority=authority("SH-310104"))
    client.force_login(city.manager)
    response = client.get("/overview/")
    assert [row.name for row, _ in response.context["institution_lines"]] == ["西岸金丝雀"]
    assert response.context["total"].counts.enrolled == 1
    data = client.get("/api/reports/institutions/").json()
    assert [row["name"] for row in data["results"]] == ["西岸金丝雀"]
    run, _ = exports.request_run(user=city.manager, kind="institutions", file_format="csv", spec={})
    made = exports.produce(run_id=run.pk)
    assert made is not None
    assert made.rows_count == 1


def test_a_supervisor_of_two_districts_gets_the_table_of_both(client: Client, city: World) -> None:
    RegulatorGrantFactory(user=city.district, authority=authority("SH-LG"))
    client.force_login(city.district)
    response = client.get("/overview/")
    assert [row.code for row, _ in response.context["lines"]] == ["SH-310115", "SH-LG"]
    assert client.get("/overview/SH-310104/").status_code == 404
    assert client.get("/overview/SH/").status_code == 404


def test_an_institution_that_moves_away_takes_its_people_along(client: Client, city: World) -> None:
    client.force_login(city.district)
    assert knock(client, city, "evidence").status_code == 200
    city.east.supervising_authority = authority("SH-310104")
    city.east.save()
    assert [knock(client, city, door).status_code for door in ("institution", "evidence")] == [404, 404]
    client.force_login(city.other_district)
    assert [knock(client, city, door).status_code for door in ("institution", "evidence")] == [200, 200]


def test_a_regulator_reads_no_names_of_voluntary_courses_in_any_list(client: Client, city: World) -> None:
    row = EnrolmentFactory(
        user=MembershipFactory(institution=city.east, user__name="自愿者").user,
        institution=city.east,
        edition__is_mandatory=False,
        edition__title="业余兴趣",
    )
    client.force_login(city.district)
    people = client.get(f"/api/reports/institutions/{city.east.pk}/people/").json()["results"]
    assert next(person for person in people if person["name"] == "自愿者")["courses"] == []
    client.force_login(city.manager)
    people = client.get(f"/api/reports/institutions/{city.east.pk}/people/").json()["results"]
    assert [c["enrolment"] for p in people if p["name"] == "自愿者" for c in p["courses"]] == [row.pk]


def test_a_personal_token_reaches_what_its_owner_reaches(client: Client, city: World) -> None:
    _, secret = issue_token(user=city.district, label="报表", days=1)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/reports/overview/", headers=headers).status_code == 200
    other = f"/api/reports/institutions/{city.west.pk}/people/"
    assert client.get(other, headers=headers).status_code == 404
    assert client.get("/api/reports/overview/", headers={"Authorization": "Bearer cc_x"}).status_code == 401


def test_an_institution_elsewhere_and_one_that_never_was_look_the_same(client: Client, city: World) -> None:
    client.force_login(city.district)
    never = InstitutionFactory().pk + 1000
    answers = [client.get(f"/api/reports/institutions/{pk}/people/").json() for pk in (city.west.pk, never)]
    for answer in answers:
        answer.pop("instance")
    assert answers[0] == answers[1]
