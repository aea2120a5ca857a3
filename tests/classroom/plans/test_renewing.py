"""A plan that renews: who completed longer ago than its period begins again, once a period, with new evidence."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.enrolment import services as enrolments
from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution, Membership
from classroom.people.models import AuditEntry
from classroom.plans import services
from classroom.plans.errors import WrongPeriod
from classroom.plans.models import Plan
from classroom.plans.queries import is_lapsed
from classroom.plans.tasks import assign
from courses.catalogue.models import Edition
from tests.classroom.institutions.threads import at_once
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.plans import PlanFactory
from tests.learner import Learner

Planned = Callable[..., Plan]
Enrolled = Callable[[], list[Enrolment]]
OLD, YOUNG = 370, 300


def completed(member: Membership, edition: Edition, days_ago: int) -> Enrolment:
    at = timezone.now() - timedelta(days=days_ago)
    return EnrolmentFactory(
        user=member.user,
        institution=member.institution,
        edition=edition,
        state=Enrolment.State.COMPLETED,
        enrolled_at=at - timedelta(days=5),
        completed_at=at,
    )


@pytest.fixture
def member(institution: Institution) -> Membership:
    return MembershipFactory(institution=institution, started_on=timezone.localdate() - timedelta(days=900))


@pytest.mark.django_db
class TestWhoIsAskedAgain:
    @pytest.mark.parametrize(
        ("renews", "days_ago", "count"), [(12, OLD, 1), (12, YOUNG, 0), (None, OLD, 0), (24, OLD, 0)]
    )
    def test_only_whose_completion_is_older_than_the_period(
        self, planned: Planned, edition: Edition, member: Membership, renews: Any, days_ago: int, count: int
    ) -> None:
        completed(member, edition, days_ago)
        assert services.assign_due(planned(renews=renews)) == count

    def test_the_same_edition_begins_anew_and_the_former_record_stays(
        self, planned: Planned, edition: Edition, member: Membership, enrolled: Enrolled
    ) -> None:
        former = completed(member, edition, OLD)
        plan = planned(renews=12)
        assert [services.assign_due(plan), services.assign_due(plan), assign()] == [1, 0, 0]
        old, new = enrolled()
        assert (old.pk, old.state, old.completed_at) == (former.pk, "completed", former.completed_at)
        assert (new.edition, new.period, new.state, new.origin) == (edition, 2, "active", "plan")
        assert (new.institution, new.due_on) == (member.institution, plan.due_on)
        assert AuditEntry.objects.filter(action="enrolment.enrol_again").count() == 1

    def test_it_is_the_edition_of_today_and_the_next_period_whichever_had_the_former(
        self, planned: Planned, edition: Edition, member: Membership, enrolled: Enrolled
    ) -> None:
        completed(member, edition, OLD)
        newer = EditionFactory(course=edition.course)
        services.assign_due(planned(renews=12))
        assert [(row.edition, row.period) for row in enrolled()] == [(edition, 1), (newer, 2)]

    def test_a_newer_completion_counts_whichever_edition_it_is_of(
        self, planned: Planned, edition: Edition, member: Membership
    ) -> None:
        completed(member, edition, 2 * OLD)
        completed(member, EditionFactory(course=edition.course), YOUNG)
        assert services.assign_due(planned(renews=12)) == 0

    def test_who_is_under_way_is_not_asked_twice(
        self, planned: Planned, edition: Edition, member: Membership
    ) -> None:
        completed(member, edition, OLD)
        EnrolmentFactory(user=member.user, edition=EditionFactory(course=edition.course))
        assert services.assign_due(planned(renews=12)) == 0

    def test_another_institutions_people_and_other_courses_are_left_alone(
        self, planned: Planned, edition: Edition, member: Membership
    ) -> None:
        completed(MembershipFactory(), edition, OLD)
        completed(member, EditionFactory(), OLD)
        # The member is enrolled for the first time; the other institution's person not at all.
        assert services.assign_due(planned(renews=12)) == 1
        assert services.assign_due(planned(renews=12)) == 0

    def test_who_works_at_two_institutions_is_asked_once(
        self, planned: Planned, edition: Edition, institution: Institution, member: Membership
    ) -> None:
        other = InstitutionFactory(supervising_authority=institution.supervising_authority)
        MembershipFactory(user=member.user, institution=other)
        completed(member, edition, OLD)
        plan = planned(renews=12, institution=None, authority=institution.supervising_authority)
        assert services.assign_due(plan) == 1

    def test_no_more_queries_for_many_than_for_none_who_are_not_due(
        self, planned: Planned, edition: Edition, institution: Institution, member: Membership
    ) -> None:
        plan = planned(renews=12)
        counts = []
        for more in (1, 2):
            for one in MembershipFactory.create_batch(more, institution=institution):
                completed(one, edition, YOUNG)
            services.assign_due(plan)
            with CaptureQueriesContext(connection) as asked:
                assert services.assign_due(plan) == 0
            counts.append(len(asked))
        assert counts[0] == counts[1]


@pytest.mark.django_db
class TestWhen:
    def test_each_period_once_at_whatever_time_the_task_runs(
        self, planned: Planned, edition: Edition, member: Membership, enrolled: Enrolled
    ) -> None:
        plan = planned(opens=-10, due=30, renews=12)
        today = timezone.localdate()
        begun = []
        for days in range(0, 1200, 25):
            day = today + timedelta(days=days)
            if services.assign_due(plan, today=day):
                begun.append(days)
                row = enrolled()[-1]
                at = timezone.now() + timedelta(days=days)
                Enrolment.objects.unscoped("test").filter(pk=row.pk).update(enrolled_at=at)
                enrolments.mark_completed(enrolment=row, at=at)
        assert begun == [0, 375, 750, 1125]
        assert [row.period for row in enrolled()] == [1, 2, 3, 4]

    def test_after_the_first_due_day_everybody_has_as_long_as_the_first_round_had(
        self, planned: Planned, edition: Edition, member: Membership, enrolled: Enrolled
    ) -> None:
        plan = planned(opens=-400, due=-370, renews=12)
        completed(member, edition, OLD)
        newcomer = MembershipFactory(institution=member.institution)
        assert assign() == 2
        today = timezone.localdate()
        begun = {row.user_id: row.due_on for row in enrolled() if row.state == "active"}
        assert begun == dict.fromkeys([member.user_id, newcomer.user_id], today + timedelta(days=30))
        # What was given is not taken back to the day of a round that is over.
        assert services.assign_due(plan) == 0
        assert {row.due_on for row in enrolled() if row.state == "active"} == {today + timedelta(days=30)}

    @pytest.mark.parametrize(
        "fields", [{"closed_at": timezone.now()}, {"opens_on": date(2090, 1, 1), "due_on": date(2090, 2, 1)}]
    )
    def test_a_plan_that_is_closed_or_not_open_asks_nobody(
        self, planned: Planned, edition: Edition, member: Membership, fields: dict[str, Any]
    ) -> None:
        completed(member, edition, OLD)
        plan = planned(renews=12)
        Plan.objects.filter(pk=plan.pk).update(**fields)
        plan.refresh_from_db()
        assert [services.assign_due(plan), assign()] == [0, 0]

    @pytest.mark.parametrize(
        ("done", "renews", "first"),
        [
            ("2025-11-23", 12, "2026-11-23"),
            ("2025-01-31", 1, "2025-02-28"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2025-12-15", 1, "2026-01-15"),
        ],
    )
    def test_the_day_on_which_a_completion_is_too_old(self, done: str, renews: int, first: str) -> None:
        at = timezone.make_aware(datetime.fromisoformat(f"{done}T23:30"))
        row, plan = Enrolment(state="completed", completed_at=at), Plan(renews=renews)
        day = date.fromisoformat(first)
        assert is_lapsed(row, plan, day)
        assert not is_lapsed(row, plan, day - timedelta(days=1))

    @pytest.mark.parametrize(("months", "fits"), [(0, False), (1, True), (120, True), (121, False)])
    def test_a_period_is_one_month_to_ten_years(
        self, edition: Edition, institution: Institution, months: int, fits: bool
    ) -> None:
        values = {"title": "年度复训", "course": edition.course, "due_on": timezone.localdate(), "by": None}
        if fits:
            assert services.create_plan(institution=institution, renews=months, **values).renews == months
            return
        with pytest.raises(WrongPeriod):
            services.create_plan(institution=institution, renews=months, **values)


@pytest.mark.django_db
def test_what_was_watched_the_first_time_counts_nothing_the_second(planned: Planned) -> None:
    learner = Learner.on_edition()
    learner.open()
    learner.play(0, 60)
    Enrolment.objects.unscoped("test").filter(pk=learner.enrolment.pk).update(
        state="completed", completed_at=timezone.now() - timedelta(days=OLD)
    )
    again = enrolments.enrol_again(
        user=learner.enrolment.user, edition=learner.enrolment.edition, is_due=lambda last: True
    )
    assert again is not None
    assert (again.progress.count(), again.evidence.count()) == (0, 0)
    assert learner.enrolment.evidence.exists()


@pytest.mark.django_db(transaction=True)
def test_two_rounds_ask_everybody_again_once() -> None:
    place, edition = InstitutionFactory(), EditionFactory()
    members = MembershipFactory.create_batch(3, institution=place)
    for one in members:
        completed(one, edition, OLD)
    EditionFactory(course=edition.course)
    PlanFactory(authority=None, institution=place, course=edition.course, renews=12)
    assert at_once(lambda n: assign(), times=3, refusals=()) == ["ok"] * 3
    rows = Enrolment.objects.unscoped("test").filter(state="active")
    assert sorted(rows.values_list("user_id", flat=True)) == sorted(row.user_id for row in members)
