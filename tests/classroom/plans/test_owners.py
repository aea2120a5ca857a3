"""Who may plan, close and see: managers their institution, regulators their offices, nobody anything else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from classroom.institutions.models import Institution, Post, SupervisingAuthority
from classroom.institutions.queries import forget_scope, scope_of
from classroom.people.models import AuditEntry, User
from classroom.plans import errors, services
from classroom.plans.models import Plan
from classroom.plans.queries import open_plans, visible_plans
from courses.catalogue.models import Edition
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory
from tests.factories.plans import PlanFactory

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
Planned = Callable[..., Plan]


def office(code: str) -> SupervisingAuthority:
    return SupervisingAuthority.objects.get(code=code)


def made_by(by: User | None, edition: Edition, **values: Any) -> Plan:
    due_on = timezone.localdate() + 30 * ONE
    return services.create_plan(
        **{"title": "年度培训", "course": edition.course, "due_on": due_on, "by": by} | values
    )


def test_a_plan_is_audited_with_what_it_asks_for(edition: Edition, institution: Institution) -> None:
    manager = ManagerFactory(institution=institution).user
    plan = made_by(manager, edition, institution=institution, posts=["tester"])
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (manager, "plans.create", f"plan:{plan.pk}")
    assert entry.detail == {
        "course": edition.course.code,
        "due_on": plan.due_on.isoformat(),
        "posts": ["tester"],
    }


@pytest.mark.parametrize("posts", [["astronaut"], ["tester", "检测员"], [""]])
def test_a_post_that_nobody_can_hold_is_refused(
    edition: Edition, institution: Institution, posts: list[str]
) -> None:
    """A slip would make a plan that looks in force and trains nobody."""
    with pytest.raises(errors.UnknownPost):
        made_by(None, edition, institution=institution, posts=posts)
    assert not Plan.objects.exists()
    assert made_by(None, edition, institution=institution, posts=list(Post.Kind.values)).pk


@pytest.mark.parametrize(("days", "is_right"), [(-1, False), (0, True), (1, True)])
def test_a_plan_may_be_due_on_the_day_it_opens(
    edition: Edition, institution: Institution, days: int, is_right: bool
) -> None:
    opens = timezone.localdate() + 5 * ONE
    values = {"institution": institution, "opens_on": opens, "due_on": opens + days * ONE}
    if is_right:
        assert made_by(None, edition, **values).opens_on == opens
    else:
        with pytest.raises(errors.DueBeforeOpening):
            made_by(None, edition, **values)


def test_the_database_holds_the_owner_and_the_days(institution: Institution) -> None:
    today = timezone.localdate()
    wrong: list[dict[str, Any]] = [
        {"authority": None, "institution": None},
        {"institution": institution},
        {"due_on": today - ONE, "opens_on": today},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            PlanFactory(**values)


@pytest.mark.parametrize(
    "who", ["staff", "other_manager", "former_manager", "operator_like", "nobody", "lower_office"]
)
def test_nobody_else_plans_for_an_institution(edition: Edition, institution: Institution, who: str) -> None:
    by = {
        "staff": lambda: MembershipFactory(institution=institution).user,
        "other_manager": lambda: ManagerFactory().user,
        "former_manager": lambda: (
            ManagerFactory(institution=institution, ended_on=timezone.localdate() - ONE).user
        ),
        "operator_like": lambda: UserFactory(is_staff=True),
        "nobody": UserFactory,
        "lower_office": lambda: RegulatorGrantFactory(authority=office("SH-LG")).user,
    }[who]()
    with pytest.raises(errors.NotYourPlan):
        made_by(by, edition, institution=institution)
    existing = PlanFactory(authority=None, institution=institution, course=edition.course)
    with pytest.raises(errors.NotYourPlan):
        services.close_plan(plan=existing, by=by)
    existing.refresh_from_db()
    assert existing.closed_at is None
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("granted", "planned_for", "may"),
    [
        ("SH", "SH", True),
        ("SH", "SH-310115", True),
        ("SH", "SH-LG", True),
        ("SH-310115", "SH-310115", True),
        ("SH-310115", "SH", False),
        ("SH-310115", "SH-310116", False),
        ("SH-LG", "SH-310115", False),
    ],
)
def test_an_office_plans_for_itself_and_those_below(
    edition: Edition, granted: str, planned_for: str, may: bool
) -> None:
    by = RegulatorGrantFactory(authority=office(granted)).user
    if may:
        assert made_by(by, edition, authority=office(planned_for)).authority == office(planned_for)
    else:
        with pytest.raises(errors.NotYourPlan):
            made_by(by, edition, authority=office(planned_for))


def test_an_ended_grant_plans_and_closes_nothing(edition: Edition) -> None:
    grant = RegulatorGrantFactory(authority=office("SH"))
    plan = made_by(grant.user, edition, authority=office("SH"))
    type(grant).objects.filter(pk=grant.pk).update(
        ended_on=timezone.localdate() - ONE, started_on="2020-01-01"
    )
    forget_scope(grant.user)
    with pytest.raises(errors.NotYourPlan):
        services.close_plan(plan=plan, by=grant.user)
    with pytest.raises(errors.NotYourPlan):
        made_by(grant.user, edition, authority=office("SH"))


def test_a_successor_closes_what_the_predecessor_planned(planned: Planned, institution: Institution) -> None:
    plan = planned(created_by=UserFactory())
    successor = ManagerFactory(institution=institution).user
    services.close_plan(plan=plan, by=successor)
    first = Plan.objects.get(pk=plan.pk).closed_at
    services.close_plan(plan=plan, by=successor)
    assert Plan.objects.get(pk=plan.pk).closed_at == first
    entry = AuditEntry.objects.get(action="plans.close")
    assert (entry.actor, entry.target) == (successor, f"plan:{plan.pk}")


def test_a_closed_plan_leaves_its_enrolments(
    planned: Planned, institution: Institution, enrolled: Callable[[], list[Any]]
) -> None:
    MembershipFactory(institution=institution)
    plan = planned()
    services.assign_due(plan)
    services.close_plan(plan=plan, by=ManagerFactory(institution=institution).user)
    MembershipFactory(institution=institution)
    assert services.assign_due(Plan.objects.get(pk=plan.pk)) == 0
    assert [(row.state, row.due_on) for row in enrolled()] == [("active", plan.due_on)]


@pytest.mark.parametrize(
    ("opens", "closed", "is_open"), [(0, False, True), (1, False, False), (0, True, False)]
)
def test_a_plan_is_open_from_its_day_until_it_is_closed(
    planned: Planned, opens: int, closed: bool, is_open: bool
) -> None:
    plan = planned(opens=opens, closed_at=timezone.now() if closed else None)
    assert (plan in open_plans(timezone.localdate())) is is_open


def test_a_manager_sees_the_own_plans_and_those_of_the_offices_above(edition: Edition) -> None:
    place = InstitutionFactory(supervising_authority=office("SH-LG"))
    manager = ManagerFactory(institution=place).user
    shown = {
        PlanFactory(authority=None, institution=place, course=edition.course),
        PlanFactory(authority=office("SH-LG"), course=edition.course),
        PlanFactory(authority=office("SH"), course=edition.course),
    }
    PlanFactory(authority=office("SH-310115"), course=edition.course)
    neighbour = InstitutionFactory(supervising_authority=office("SH-LG"))
    PlanFactory(authority=None, institution=neighbour, course=edition.course)
    assert set(visible_plans(scope_of(manager))) == shown


def test_an_office_sees_the_plans_of_the_institutions_below_and_no_neighbours(edition: Edition) -> None:
    below = PlanFactory(
        authority=None,
        institution=InstitutionFactory(supervising_authority=office("SH-LG")),
        course=edition.course,
    )
    PlanFactory(authority=None, institution=InstitutionFactory(), course=edition.course)
    PlanFactory(authority=office("SH-310115"), course=edition.course)
    assert list(visible_plans(scope_of(RegulatorGrantFactory(authority=office("SH-LG")).user))) == [below]


def test_no_plan_is_seen_twice_by_who_holds_several_roles(edition: Edition) -> None:
    place = InstitutionFactory()
    reader = ManagerFactory(institution=place).user
    for code in ("SH-310115", "SH"):
        RegulatorGrantFactory(user=reader, authority=office(code))
    PlanFactory(authority=None, institution=place, course=edition.course)
    PlanFactory(authority=office("SH-310115"), course=edition.course)
    pks = list(visible_plans(scope_of(reader)).values_list("pk", flat=True))
    assert len(pks) == len(set(pks)) == 2


@pytest.mark.parametrize("role", ["staff", "former_manager", "nobody"])
def test_others_see_no_plans(planned: Planned, institution: Institution, role: str) -> None:
    planned()
    PlanFactory(authority=institution.supervising_authority)
    reader = {
        "staff": lambda: MembershipFactory(institution=institution).user,
        "former_manager": lambda: (
            ManagerFactory(institution=institution, ended_on=timezone.localdate() - ONE).user
        ),
        "nobody": UserFactory,
    }[role]()
    assert not visible_plans(scope_of(reader)).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_much_for_three_as_for_one(
    count: int, edition: Edition, django_assert_num_queries: Callable[[int], Any]
) -> None:
    reader = UserFactory()
    for _ in range(count):
        place = ManagerFactory(user=reader).institution
        PlanFactory(authority=None, institution=place, course=edition.course)
    scope = scope_of(reader)
    with django_assert_num_queries(2):
        assert len(list(visible_plans(scope))) == count


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_refusal_speaks_the_readers_language(language: str) -> None:
    kinds = [errors.PlanError, *errors.PlanError.__subclasses__()]
    with translation.override(language):
        words = {str(kind()) for kind in kinds}
    assert len(words) == len(kinds)
    assert all(any("一" <= char <= "鿿" for char in text) == (language == "zh-hans") for text in words)
