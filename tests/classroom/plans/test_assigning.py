"""Carrying plans out: newcomers, leavers, people who were there before, and the same again and again."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.enrolment import services as enrolments
from classroom.enrolment.models import Enrolment
from classroom.institutions import services as institutions
from classroom.institutions.models import Institution, Membership, Post, SupervisingAuthority
from classroom.people.models import AuditEntry
from classroom.plans import services
from classroom.plans.models import Plan
from classroom.plans.queries import audience
from classroom.plans.tasks import assign
from courses.catalogue.models import Edition
from courses.catalogue.services import withdraw_edition
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
Planned = Callable[..., Plan]
Enrolled = Callable[[], list[Enrolment]]


def today() -> date:
    return timezone.localdate()


@pytest.mark.parametrize(
    ("opens", "due", "count"),
    [(0, 0, 1), (0, 30, 1), (-30, 0, 1), (1, 30, 0), (-30, -1, 0)],
)
def test_a_plan_works_from_its_first_to_its_last_day(
    planned: Planned, institution: Institution, opens: int, due: int, count: int
) -> None:
    MembershipFactory(institution=institution)
    plan = planned(opens=opens, due=due)
    assert services.assign_due(plan) == count
    assert assign() == 0


def test_who_joins_later_is_enrolled_then_with_the_same_due_day(
    planned: Planned, institution: Institution, enrolled: Enrolled
) -> None:
    first = MembershipFactory(institution=institution)
    plan = planned()
    assert services.assign_due(plan) == 1
    second = institutions.join(user=UserFactory(), institution=institution, started_on=today(), by=None)
    assert services.assign_due(plan) == 1
    assert [(row.user_id, row.due_on) for row in enrolled()] == [
        (first.user_id, plan.due_on),
        (second.user_id, plan.due_on),
    ]


def test_who_begins_tomorrow_is_enrolled_tomorrow(planned: Planned, institution: Institution) -> None:
    MembershipFactory(institution=institution, started_on=today() + ONE)
    plan = planned()
    assert services.assign_due(plan) == 0
    assert services.assign_due(plan, today=today() + ONE) == 1


def test_who_leaves_is_asked_until_the_last_day(planned: Planned, institution: Institution) -> None:
    for last in (-1, 0):
        MembershipFactory(institution=institution, ended_on=today() + last * ONE)
    plan = planned()
    assert audience(plan, today()).count() == 1
    assert audience(plan, today() + ONE).count() == 0


def test_who_left_keeps_what_was_begun(
    planned: Planned, institution: Institution, enrolled: Enrolled
) -> None:
    member = MembershipFactory(institution=institution)
    plan = planned()
    services.assign_due(plan)
    institutions.leave(membership=member, on=today() - ONE, by=None)
    assert services.assign_due(plan) == 0
    assert [(row.state, row.institution) for row in enrolled()] == [("active", institution)]


def test_a_leaver_is_not_pressed_by_a_later_plan(planned: Planned, institution: Institution) -> None:
    member = MembershipFactory(institution=institution, ended_on=today() - ONE)
    row = EnrolmentFactory(user=member.user, institution=institution, edition__course=planned().course)
    services.assign_due(planned(due=5))
    row.refresh_from_db()
    assert row.due_on is None


def test_a_post_taken_up_later_makes_one_due(
    planned: Planned, institution: Institution, enrolled: Enrolled
) -> None:
    member = MembershipFactory(institution=institution)
    plan = planned(posts=["authorised_signatory"])
    assert services.assign_due(plan) == 0
    institutions.set_posts(membership=member, kinds=["authorised_signatory"], on=today(), by=None)
    assert services.assign_due(plan) == 1
    institutions.set_posts(membership=member, kinds=["tester"], on=today() + ONE, by=None)
    assert audience(plan, today()).count() == 1
    assert audience(plan, today() + ONE).count() == 0
    assert [row.state for row in enrolled()] == ["active"]


def test_two_posts_of_one_person_are_one_enrolment(planned: Planned, institution: Institution) -> None:
    member = MembershipFactory(institution=institution)
    for kind in ("tester", "supervisor"):
        PostFactory(membership=member, kind=kind)
    plan = planned(posts=["tester", "supervisor"])
    assert audience(plan, today()).count() == 1
    assert services.assign_due(plan) == 1


def test_two_employers_under_one_office_are_one_enrolment(edition: Edition, enrolled: Enrolled) -> None:
    person = UserFactory()
    first = MembershipFactory(user=person)
    MembershipFactory(user=person)
    plan_of = SupervisingAuthority.objects.get(code="SH-310115")
    plan = services.create_plan(
        title="x", course=edition.course, due_on=today() + ONE, by=None, authority=plan_of
    )
    assert services.assign_due(plan) == 1
    assert [(row.user, row.institution) for row in enrolled()] == [(person, first.institution)]


def test_managers_learn_as_well(planned: Planned, institution: Institution) -> None:
    ManagerFactory(institution=institution)
    assert services.assign_due(planned()) == 1


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_an_institution_that_ended_asks_nobody(
    planned: Planned, institution: Institution, state: str
) -> None:
    MembershipFactory(institution=institution)
    if state == "merged":
        institutions.merge_institution(institution=institution, into=InstitutionFactory(), by=None)
    else:
        institutions.close_institution(institution=institution, by=None)
    assert services.assign_due(planned()) == 0


def test_an_institution_that_moves_is_asked_by_its_new_office(edition: Edition) -> None:
    place = MembershipFactory().institution
    office = SupervisingAuthority.objects.get(code="SH-LG")
    plan = services.create_plan(
        title="x", course=edition.course, due_on=today() + ONE, by=None, authority=office
    )
    assert services.assign_due(plan) == 0
    institutions.move_institution(institution=place, authority=office, by=None)
    assert services.assign_due(plan) == 1


def test_who_left_a_course_that_a_plan_asks_for_is_back_on_it(
    planned: Planned, institution: Institution, enrolled: Enrolled
) -> None:
    member = MembershipFactory(institution=institution)
    plan = planned()
    own = enrolments.enrol(user=member.user, edition=plan.course.current)
    enrolments.withdraw(enrolment=own, by=member.user)
    assert services.assign_due(plan) == 1
    assert [(row.period, row.state, row.origin) for row in enrolled()] == [
        (1, "withdrawn", "self"),
        (2, "active", "plan"),
    ]


def test_who_is_under_way_on_the_former_edition_stays_there(
    planned: Planned, institution: Institution, edition: Edition, enrolled: Enrolled
) -> None:
    member = MembershipFactory(institution=institution)
    plan = planned()
    own = enrolments.enrol(user=member.user, edition=edition)
    EditionFactory(course=edition.course)
    plan.refresh_from_db()
    assert services.assign_due(plan) == 0
    assert [(row.pk, row.edition, row.due_on) for row in enrolled()] == [(own.pk, edition, plan.due_on)]


def test_a_new_edition_is_what_later_newcomers_get(
    planned: Planned, institution: Institution, edition: Edition, enrolled: Enrolled
) -> None:
    plan = planned()
    MembershipFactory(institution=institution)
    services.assign_due(plan)
    new = EditionFactory(course=edition.course)
    MembershipFactory(institution=institution)
    services.assign_due(Plan.objects.get(pk=plan.pk))
    assert [row.edition for row in enrolled()] == [edition, new]


def test_a_withdrawn_course_stops_its_plan_and_no_other(
    planned: Planned, institution: Institution, edition: Edition, enrolled: Enrolled
) -> None:
    MembershipFactory(institution=institution)
    planned()
    other = EditionFactory()
    planned(course=other.course)
    withdraw_edition(course=edition.course)
    assert assign() == 1
    assert [row.edition for row in enrolled()] == [other]


def test_an_edition_that_is_withdrawn_and_still_current_does_not_stop_the_sweep(
    planned: Planned, institution: Institution, edition: Edition
) -> None:
    """The one that is first in the round must not keep every later plan from being carried out."""
    MembershipFactory(institution=institution)
    planned()
    planned(course=EditionFactory().course)
    Edition.objects.filter(pk=edition.pk).update(withdrawn_at=timezone.now())
    assert assign() == 1


def test_of_two_plans_the_earlier_due_day_holds(
    planned: Planned, institution: Institution, enrolled: Enrolled
) -> None:
    MembershipFactory(institution=institution)
    late, soon = planned(due=60), planned(due=20)
    for _ in range(2):
        assign()
    assert [row.due_on for row in enrolled()] == [soon.due_on]
    services.close_plan(plan=soon, by=ManagerFactory(institution=institution).user)
    assign()
    assert enrolled()[0].due_on == soon.due_on < late.due_on


def test_bringing_a_due_day_forward_is_audited_with_the_institutions(
    planned: Planned, institution: Institution
) -> None:
    plan = planned()
    member = MembershipFactory(institution=institution)
    EnrolmentFactory(user=member.user, institution=institution, edition=plan.course.current)
    EnrolmentFactory(
        user=MembershipFactory(institution=institution).user,
        institution=None,
        edition=plan.course.current,
    )
    services.assign_due(plan)
    entry = AuditEntry.objects.get(action="plans.bring_forward")
    assert (entry.target, entry.detail) == (
        f"plan:{plan.pk}",
        {"enrolments": 2, "institutions": [institution.pk]},
    )


def test_what_is_completed_gets_no_due_day(planned: Planned, institution: Institution) -> None:
    plan = planned()
    member = MembershipFactory(institution=institution)
    row = EnrolmentFactory(user=member.user, edition=plan.course.current, completed=True)
    services.assign_due(plan)
    row.refresh_from_db()
    assert row.due_on is None
    assert not AuditEntry.objects.exists()


def test_each_enrolment_names_who_planned_it(planned: Planned, institution: Institution) -> None:
    manager = ManagerFactory(institution=institution).user
    plan = planned(created_by=manager)
    MembershipFactory(institution=institution)
    services.assign_due(plan)
    entries = AuditEntry.objects.filter(action="enrolment.enrol")
    assert {entry.actor for entry in entries} == {manager}
    assert entries.count() == 1  # the manager's own needs none


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(
    people=st.lists(
        st.tuples(
            st.sets(st.sampled_from(["tester", "supervisor", "internal_auditor"])),
            st.integers(-3, 3),
            st.one_of(st.none(), st.integers(-2, 3)),
            st.booleans(),
        ),
        max_size=5,
    ),
    posts=st.lists(st.sampled_from(["tester", "supervisor"]), unique=True),
)
def test_exactly_those_are_enrolled_whom_the_plan_names_today(
    people: list[tuple[set[str], int, int | None, bool]], posts: list[str]
) -> None:
    place, edition = InstitutionFactory(), EditionFactory()
    expected = set()
    for kinds, start, length, is_active in people:
        starts = today() + start * ONE
        ends = None if length is None else starts + max(0, length) * ONE
        row = MembershipFactory(
            institution=place, user__is_active=is_active, started_on=starts, ended_on=ends
        )
        Post.objects.bulk_create(Post(membership=row, kind=kind, started_on=starts) for kind in kinds)
        is_there = starts <= today() and (ends is None or ends >= today())
        if is_there and is_active and (not posts or kinds & set(posts)):
            expected.add(row.user_id)
    plan = services.create_plan(
        title="x", course=edition.course, due_on=today(), by=None, institution=place, posts=posts
    )
    assert services.assign_due(plan) == len(expected)
    rows = Enrolment.objects.unscoped("test").filter(edition=edition)
    assert set(rows.values_list("user_id", flat=True)) == expected
    assert services.assign_due(plan) == 0
    assert rows.count() == len(expected)


def queries_of(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as caught:
        act()
    return len(caught)


def test_a_round_with_nothing_to_do_costs_as_much_for_three_people_as_for_one(
    planned: Planned, institution: Institution
) -> None:
    """It runs every five minutes over every open plan."""
    plan = planned()
    asked = []
    for count in (1, 2):
        MembershipFactory.create_batch(count, institution=institution)
        services.assign_due(plan)
        fresh = Plan.objects.select_related("course__current", "authority").get(pk=plan.pk)
        asked.append(queries_of(lambda fresh=fresh: services.assign_due(fresh)))
    assert asked[0] == asked[1] <= 5


def test_more_people_than_a_step_are_all_enrolled(
    planned: Planned, institution: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_STEP", 2)
    MembershipFactory.create_batch(5, institution=institution)
    assert services.assign_due(planned()) == 5


def test_the_audience_counts_members_and_not_posts(planned: Planned, institution: Institution) -> None:
    rows = [PostFactory(membership__institution=institution).membership for _ in range(2)]
    assert sorted(audience(planned(posts=["tester"]), today()).values_list("pk", flat=True)) == sorted(
        row.pk for row in rows
    )
    assert Membership.objects.unscoped("test").count() == 2
