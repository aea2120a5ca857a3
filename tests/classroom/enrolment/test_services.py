"""Enrolments: once a period, with the employer of the day, never on what was withdrawn."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from classroom.enrolment import errors, queries, services
from classroom.enrolment.models import Enrolment
from classroom.institutions.queries import scope_of
from classroom.learning.services import enrol_in
from classroom.people.models import AuditEntry
from tests.factories.catalogue import CourseFactory, EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, ManagerFactory, MembershipFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def every():
    return Enrolment.objects.unscoped("test")


def test_enrolling_keeps_the_employer_of_the_day_and_is_done_once():
    member = MembershipFactory()
    edition = EditionFactory()
    first = services.enrol(user=member.user, edition=edition)
    assert (first.institution, first.course, first.period) == (member.institution, edition.course, 1)
    assert services.enrol(user=member.user, edition=edition) == first
    assert every().count() == 1


def test_an_institution_may_be_named():
    other = InstitutionFactory()
    enrolment = services.enrol(
        user=UserFactory(), edition=EditionFactory(), institution=other, origin=Enrolment.Origin.MANAGER
    )
    assert (enrolment.institution, enrolment.origin) == (other, "manager")


def test_without_an_employer_one_learns_for_oneself():
    assert services.enrol(user=UserFactory(), edition=EditionFactory()).institution is None


def test_a_withdrawn_edition_is_refused():
    edition = EditionFactory(withdrawn_at=timezone.now())
    with pytest.raises(errors.EditionWithdrawn) as refused:
        services.enrol(user=UserFactory(), edition=edition)
    assert str(refused.value.message)
    assert every().count() == 0


def test_a_course_without_edition_is_refused():
    with pytest.raises(errors.NothingToEnrolIn):
        enrol_in(user=UserFactory(), course=CourseFactory())
    edition = EditionFactory()
    assert enrol_in(user=UserFactory(), course=edition.course).edition == edition


def test_the_earlier_due_date_wins():
    user, edition = UserFactory(), EditionFactory()
    services.enrol(user=user, edition=edition)
    for due, expected in (
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2026, 11, 30), date(2026, 11, 30)),
        (date(2027, 1, 31), date(2026, 11, 30)),
        (None, date(2026, 11, 30)),
    ):
        services.enrol(user=user, edition=edition, due_on=due)
        assert every().get().due_on == expected


def test_withdrawing_twice_is_once_and_coming_back_is_a_new_period():
    user, edition, at = UserFactory(), EditionFactory(), datetime(2026, 11, 2, tzinfo=UTC)
    first = services.enrol(user=user, edition=edition)
    services.withdraw(enrolment=first, by=user, now=at)
    assert services.withdraw(enrolment=first, by=user).withdrawn_at == at
    assert AuditEntry.objects.filter(action="enrolment.withdraw").count() == 1
    again = services.enrol(user=user, edition=edition)
    assert (again.period, again.state) == (2, Enrolment.State.ACTIVE)


def test_what_is_complete_stays():
    done = EnrolmentFactory(completed=True)
    with pytest.raises(errors.AlreadyCompleted):
        services.withdraw(enrolment=done)
    assert services.enrol(user=done.user, edition=done.edition) == done
    at = done.completed_at
    assert services.mark_completed(enrolment=done, at=timezone.now()).completed_at == at


def test_only_an_active_enrolment_is_completed():
    active, gone = EnrolmentFactory(), EnrolmentFactory(withdrawn=True)
    at = timezone.now()
    assert services.mark_completed(enrolment=active, at=at).completed_at == at
    with pytest.raises(errors.EnrolmentError):
        services.mark_completed(enrolment=gone, at=at)


def test_enrolling_somebody_else_is_audited():
    manager = UserFactory()
    enrolment = services.enrol(user=UserFactory(), edition=EditionFactory(), by=manager)
    entry = AuditEntry.objects.get(action="enrolment.enrol")
    assert (entry.actor, entry.target) == (manager, f"enrolment:{enrolment.pk}")


def test_one_reads_ones_own_and_nobody_elses():
    mine, other = EnrolmentFactory(), EnrolmentFactory()
    EnrolmentFactory(user=mine.user, withdrawn=True)
    assert list(queries.enrolments_of(mine.user)) == [mine]
    assert queries.own_enrolment(mine.user, mine.pk) == mine
    with pytest.raises(Enrolment.DoesNotExist):
        queries.own_enrolment(mine.user, other.pk)


def test_due_comes_first_and_done_last():
    user, today = UserFactory(), timezone.localdate()
    done = EnrolmentFactory(user=user, completed=True)
    free = EnrolmentFactory(user=user)
    late = EnrolmentFactory(user=user, due_on=today + timedelta(days=9))
    soon = EnrolmentFactory(user=user, due_on=today + timedelta(days=1))
    assert list(queries.enrolments_of(user)) == [soon, late, free, done]


def test_the_newest_enrolment_on_a_course_or_an_edition():
    user, edition = UserFactory(), EditionFactory()
    assert queries.enrolment_of(user, edition) is None
    old = EnrolmentFactory(user=user, edition=edition)
    newer = EnrolmentFactory(user=user, edition=EditionFactory(course=edition.course), period=2)
    EnrolmentFactory(user=user, edition=edition, period=3, withdrawn=True)
    assert queries.enrolment_of(user, edition) == old
    assert queries.enrolment_of(user, edition.course) == newer
    assert queries.enrolment_of(None, edition) is None


def test_a_manager_reads_the_staff_and_nobody_else():
    manager = ManagerFactory()
    staff = EnrolmentFactory(institution=manager.institution)
    EnrolmentFactory()
    assert list(queries.visible_enrolments(scope_of(manager.user))) == [staff]


def test_overdue_is_derived():
    today = date(2026, 11, 2)
    assert queries.is_overdue(EnrolmentFactory(due_on=date(2026, 11, 1)), today)
    assert not queries.is_overdue(EnrolmentFactory(due_on=today), today)
    assert not queries.is_overdue(EnrolmentFactory(), today)
    assert not queries.is_overdue(EnrolmentFactory(due_on=date(2026, 11, 1), completed=True), today)


@pytest.mark.parametrize("count", [1, 3])
def test_ones_list_costs_one_query(count, django_assert_num_queries):
    user = UserFactory()
    for _ in range(count):
        EnrolmentFactory(user=user)
    with django_assert_num_queries(1):
        assert len([one.course.topic.code for one in queries.enrolments_of(user)]) == count
