"""The manager's and the regulator's pages: what they show, how many queries they ask."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution
from classroom.institutions.queries import scope_of
from classroom.people.models import AuditEntry
from classroom.reports.models import Reminder, Rollup
from classroom.reports.queries.board import board
from classroom.reports.services import reminders
from classroom.reports.services.rollups import rebuild
from classroom.reports.tasks import remind as remind_task
from courses.catalogue.models import Course
from tests.classroom.reports.worlds import World, authority, build
from tests.factories.catalogue import EditionFactory, EditionLessonFactory
from tests.factories.certificates import CertificateFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory, uscc
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory
from tests.factories.reports import ReportRunFactory

pytestmark = pytest.mark.django_db
WHY = "the test counts all"


@pytest.fixture
def world() -> World:
    made = build()
    rebuild()
    return made


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remind_task, "delay", remind_task)


def queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def test_the_overview_shows_rates_with_both_counts(client: Client, world: World) -> None:
    client.force_login(world.city)
    response = client.get("/overview/")
    text = response.content.decode()
    total = response.context["total"]
    assert (total.coverage.text, total.counts.completion.text) == ("66.7", "50.0")
    assert "2 / 3" in text
    assert "3 / 6" in text
    assert text.count('class="tile tile--') == 17
    assert text.count("bars__row") == 17


def test_one_district_is_the_own_overview(client: Client, world: World) -> None:
    client.force_login(world.district)
    response = client.get("/overview/")
    assert response.status_code == 200
    assert [row.name for row, _ in response.context["institution_lines"]] == ["东岸检测", "空闲检测"]
    assert client.get("/overview/?authority=SH-310115").headers["Location"] == "/overview/SH-310115/"


@pytest.mark.parametrize(
    "query", ["course=NONE", "course=mandatory", "page=99", "page=x", "search=%00", "course=%00", "show=x"]
)
def test_odd_filters_are_no_trouble(client: Client, world: World, query: str) -> None:
    client.force_login(world.district)
    assert client.get(f"/overview/SH-310115/?{query}").status_code == 200


def test_an_empty_city_shows_dashes(client: Client) -> None:
    person = build().city
    Rollup.objects.unscoped(WHY).delete()
    client.force_login(person)
    response = client.get("/overview/")
    assert response.context["total"].counts.completion.text == "—"
    assert response.context["as_of"] is None


@pytest.mark.parametrize(
    "path", ["/overview/", "/overview/SH-310115/", "/overview/?show=all", "/overview/?show=none"]
)
def test_the_overview_asks_as_many_queries_for_more(client: Client, world: World, path: str) -> None:
    client.force_login(world.city)
    before = queries(client, path)
    for _ in range(3):
        row = InstitutionFactory(supervising_authority=authority("SH-310115"))
        EnrolmentFactory(institution=row, edition=world.edition)
    rebuild()
    assert queries(client, path) == before
    assert before <= 24


def test_the_overview_is_small_at_the_size_of_a_city(client: Client, world: World) -> None:
    """1,500 institutions and 12 courses: the number of queries stays, and the page stays small."""
    client.force_login(world.city)
    before = queries(client, "/overview/")
    offices = list(authority("SH").children.all())
    Institution.objects.bulk_create(
        Institution(
            uscc=uscc(50_000 + n),
            name=f"机构{n}",
            admin_division="310115",
            supervising_authority=offices[n % 17],
        )
        for n in range(1500)
    )
    Course.objects.bulk_create(Course(code=f"Z{n}", topic=world.edition.course.topic) for n in range(11))
    courses = list(Course.objects.values_list("pk", flat=True))
    institutions = (
        Institution.objects.unscoped(WHY).filter(name__startswith="机构").values_list("pk", flat=True)
    )
    Rollup.objects.bulk_create(
        [
            Rollup(
                institution_id=pk, course_id=course, due_staff=50, enrolled=40, completed=30, overdue=pk % 3
            )
            for pk in institutions
            for course in courses
        ],
        batch_size=500,
    )
    assert queries(client, "/overview/") == before
    response = client.get("/overview/")
    assert response.context["total"].institutions == 1503
    assert response.context["total"].counts.enrolled == 1500 * 12 * 40 + 6
    assert len(response.content) < 200_000


def test_the_matrix_says_where_everybody_stands(client: Client, world: World) -> None:
    client.force_login(world.manager)
    response = client.get("/institution/people/")
    summary = response.context["summary"]
    assert (summary.overdue, summary.overdue_people, summary.longest_days, summary.soon) == (1, 1, 7, 1)
    assert summary.completion.text == "40.0"
    states = {
        person.name: [cell.state for cell in person.cells.values()]
        for person in response.context["board"].people
    }
    assert states["员工late"] == ["overdue"]
    assert states["员工failed"] == ["soon"]
    assert states["员工idle"] == ["active"]
    assert states["员工done"] == ["done"]
    assert states["员工gone"] == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=overdue", {"员工late"}),
        ("state=none", {"员工gone", "管理员"}),
        ("state=done", {"员工done", "员工resat"}),
        ("name=LATE", {"员工late"}),
        ("post=tester", set()),
    ],
)
def test_the_matrix_is_filtered(client: Client, world: World, query: str, names: set[str]) -> None:
    client.force_login(world.manager)
    page = client.get(f"/institution/people/?{query}").context["page"]
    assert {person.name for person in page} == names


def test_certificates_that_end_are_told(world: World) -> None:
    today = timezone.localdate()
    CertificateFactory(completion=world.enrolments["done"].completion, valid_until=today + timedelta(days=20))
    CertificateFactory(completion=world.enrolments["resat"].completion, valid_until=today - timedelta(days=2))
    found = board(scope=scope_of(world.manager), institution=world.east, today=today)
    states = {person.name: [c.state for c in person.cells.values()] for person in found.people}
    assert (states["员工done"], states["员工resat"]) == (["expiring"], ["expired"])
    assert found.summary().expiring == 1
    assert [cell.state for cell in next(p for p in found.people if p.name == "员工resat").actions] == [
        "expired"
    ]


def test_the_verified_share_is_rounded_down(world: World) -> None:
    row = world.enrolments["late"]
    lesson = EditionLessonFactory(edition=world.edition)
    LessonProgressFactory(enrolment=row, lesson=lesson, covered=(0, lesson.duration_ms - 1))
    found = board(scope=scope_of(world.manager), institution=world.east, today=timezone.localdate())
    found.fill(found.people)
    cell = next(c for p in found.people for c in p.cells.values() if c.enrolment_id == row.pk)
    assert (cell.percent, cell.awaits_exam) == (99, False)


def test_the_matrix_asks_as_many_queries_for_more(client: Client, world: World) -> None:
    client.force_login(world.manager)
    before = queries(client, "/institution/people/")
    for _ in range(3):
        person = MembershipFactory(institution=world.east).user
        EnrolmentFactory(user=person, institution=world.east, edition=EditionFactory())
    assert queries(client, "/institution/people/") == before
    assert before <= 22


@pytest.mark.parametrize("name", ["institution", "person", "exports"])
def test_other_pages_ask_as_many_queries_for_more(client: Client, world: World, name: str) -> None:
    row = world.enrolments["late"]
    path = {
        "institution": f"/overview/institution/{world.east.pk}/",
        "person": f"/overview/person/{row.pk}/",
        "exports": "/exports/",
    }[name]
    client.force_login(world.district)
    before = queries(client, path)
    for _ in range(3):
        EnrolmentFactory(
            user=MembershipFactory(institution=world.east).user, institution=world.east, edition=world.edition
        )
        LessonProgressFactory(
            enrolment=row, lesson=EditionLessonFactory(edition=world.edition), covered=(0, 5)
        )
        ReportRunFactory(user=world.district)
    assert queries(client, path) == before


def test_evidence_shows_which_seconds(client: Client, world: World) -> None:
    row = world.enrolments["done"]
    lesson = EditionLessonFactory(edition=world.edition, title="主体责任")
    LessonProgressFactory(
        enrolment=row,
        lesson=lesson,
        coverage=[[0, 60_000], [90_000, 120_000]],
        covered_ms=90_000,
        furthest_ms=120_000,
    )
    CertificateFactory(completion=row.completion)
    client.force_login(world.district)
    response = client.get(f"/overview/person/{row.pk}/")
    text = response.content.decode()
    shown = response.context["proof"].lessons[0]
    assert (shown.gap_words, shown.spans) == (["1:00–1:30"], [(0, 60_000), (90_000, 120_000)])
    assert world.edition.digest[:12] in text
    assert row.completion.inputs_digest in text
    assert "HJY-2026" in text
    assert AuditEntry.objects.get(action="reports.view_evidence").actor == world.district


def test_reading_ones_own_evidence_is_not_audited(client: Client, world: World) -> None:
    row = world.enrolments["done"]
    client.force_login(row.user)
    client.get(f"/overview/person/{row.pk}/")
    assert not AuditEntry.objects.filter(action="reports.view_evidence").exists()


def test_people_are_reminded_once_a_day(client: Client, world: World) -> None:
    client.force_login(world.manager)
    late, done = world.enrolments["late"].user, world.enrolments["done"].user
    data = {"institution": world.east.pk, "person": [late.pk, done.pk]}
    for _ in range(2):
        assert client.post("/institution/people/remind/", data).status_code == 302
    assert len(mail.outbox) == 2
    assert any("报告合规" in message.body for message in mail.outbox)
    assert Reminder.objects.filter(sent_at__isnull=False).count() == 2
    assert reminders.due_reminders(now=timezone.now()) == []
    assert not reminders.send(reminder_id=Reminder.objects.order_by("pk").values_list("pk", flat=True)[0])


def test_who_has_no_address_is_reminded_on_the_site(world: World) -> None:
    person = world.enrolments["late"].user
    person.email = None
    person.save()
    reminders.remind(institution=world.east, user_ids=[person.pk], by=world.manager)
    assert reminders.send(reminder_id=Reminder.objects.get().pk)
    assert mail.outbox == []


def test_reminding_nobody_says_so(client: Client, world: World) -> None:
    client.force_login(world.manager)
    response = client.post("/institution/people/remind/", {"person": ["x", "-1"]}, follow=True)
    assert "note--warn" in response.content.decode()
    assert Reminder.objects.count() == 0


def test_a_course_is_assigned_to_ticked_people(client: Client, world: World) -> None:
    client.force_login(world.manager)
    edition = EditionFactory()
    person = world.enrolments["done"].user
    data = {"institution": world.east.pk, "person": person.pk}
    assert client.post("/institution/people/assign/", data).status_code == 200
    due = timezone.localdate() + timedelta(days=30)
    wrong = data | {"course": edition.course_id, "due_on": timezone.localdate() - timedelta(days=1)}
    assert client.post("/institution/people/assign/", wrong).status_code == 400
    right = data | {"course": edition.course_id, "due_on": due}
    for _ in range(2):
        assert client.post("/institution/people/assign/", right).status_code == 302
    made = Enrolment.objects.unscoped(WHY).get(user=person, edition=edition)
    assert (made.origin, made.due_on, made.institution) == ("manager", due, world.east)


def test_whoever_learns_from_an_older_edition_stays_on_it(client: Client, world: World) -> None:
    row = world.enrolments["idle"]
    EditionFactory(course=world.edition.course)
    client.force_login(world.manager)
    due = timezone.localdate() + timedelta(days=5)
    data = {"person": row.user_id, "course": world.edition.course_id, "due_on": due}
    assert client.post("/institution/people/assign/", data).status_code == 302
    assert Enrolment.objects.unscoped(WHY).get(user_id=row.user_id).due_on == due


def test_an_institution_is_searched_by_name_of_staff(client: Client, world: World) -> None:
    client.force_login(world.district)
    path = f"/overview/institution/{world.east.pk}/"
    assert 'name="name" value=""' in client.get(path).content.decode()
    response = client.get(path, {"name": "late"})
    assert [person.name for person in response.context["page"]] == ["员工late"]
    assert response.content.decode().count('name="name" value="late"') == 2


def test_roles_decide_who_comes_in(client: Client, world: World) -> None:
    client.force_login(UserFactory())
    assert [client.get(path).status_code for path in ("/overview/", "/institution/people/")] == [403, 403]
    assert client.post("/institution/people/remind/").status_code == 403
    client.force_login(world.district)
    assert client.get("/institution/people/").status_code == 403


def test_ones_own_data_is_whole(client: Client, world: World) -> None:
    row = world.enrolments["done"]
    client.force_login(row.user)
    response = client.get("/me/data.json")
    data = response.json()
    assert "attachment" in response.headers["Content-Disposition"]
    assert data["account"]["name"] == row.user.name
    assert [entry["state"] for entry in data["enrolments"]] == ["completed"]
    assert {"employments", "consents", "attempts", "certificates", "progress", "notes", "audit"} <= set(data)
    assert AuditEntry.objects.filter(action="people.export_own").count() == 1
