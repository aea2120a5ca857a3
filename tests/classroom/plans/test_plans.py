"""Plans: who may make them, whom they enrol, and that repeating changes nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution, SupervisingAuthority
from classroom.institutions.queries import scope_of
from classroom.people.models import AuditEntry
from classroom.plans import errors, services
from classroom.plans.models import Plan
from classroom.plans.queries import ancestors, applies, audience, open_plans, visible_plans
from classroom.plans.tasks import assign
from courses.catalogue.models import Edition
from tests.factories.catalogue import CourseFactory, EditionFactory
from tests.factories.enrolment import EnrolmentFactory
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
WHY = "the test counts all"


@pytest.fixture
def edition() -> Edition:
    return EditionFactory()


@pytest.fixture
def institution() -> Institution:
    return InstitutionFactory()


def soon() -> object:
    return timezone.localdate() + timedelta(days=30)


def enrolments() -> int:
    return Enrolment.objects.unscoped(WHY).count()


def test_a_manager_plans_for_the_own_institution_only(edition: Edition) -> None:
    manager = ManagerFactory()
    plan = services.create_plan(
        title=" 年度培训 ",
        course=edition.course,
        due_on=soon(),
        by=manager.user,
        institution=manager.institution,
    )
    assert (plan.title, plan.opens_on) == ("年度培训", timezone.localdate())
    assert AuditEntry.objects.get(action="plans.create").actor == manager.user
    for owner in (
        {"institution": InstitutionFactory()},
        {"authority": manager.institution.supervising_authority},
    ):
        with pytest.raises(errors.NotYourPlan):
            services.create_plan(title="x", course=edition.course, due_on=soon(), by=manager.user, **owner)


def test_a_regulator_plans_for_authorities_in_scope(edition: Edition) -> None:
    district = SupervisingAuthority.objects.get(code="SH-310115")
    other = SupervisingAuthority.objects.get(code="SH-LG")
    grant = RegulatorGrantFactory(authority=district)
    values = {"title": "x", "course": edition.course, "due_on": soon(), "by": grant.user}
    assert services.create_plan(authority=district, **values).authority == district
    for authority in (other, district.parent):
        with pytest.raises(errors.NotYourPlan):
            services.create_plan(authority=authority, **values)
    assert Plan.objects.count() == 1


def test_a_plan_has_one_owner_and_ends_after_it_opens(edition: Edition, institution: Institution) -> None:
    values = {"title": "x", "course": edition.course, "by": None}
    with pytest.raises(errors.OneOwner):
        services.create_plan(due_on=soon(), **values)
    with pytest.raises(errors.OneOwner):
        services.create_plan(
            due_on=soon(), institution=institution, authority=institution.supervising_authority, **values
        )
    with pytest.raises(errors.DueBeforeOpening):
        services.create_plan(
            due_on=timezone.localdate() - timedelta(days=1), institution=institution, **values
        )


def test_whoever_is_due_is_enrolled_once(edition: Edition, institution: Institution) -> None:
    tester = PostFactory(membership__institution=institution, kind="tester").membership
    MembershipFactory(institution=institution)
    PostFactory(kind="tester")
    plan = PlanFactory(authority=None, institution=institution, course=edition.course, posts=["tester"])
    assert services.assign_due(plan) == 1
    assert services.assign_due(plan) == 0
    made = Enrolment.objects.unscoped(WHY).get()
    assert (made.user, made.institution, made.origin, made.due_on, made.edition) == (
        tester.user, institution, "plan", plan.due_on, edition,
    )  # fmt: skip


def test_an_authority_reaches_all_the_way_down(edition: Edition) -> None:
    city = SupervisingAuthority.objects.get(code="SH")
    for code in ("SH-310101", "SH-LG"):
        authority = SupervisingAuthority.objects.get(code=code)
        MembershipFactory(institution__supervising_authority=authority)
    MembershipFactory(institution__state="closed")
    plan = PlanFactory(authority=city, course=edition.course)
    assert services.assign_due(plan) == 2
    assert audience(plan, timezone.localdate()).count() == 2


@pytest.mark.parametrize(("opens", "due", "closed"), [(1, 30, False), (-30, -1, False), (-10, 30, True)])
def test_nobody_is_enrolled_outside_the_plan(
    edition: Edition, institution: Institution, opens: int, due: int, closed: bool
) -> None:
    MembershipFactory(institution=institution)
    today = timezone.localdate()
    plan = PlanFactory(
        authority=None,
        institution=institution,
        course=edition.course,
        opens_on=today + timedelta(days=opens),
        due_on=today + timedelta(days=due),
        closed_at=timezone.now() if closed else None,
    )
    assert services.assign_due(plan) == 0
    assert enrolments() == 0


def test_a_course_without_an_edition_waits(institution: Institution) -> None:
    MembershipFactory(institution=institution)
    assert (
        services.assign_due(PlanFactory(authority=None, institution=institution, course=CourseFactory())) == 0
    )


def test_an_enrolment_that_is_there_gets_the_due_day(edition: Edition, institution: Institution) -> None:
    plan = PlanFactory(authority=None, institution=institution, course=edition.course)
    earlier = plan.due_on - timedelta(days=5)
    rows = [
        EnrolmentFactory(
            user=MembershipFactory(institution=institution).user,
            institution=institution,
            edition=edition,
            due_on=due_on,
        )
        for due_on in (None, plan.due_on + timedelta(days=9), earlier)
    ]
    assert services.assign_due(plan) == 0
    for row in rows:
        row.refresh_from_db()
    assert [row.due_on for row in rows] == [plan.due_on, plan.due_on, earlier]
    assert AuditEntry.objects.get(action="plans.bring_forward").detail["institutions"] == [institution.pk]
    services.assign_due(plan)
    assert AuditEntry.objects.filter(action="plans.bring_forward").count() == 1


def test_whoever_has_completed_is_not_enrolled_again(edition: Edition, institution: Institution) -> None:
    member = MembershipFactory(institution=institution)
    former = EditionFactory(course=edition.course, is_current=False)
    EnrolmentFactory(user=member.user, edition=former, completed=True)
    plan = PlanFactory(authority=None, institution=institution, course=edition.course)
    assert services.assign_due(plan) == 0


def test_the_sweep_carries_every_open_plan_out(edition: Edition) -> None:
    for _ in range(3):
        member = MembershipFactory()
        PlanFactory(authority=None, institution=member.institution, course=edition.course)
    assert assign() == 3
    assert assign() == 0
    assert enrolments() == 3


def test_a_plan_is_closed_by_its_owner(edition: Edition) -> None:
    manager = ManagerFactory()
    plan = PlanFactory(authority=None, institution=manager.institution, course=edition.course)
    with pytest.raises(errors.NotYourPlan):
        services.close_plan(plan=plan, by=UserFactory())
    services.close_plan(plan=plan, by=manager.user)
    services.close_plan(plan=plan, by=manager.user)
    assert AuditEntry.objects.filter(action="plans.close").count() == 1
    assert list(open_plans(timezone.localdate())) == []


def test_plans_are_seen_by_whom_they_concern(edition: Edition) -> None:
    manager = ManagerFactory()
    authority = manager.institution.supervising_authority
    own = PlanFactory(authority=None, institution=manager.institution, course=edition.course)
    above = PlanFactory(authority=authority, course=edition.course)
    city = PlanFactory(authority=authority.parent, course=edition.course)
    canary = PlanFactory(authority=SupervisingAuthority.objects.get(code="SH-LG"), course=edition.course)
    PlanFactory(authority=None, institution=InstitutionFactory(), course=edition.course)
    assert set(visible_plans(scope_of(manager.user))) == {own, above, city}
    regulator = RegulatorGrantFactory(authority=authority).user
    assert canary not in visible_plans(scope_of(regulator))
    assert {own, above, city} <= set(visible_plans(scope_of(regulator)))
    assert set(visible_plans(scope_of(UserFactory()))) == set()
    assert visible_plans(scope_of(UserFactory(is_superuser=True))).count() == 5


def test_paths_and_their_ancestors() -> None:
    assert ancestors("/SH/SH-LG/") == ["/SH/", "/SH/SH-LG/"]
    assert ancestors("/SH/") == ["/SH/"]


def test_a_plan_applies_where_its_owner_reaches(edition: Edition, institution: Institution) -> None:
    path = institution.supervising_authority.path
    of_authority = PlanFactory(course=edition.course)
    of_institution = PlanFactory(authority=None, institution=institution, course=edition.course)
    assert applies(of_authority, institution.pk, path)
    assert not applies(of_authority, institution.pk, "/SH/SH-LG/")
    assert applies(of_institution, institution.pk, "/elsewhere/")
    assert not applies(of_institution, institution.pk + 1, path)
