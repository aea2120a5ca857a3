"""Editions that are replaced or withdrawn while people are on them, and who reads which enrolment."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone, translation

from classroom.enrolment import errors, queries, services
from classroom.enrolment.models import Enrolment
from classroom.institutions.models import SupervisingAuthority
from classroom.institutions.queries import scope_of
from classroom.learning.services import enrol_in
from classroom.people.models import User
from courses.catalogue.models import Edition
from tests.factories.catalogue import CourseFactory, EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)


def newer(edition: Edition) -> Edition:
    """Publish the next edition of the course, as freezing does."""
    Edition.objects.filter(pk=edition.pk).update(superseded_at=timezone.now())
    made: Edition = EditionFactory(course=edition.course)
    edition.refresh_from_db()
    return made


def test_a_new_edition_leaves_those_under_way_where_they_are(person: User, edition: Edition) -> None:
    row = services.enrol(user=person, edition=edition)
    newer(edition)
    row.refresh_from_db()
    assert (row.edition, row.state) == (edition, "active")
    assert queries.enrolment_of(person, edition.course) == row


def test_who_goes_on_with_the_old_edition_is_not_moved_to_the_new(person: User, edition: Edition) -> None:
    row = services.enrol(user=person, edition=edition)
    newer(edition)
    assert services.enrol(user=person, edition=edition, due_on=date(2026, 12, 1)) == row


def test_a_newcomer_learns_what_is_taught_now(person: User, edition: Edition) -> None:
    now = newer(edition)
    course = type(edition.course).objects.get(pk=edition.course_id)
    assert enrol_in(user=person, course=course).edition == now


def test_two_editions_are_two_enrolments_each_with_its_own_periods(person: User, edition: Edition) -> None:
    old = services.enrol(user=person, edition=edition)
    services.withdraw(enrolment=old, by=person)
    again = services.enrol(user=person, edition=edition)
    new = services.enrol(user=person, edition=newer(edition))
    assert (again.period, new.period) == (2, 1)


def test_the_newest_enrolment_is_the_last_begun_and_not_the_highest_period(
    person: User, edition: Edition
) -> None:
    """Who once came back to an old edition would else be shown it for ever, whatever came after."""
    old = services.enrol(user=person, edition=edition)
    services.withdraw(enrolment=old, by=person)
    again = services.enrol(user=person, edition=edition)
    services.mark_completed(enrolment=again, at=timezone.now())
    new = services.enrol(user=person, edition=newer(edition))
    assert queries.enrolment_of(person, edition.course) == new
    assert queries.enrolment_of(person, edition) == again


def test_a_withdrawn_edition_takes_nobody_in_but_lets_people_finish(person: User, edition: Edition) -> None:
    row = services.enrol(user=person, edition=edition)
    Edition.objects.filter(pk=edition.pk).update(withdrawn_at=timezone.now())
    edition.refresh_from_db()
    with pytest.raises(errors.EditionWithdrawn):
        services.enrol(user=UserFactory(), edition=edition)
    assert services.mark_completed(enrolment=row, at=timezone.now()).state == "completed"


def test_who_left_a_withdrawn_edition_does_not_come_back(person: User, edition: Edition) -> None:
    services.withdraw(enrolment=services.enrol(user=person, edition=edition), by=person)
    edition.withdrawn_at = timezone.now()
    with pytest.raises(errors.EditionWithdrawn):
        services.enrol(user=person, edition=edition)
    assert Enrolment.objects.unscoped("test").filter(user=person).count() == 1


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_refusal_speaks_the_readers_language(language: str) -> None:
    kinds = [errors.EnrolmentError, *errors.EnrolmentError.__subclasses__()]
    with translation.override(language):
        words = {str(kind.message) for kind in kinds}
    assert len(words) == len(kinds) == len({kind.code for kind in kinds})
    assert all(any("一" <= char <= "鿿" for char in text) == (language == "zh-hans") for text in words)


@pytest.mark.parametrize("role", ["stranger", "colleague", "other_manager", "other_district"])
def test_nobody_outside_reads_an_enrolment(role: str) -> None:
    row = EnrolmentFactory()
    reader = {
        "stranger": UserFactory,
        "colleague": lambda: MembershipFactory(institution=row.institution).user,
        "other_manager": lambda: ManagerFactory().user,
        "other_district": lambda: (
            RegulatorGrantFactory(authority=SupervisingAuthority.objects.get(code="SH-LG")).user
        ),
    }[role]()
    assert not queries.visible_enrolments(scope_of(reader)).exists()
    with pytest.raises(Enrolment.DoesNotExist):
        queries.own_enrolment(reader, row.pk)


@pytest.mark.parametrize("role", ["oneself", "manager", "district", "city", "superuser"])
def test_each_role_reads_what_it_answers_for(role: str) -> None:
    row = EnrolmentFactory()
    office = row.institution.supervising_authority
    reader = {
        "oneself": lambda: row.user,
        "manager": lambda: ManagerFactory(institution=row.institution).user,
        "district": lambda: RegulatorGrantFactory(authority=office).user,
        "city": lambda: RegulatorGrantFactory(authority=office.parent).user,
        "superuser": lambda: UserFactory(is_superuser=True),
    }[role]()
    assert list(queries.visible_enrolments(scope_of(reader))) == [row]


def test_seeing_an_enrolment_is_not_owning_it() -> None:
    row = EnrolmentFactory()
    manager = ManagerFactory(institution=row.institution).user
    with pytest.raises(Enrolment.DoesNotExist):
        queries.own_enrolment(manager, row.pk)
    assert queries.enrolment_of(manager, row.course) is None


def test_a_stranger_without_a_name_has_no_enrolment(edition: Edition) -> None:
    EnrolmentFactory(edition=edition)
    assert queries.enrolment_of(AnonymousUser(), edition) is None
    assert queries.enrolment_of(AnonymousUser(), edition.course) is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_in_scope_costs_one_query(
    count: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    place = InstitutionFactory()
    scope = scope_of(ManagerFactory(institution=place).user)
    EnrolmentFactory.create_batch(count, institution=place)
    with django_assert_num_queries(1):
        rows = list(queries.visible_enrolments(scope))
        seen = {(row.user.name, row.course.code, row.edition.title, row.institution.name) for row in rows}
    assert len(seen) == count


def test_the_list_in_scope_is_newest_first() -> None:
    place, now = InstitutionFactory(), timezone.now()
    rows = [
        EnrolmentFactory(institution=place, enrolled_at=now - hours * timedelta(hours=1))
        for hours in (2, 0, 1)
    ]
    EnrolmentFactory(institution=place, withdrawn=True)
    scope = scope_of(ManagerFactory(institution=place).user)
    assert list(queries.visible_enrolments(scope)) == [rows[1], rows[2], rows[0]]


@pytest.mark.parametrize(
    ("due", "state", "overdue"),
    [
        (-1, "active", True),
        (0, "active", False),
        (1, "active", False),
        (None, "active", False),
        (-1, "completed", False),
        (-1, "withdrawn", False),
    ],
)
def test_overdue_begins_the_day_after_the_due_day(due: int | None, state: str, overdue: bool) -> None:
    today = timezone.localdate()
    row = EnrolmentFactory(
        due_on=None if due is None else today + due * ONE, **({} if state == "active" else {state: True})
    )
    assert queries.is_overdue(row) is overdue
    assert queries.is_overdue(row, today + 400 * ONE) is (due is not None and state == "active")


def test_a_page_of_a_course_without_an_edition_says_so(client: Client, person: User) -> None:
    """Nobody is enrolled in what is not taught; the page that asked shows the refusal."""
    course = CourseFactory()
    client.force_login(person)
    answer = client.post(f"/courses/enrol/{course.code}/", follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "not open for enrolment" in answer.content.decode()
    assert not Enrolment.objects.unscoped("test").exists()
