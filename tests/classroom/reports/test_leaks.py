"""Canaries: what one may not see is in no page, count, export or answer of the API, for no role."""

import pytest
from django.test import Client

from classroom.institutions.queries import scope_of
from classroom.reports.errors import OutOfScope
from classroom.reports.models import ReportRun
from classroom.reports.queries import board, evidence
from classroom.reports.services import exports
from classroom.reports.services.rollups import rebuild
from tests.classroom.reports.worlds import World, build, roles
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory

pytestmark = pytest.mark.django_db
CANARY = "金丝雀"


@pytest.fixture
def world() -> World:
    made = build()
    rebuild()
    return made


def pages_of(world: World) -> dict[str, str]:
    """Every page and endpoint that shows something of East."""
    code, institution = world.east.supervising_authority.code, world.east.pk
    enrolment = world.enrolments["late"].pk
    return {
        "authority": f"/overview/{code}/",
        "institution": f"/overview/institution/{institution}/",
        "person": f"/overview/person/{enrolment}/",
        "people": f"/institution/people/?institution={institution}",
        "filtered": f"/overview/?authority={code}",
        "api people": f"/api/reports/institutions/{institution}/people/",
        "api overview": f"/api/reports/overview/?authority={code}",
        "api institutions": f"/api/reports/institutions/?authority={code}",
    }


def test_no_other_role_reaches_east(client: Client, world: World) -> None:
    for role, person in roles(world).items():
        client.force_login(person)
        for name, path in pages_of(world).items():
            response = client.get(path)
            assert response.status_code in {403, 404}, (role, name, response.status_code)
            assert "员工" not in response.content.decode()


def test_strangers_are_asked_to_sign_in(client: Client, world: World) -> None:
    for name, path in pages_of(world).items():
        expected = {401, 403} if path.startswith("/api/") else {302}
        assert client.get(path).status_code in expected, name


def test_another_district_is_not_there(client: Client, world: World) -> None:
    client.force_login(world.other_district)
    for name in ("authority", "institution", "person", "filtered"):
        assert client.get(pages_of(world)[name]).status_code == 404, name


def test_a_district_sees_its_own_and_no_canary(client: Client, world: World) -> None:
    client.force_login(world.district)
    paths = pages_of(world)
    for name in ("authority", "institution", "person", "api people", "api overview", "api institutions"):
        response = client.get(paths[name])
        assert response.status_code == 200, name
        assert CANARY not in response.content.decode(), name
    for search in ("?search=西岸", "?show=overdue", "?show=none", "?show=codes", "?show=all"):
        text = client.get(f"/overview/SH-310115/{search}").content.decode()
        assert "西岸金丝雀" not in text, search


def test_the_city_sees_all(client: Client, world: World) -> None:
    client.force_login(world.city)
    text = client.get("/overview/?show=all").content.decode()
    assert all(row.name in text for row in (world.east, world.idle, world.west))
    for code in ("SH-310104", "SH-310115", "SH-LG", "SH-310151"):
        assert client.get(f"/overview/{code}/").status_code == 200
    assert client.get(f"/overview/person/{world.enrolments['canary'].pk}/").status_code == 200


def test_a_manager_sees_the_own_people_only(client: Client, world: World) -> None:
    client.force_login(world.manager)
    text = client.get("/institution/people/").content.decode()
    assert "员工late" in text
    assert CANARY not in text
    assert client.get(f"/overview/person/{world.enrolments['late'].pk}/").status_code == 200
    assert client.get(f"/overview/person/{world.enrolments['canary'].pk}/").status_code == 404
    assert client.get("/overview/").status_code == 403


def test_a_learner_sees_the_own_evidence_only(client: Client, world: World) -> None:
    row = world.enrolments["done"]
    client.force_login(row.user)
    assert client.get(f"/overview/person/{row.pk}/").status_code == 200
    assert client.get(f"/overview/person/{world.enrolments['late'].pk}/").status_code == 404
    assert client.get("/me/data.json").status_code == 200
    assert CANARY not in client.get("/me/data.json").content.decode()


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_no_export_leaves_the_scope(world: World, file_format: str) -> None:
    code = world.east.supervising_authority.code
    asked = [
        ("institutions", {"authority": code}),
        ("districts", {"authority": code}),
        ("people", {"institution": str(world.east.pk)}),
        ("people", {}),
        ("people", {"institution": "x"}),
    ]
    for role, person in roles(world).items():
        for kind, spec in asked:
            with pytest.raises(OutOfScope):
                exports.request_run(user=person, kind=kind, file_format=file_format, spec=spec)
            assert role
    assert ReportRun.objects.unscoped("none was made").count() == 0


def test_exports_of_a_district_hold_no_canary(client: Client, world: World) -> None:
    client.force_login(world.district)
    for kind, extra in (("institutions", {}), ("districts", {}), ("people", {"institution": world.east.pk})):
        response = client.post("/exports/new/", {"kind": kind, "format": "csv", **extra})
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        assert CANARY not in text
        assert "徐汇" not in text
    response = client.post("/exports/new/", {"kind": "people", "format": "csv", "institution": world.west.pk})
    assert response.status_code == 404


def test_nobody_fetches_anothers_export(client: Client, world: World) -> None:
    run, _ = exports.request_run(user=world.district, kind="districts", file_format="csv", spec={})
    exports.produce(run_id=run.pk)
    for person in roles(world).values():
        client.force_login(person)
        assert client.get(f"/exports/{run.pk}/").status_code == 404
        assert str(run.pk) not in client.get("/exports/").content.decode()
    client.force_login(world.city)
    assert client.get(f"/exports/{run.pk}/").status_code == 404


def test_a_regulator_sees_names_only_on_supervised_courses(client: Client, world: World) -> None:
    voluntary = EditionFactory(is_mandatory=False, title="自选课程")
    row = EnrolmentFactory(user=world.enrolments["done"].user, institution=world.east, edition=voluntary)
    planned = EnrolmentFactory(
        user=world.enrolments["late"].user, institution=world.east, edition=voluntary, origin="plan"
    )
    assert evidence.readable(scope_of(world.district), row.pk) is None
    assert evidence.readable(scope_of(world.district), planned.pk) == planned
    assert evidence.readable(scope_of(world.manager), row.pk) == row
    found = board.board(
        scope=scope_of(world.district),
        institution=world.east,
        today=row.enrolled_at.date(),
        supervised_only=True,
    )
    ids = {cell.enrolment_id for person in found.people for cell in person.cells.values()}
    assert planned.pk in ids
    assert row.pk not in ids
    client.force_login(world.district)
    assert client.get(f"/overview/person/{row.pk}/").status_code == 404


def test_a_manager_acts_only_on_the_own_people(client: Client, world: World) -> None:
    canary = world.enrolments["canary"].user
    client.force_login(world.manager)
    assert client.get(f"/institution/people/?institution={world.west.pk}").status_code == 404
    for action in ("remind", "assign"):
        path = f"/institution/people/{action}/"
        assert client.post(path, {"institution": world.west.pk, "person": canary.pk}).status_code == 404
        assert client.post(path, {"institution": world.east.pk, "person": canary.pk}).status_code == 302
    assert canary.reminders.count() == 0
    assert canary.enrolments.count() == 1
