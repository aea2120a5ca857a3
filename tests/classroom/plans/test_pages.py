"""The pages of plans: a manager's and a regulator's way from an empty list to an ended plan."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.institutions.models import Institution, SupervisingAuthority
from classroom.people.models import AuditEntry, User
from classroom.plans import errors, services
from classroom.plans.models import Plan
from courses.catalogue.models import Edition
from tests.factories.catalogue import EditionFactory
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory
from tests.factories.plans import PlanFactory

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
Planned = Callable[..., Plan]


@pytest.fixture
def manager(institution: Institution) -> User:
    user: User = ManagerFactory(institution=institution).user
    return user


@pytest.fixture
def signed(client: Client, manager: User) -> Client:
    """A browser of the institution's manager."""
    client.force_login(manager)
    return client


def sent(**values: Any) -> dict[str, Any]:
    """Return what a form sends for a plan that opens today."""
    today = timezone.localdate()
    form = {
        "title": "岗位年度培训",
        "opens_on": today.isoformat(),
        "due_on": (today + 30 * ONE).isoformat(),
        "renews": "",
    }
    return form | values


def as_sent(plan: Plan, **values: Any) -> dict[str, Any]:
    """Return what the form of a plan sends when nothing but `values` was changed."""
    own = {"title": plan.title, "opens_on": plan.opens_on.isoformat(), "due_on": plan.due_on.isoformat()}
    return sent(**own, posts=plan.posts, renews=plan.renews or "") | values


def test_a_manager_makes_a_plan_that_repeats(
    signed: Client, manager: User, edition: Edition, institution: Institution
) -> None:
    form = sent(owner=f"institution-{institution.pk}", course=edition.course_id, renews="12")
    response = signed.post("/plans/new/", form | {"posts": ["tester", "supervisor"]})
    plan = Plan.objects.get()
    assert response.headers["Location"] == f"/plans/{plan.pk}/"
    assert (plan.institution, plan.authority, plan.course) == (institution, None, edition.course)
    assert (plan.posts, plan.renews, plan.created_by) == (["tester", "supervisor"], 12, manager)
    assert AuditEntry.objects.get(action="plans.create").actor == manager


def test_a_regulator_plans_for_an_office_below(client: Client, edition: Edition) -> None:
    client.force_login(RegulatorGrantFactory(authority=SupervisingAuthority.objects.get(code="SH")).user)
    below = SupervisingAuthority.objects.get(code="SH-LG")
    client.post("/plans/new/", sent(owner=f"authority-{below.pk}", course=edition.course_id))
    plan = Plan.objects.get()
    assert (plan.authority, plan.institution, plan.posts, plan.renews) == (below, None, [], None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"due_on": "2020-01-01"}, "due_on"),
        ({"due_on": "tomorrow"}, "due_on"),
        ({"renews": "0"}, "renews"),
        ({"renews": "121"}, "renews"),
        ({"posts": ["astronaut"]}, "posts"),
        ({"title": " "}, "title"),
        ({"title": "长" * 129}, "title"),
        ({"course": "0"}, "course"),
        ({"owner": "institution-0"}, "owner"),
        ({"owner": "other"}, "owner"),
        ({"owner": "office"}, "owner"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_makes_nothing(
    signed: Client, edition: Edition, institution: Institution, values: dict[str, Any], field: str
) -> None:
    """Another's institution and the office over one's own are no choices either."""
    strangers = {
        "other": f"institution-{InstitutionFactory().pk}",
        "office": f"authority-{institution.supervising_authority_id}",
    }
    form = sent(owner=f"institution-{institution.pk}", course=edition.course_id) | values
    form["owner"] = strangers.get(form["owner"], form["owner"])
    response = signed.post("/plans/new/", form)
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    assert not Plan.objects.exists()


def test_a_due_day_before_the_opening_is_refused_at_its_field(
    signed: Client, edition: Edition, institution: Institution
) -> None:
    opens = (timezone.localdate() + 31 * ONE).isoformat()
    form = sent(owner=f"institution-{institution.pk}", course=edition.course_id, opens_on=opens)
    response = signed.post("/plans/new/", form)
    assert response.context["form"].errors == {"due_on": [str(errors.DueBeforeOpening.message)]}


def test_a_withdrawn_course_is_no_choice(signed: Client, institution: Institution) -> None:
    gone = EditionFactory(withdrawn_at=timezone.now())
    response = signed.post("/plans/new/", sent(owner=f"institution-{institution.pk}", course=gone.course_id))
    assert list(response.context["form"].errors) == ["course"]


def test_a_plan_under_way_is_changed_and_the_change_is_on_record(
    signed: Client, manager: User, planned: Planned
) -> None:
    plan = planned(posts=["tester"])
    due_on = plan.due_on + 5 * ONE
    signed.post(f"/plans/{plan.pk}/", as_sent(plan, due_on=due_on.isoformat(), posts=[], renews="24"))
    after = Plan.objects.get()
    assert (after.due_on, after.posts, after.renews, after.title) == (due_on, [], 24, plan.title)
    entry = AuditEntry.objects.get(action="plans.change")
    assert (entry.actor, entry.detail) == (
        manager,
        {
            "due_on": [plan.due_on.isoformat(), due_on.isoformat()],
            "posts": [["tester"], []],
            "renews": [None, 24],
        },
    )


def test_saving_what_is_there_leaves_no_record(signed: Client, planned: Planned) -> None:
    """A due day that has passed is no fault where the plan had it: one that repeats goes on after it."""
    plan = planned(opens=-40, due=-10, renews=12)
    assert signed.post(f"/plans/{plan.pk}/", as_sent(plan)).status_code == 302
    assert not AuditEntry.objects.filter(action="plans.change").exists()


@pytest.mark.parametrize(("opens", "moves"), [(1, True), (0, False), (-1, False)])
def test_the_opening_moves_until_the_plan_opens(
    signed: Client, planned: Planned, opens: int, moves: bool
) -> None:
    plan = planned(opens=opens)
    later = timezone.localdate() + 9 * ONE
    signed.post(f"/plans/{plan.pk}/", as_sent(plan, opens_on=later.isoformat()))
    assert Plan.objects.get().opens_on == (later if moves else plan.opens_on)


def test_the_service_holds_what_the_form_hides(planned: Planned, manager: User) -> None:
    opened, ended = planned(), planned(closed_at=timezone.now())
    values = {"by": manager, "title": "x", "due_on": opened.due_on}
    with pytest.raises(errors.HasOpened):
        services.change_plan(plan=opened, opens_on=opened.opens_on + ONE, **values)
    with pytest.raises(errors.PlanEnded):
        services.change_plan(plan=ended, opens_on=ended.opens_on, **values)
    with pytest.raises(errors.NotYourPlan):
        services.change_plan(plan=opened, opens_on=opened.opens_on, **values | {"by": ManagerFactory().user})


def test_who_is_enrolled_keeps_the_day_when_a_plan_gives_more_time(
    signed: Client, planned: Planned, institution: Institution, enrolled: Callable[[], list[Any]]
) -> None:
    MembershipFactory(institution=institution)
    plan = planned()
    services.assign_due(plan)
    signed.post(f"/plans/{plan.pk}/", as_sent(plan, due_on=(plan.due_on + ONE).isoformat()))
    services.assign_due(Plan.objects.get())
    assert {row.due_on for row in enrolled()} == {plan.due_on}


def test_a_plan_says_how_many_people_it_asks(client: Client, edition: Edition) -> None:
    """Who works at two institutions of the audience is one person; who holds no such post is not asked."""
    grant = RegulatorGrantFactory()
    member = PostFactory(kind="tester").membership
    PostFactory(membership__user=member.user, kind="tester")
    MembershipFactory()
    plan = PlanFactory(authority=grant.authority, course=edition.course, posts=["tester"])
    client.force_login(grant.user)
    assert client.get(f"/plans/{plan.pk}/").context["asked"] == 1


def test_an_ended_plan_is_shown_and_changes_no_more(signed: Client, planned: Planned) -> None:
    plan = planned()
    assert signed.post(f"/plans/{plan.pk}/end/").headers["Location"] == "/plans/"
    assert signed.get(f"/plans/{plan.pk}/end/").status_code == 405
    text = signed.get(f"/plans/{plan.pk}/").content.decode()
    assert 'name="title"' not in text
    refused = signed.post(f"/plans/{plan.pk}/", as_sent(plan, title="x"))
    assert refused.status_code == 400
    assert refused.context["form"].non_field_errors() == [str(errors.PlanEnded.message)]
    assert Plan.objects.get().title == plan.title


def test_a_list_holds_what_lasts_and_another_what_is_over(signed: Client, planned: Planned) -> None:
    today, repeats = planned(due=0), planned(opens=-40, due=-1, renews=6)
    past, ended = planned(opens=-40, due=-1), planned(closed_at=timezone.now(), due=1)
    coming = planned(opens=5, due=9)

    def shown(address: str) -> list[tuple[Plan, str]]:
        return [(line.plan, line.state) for line in signed.get(address).context["lines"]]

    assert shown("/plans/") == [(repeats, "open"), (today, "open"), (coming, "coming")]
    assert shown("/plans/?show=past") == [(ended, "ended"), (past, "past")]
    assert len(shown("/plans/?page=x&show=%00")) == 3


def test_the_plan_of_the_office_above_is_read_and_not_changed(
    signed: Client, institution: Institution, edition: Edition
) -> None:
    above = PlanFactory(authority=institution.supervising_authority, course=edition.course)
    (line,) = signed.get("/plans/").context["lines"]
    assert (line.plan, line.is_own) == (above, False)
    assert f'href="/plans/{above.pk}/"' not in signed.get("/plans/").content.decode()
    for answer in (
        signed.get(f"/plans/{above.pk}/"),
        signed.post(f"/plans/{above.pk}/", as_sent(above, title="x")),
        signed.post(f"/plans/{above.pk}/end/"),
    ):
        assert answer.status_code == 404
    above.refresh_from_db()
    assert (above.closed_at, above.title == "x") == (None, False)


@pytest.mark.parametrize(
    ("who", "listed", "single"),
    [("anonymous", 302, 302), ("learner", 403, 403), ("other_manager", 200, 404), ("other_office", 200, 404)],
)
def test_others_find_no_plan(client: Client, planned: Planned, who: str, listed: int, single: int) -> None:
    plan = planned()
    people: dict[str, Callable[[], User]] = {
        "learner": UserFactory,
        "other_manager": lambda: ManagerFactory().user,
        "other_office": lambda: (
            RegulatorGrantFactory(authority=SupervisingAuthority.objects.get(code="SH-LG")).user
        ),
    }
    if who in people:
        client.force_login(people[who]())
    response = client.get("/plans/")
    assert response.status_code == listed
    assert plan.title not in response.content.decode()
    for answer in (client.get(f"/plans/{plan.pk}/"), client.post(f"/plans/{plan.pk}/end/")):
        assert answer.status_code == single
    assert Plan.objects.get().closed_at is None


def test_a_foreign_page_ends_no_plan(manager: User, planned: Planned) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(manager)
    assert browser.post(f"/plans/{planned().pk}/end/").status_code == 403


def test_a_list_asks_as_much_for_three_as_for_one(signed: Client, institution: Institution) -> None:
    def queries() -> int:
        signed.get("/plans/")
        with CaptureQueriesContext(connection) as caught:
            assert signed.get("/plans/").status_code == 200
        return len(caught)

    def more() -> None:
        """Each of its own course, one of the institution and one of the office."""
        PlanFactory(authority=None, institution=institution, course=EditionFactory().course)
        PlanFactory(authority=institution.supervising_authority, course=EditionFactory().course)

    more()
    one = queries()
    more(), more()
    assert queries() == one


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Every 6 months", "30 days each time", "EMC"]),
        ("zh-hans", ["每 6 个月", "每次 30 天", "电磁"]),
    ],
)
def test_a_list_speaks_the_readers_language(
    client: Client, institution: Institution, language: str, words: list[str]
) -> None:
    reader = UserFactory(language=language)
    ManagerFactory(user=reader, institution=institution)
    edition = EditionFactory(title="电磁兼容", title_en="EMC")
    today = timezone.localdate()
    PlanFactory(
        authority=None, institution=institution, course=edition.course,
        opens_on=today, due_on=today + 30 * ONE, renews=6,
    )  # fmt: skip
    client.force_login(reader)
    client.cookies["django_language"] = language
    text = client.get("/plans/").content.decode()
    assert [word for word in words if word not in text] == []
    assert f"{edition.course.code} {words[-1]}" in client.get("/plans/new/").content.decode()


@pytest.mark.parametrize(("months", "words"), [(1, "每月"), (2, "每 2 个月"), (None, "一次")])
def test_how_often_a_plan_repeats_is_said_as_people_say_it(
    signed: Client, planned: Planned, months: int | None, words: str
) -> None:
    planned(renews=months)
    assert words in signed.get("/plans/").content.decode()


@pytest.mark.parametrize(("opens", "is_said"), [(0, True), (1, False)])
def test_a_plan_that_has_opened_says_why_its_day_cannot_be_changed(
    signed: Client, planned: Planned, opens: int, is_said: bool
) -> None:
    text = signed.get(f"/plans/{planned(opens=opens).pk}/").content.decode()
    assert ("计划已经开始，开始日期不能再改。" in text) is is_said
