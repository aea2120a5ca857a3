"""Managers and regulators: who appoints them, from when until when, and nobody oneself."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from classroom.institutions import errors, services
from classroom.institutions.models import RegulatorGrant, SupervisingAuthority
from classroom.institutions.permissions import is_manager, is_regulator, manages
from classroom.institutions.queries import forget_scope, managed_institutions, scope_of
from classroom.people.models import AuditEntry, User
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
ONE = timedelta(days=1)
START = date(2026, 1, 1)


def appoint(person: User, by: User | None, **values: Any) -> Any:
    values = {"institution": InstitutionFactory(), "started_on": START, "role": "manager"} | values
    return services.join(user=person, by=by, **values)


def test_an_operator_appoints_a_manager(operator: User) -> None:
    person = UserFactory()
    made = appoint(person, operator)
    assert is_manager(person)
    assert manages(person, made.institution)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (operator, "institutions.join", f"user:{person.pk}")
    assert entry.detail == {"institutions": [made.institution_id], "role": "manager", "posts": []}


@pytest.mark.parametrize("is_superuser", [False, True])
def test_nobody_appoints_oneself(operator: User, is_superuser: bool) -> None:
    """Whoever keeps the accounts would else read the records of any institution."""
    operator.is_superuser = is_superuser
    with pytest.raises(errors.NotAllowed):
        appoint(operator, operator)
    assert not managed_institutions(operator).exists()
    assert not AuditEntry.objects.exists()


def test_an_operator_who_is_staff_somewhere_may_be_entered_as_such(operator: User) -> None:
    made = appoint(operator, operator, role="staff")
    assert not manages(operator, made.institution)


def test_an_operator_does_not_carry_a_managership_along_to_another_place(operator: User) -> None:
    own = ManagerFactory(user=operator, started_on=START)
    with pytest.raises(errors.NotAllowed):
        services.transfer(membership=own, to=InstitutionFactory(), on=TODAY, by=operator)
    own.refresh_from_db()
    assert own.ended_on is None


@pytest.mark.parametrize("who", ["manager", "regulator", "Trainers", "Reviewers", "nobody"])
def test_nobody_else_appoints_a_manager(who: str) -> None:
    institution = InstitutionFactory()
    if who == "manager":
        by = ManagerFactory(institution=institution).user
    elif who == "regulator":
        by = RegulatorGrantFactory(authority=institution.supervising_authority).user
    else:
        by = UserFactory()
        if who != "nobody":
            by.groups.add(Group.objects.get(name=who))
    with pytest.raises(errors.NotAllowed):
        appoint(UserFactory(), by, institution=institution)


def test_a_manager_does_not_dismiss_another(operator: User) -> None:
    one = ManagerFactory(started_on=START)
    two = ManagerFactory(institution=one.institution, started_on=START)
    with pytest.raises(errors.NotAllowed):
        services.leave(membership=two, on=TODAY, by=one.user)
    with pytest.raises(errors.NotAllowed):
        services.leave(membership=one, on=TODAY, by=one.user)
    services.leave(membership=two, on=TODAY - ONE, by=operator)
    assert not is_manager(User.objects.get(pk=two.user_id))


@pytest.mark.parametrize(("ends", "is_one"), [(-1, False), (0, True), (1, True)])
def test_a_dismissed_manager_reads_until_the_last_day(operator: User, ends: int, is_one: bool) -> None:
    row = ManagerFactory(started_on=START)
    services.leave(membership=row, on=TODAY + ends * ONE, by=operator)
    person = User.objects.get(pk=row.user_id)
    assert is_manager(person) is is_one
    assert managed_institutions(person).exists() is is_one


def test_a_manager_may_have_several_institutions(operator: User) -> None:
    person = UserFactory()
    rows = [appoint(person, operator) for _ in range(3)]
    services.leave(membership=rows[0], on=TODAY - ONE, by=operator)
    forget_scope(person)
    assert scope_of(person).institution_ids == tuple(sorted(row.institution_id for row in rows[1:]))


def test_staff_are_not_managers_of_where_they_work() -> None:
    row = MembershipFactory(role="staff")
    ManagerFactory(user=row.user)
    assert not manages(row.user, row.institution)


def grant(person: User, by: User | None, code: str = "SH-310115", start: date = START) -> RegulatorGrant:
    authority = SupervisingAuthority.objects.get(code=code)
    return services.grant_regulator(user=person, authority=authority, started_on=start, by=by)


def test_a_grant_is_audited_with_its_authority(operator: User) -> None:
    person = UserFactory()
    made = grant(person, operator)
    services.end_grant(grant=made, on=TODAY, by=operator)
    first, last = AuditEntry.objects.order_by("pk")
    assert (first.action, first.actor, first.target) == (
        "institutions.grant", operator, f"user:{person.pk}",
    )  # fmt: skip
    assert first.detail == {"authority": "SH-310115"}
    assert (last.action, last.actor, last.target) == (
        "institutions.end_grant", operator, f"user:{person.pk}",
    )  # fmt: skip


@pytest.mark.parametrize("who", ["manager", "city", "Trainers", "Reviewers"])
def test_only_operators_grant(who: str, city: SupervisingAuthority) -> None:
    if who == "manager":
        by = ManagerFactory().user
    elif who == "city":
        by = RegulatorGrantFactory(authority=city).user
    else:
        by = UserFactory()
        by.groups.add(Group.objects.get(name=who))
    theirs = RegulatorGrantFactory()
    with pytest.raises(errors.NotAllowed):
        grant(UserFactory(), by)
    with pytest.raises(errors.NotAllowed):
        services.end_grant(grant=theirs, on=TODAY, by=by)
    theirs.refresh_from_db()
    assert theirs.ended_on is None
    assert not AuditEntry.objects.exists()


def test_a_grant_is_held_once_and_can_come_back(operator: User) -> None:
    person = UserFactory()
    first = grant(person, operator)
    with pytest.raises(errors.AlreadyThere):
        grant(person, operator)
    services.end_grant(grant=first, on=TODAY - ONE, by=operator)
    assert not is_regulator(User.objects.get(pk=person.pk))
    grant(person, operator, start=TODAY)
    assert is_regulator(User.objects.get(pk=person.pk))
    assert RegulatorGrant.objects.filter(user=person).count() == 2


def test_a_refused_second_grant_leaves_the_transaction_usable(operator: User) -> None:
    person = UserFactory()
    with transaction.atomic():
        grant(person, operator)
        with pytest.raises(errors.AlreadyThere):
            grant(person, operator)
        grant(person, operator, code="SH-LG")
    assert RegulatorGrant.objects.filter(user=person).count() == 2


def test_the_database_holds_one_open_grant_an_authority() -> None:
    row = RegulatorGrantFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        RegulatorGrantFactory(user=row.user, authority=row.authority)


def test_a_grant_does_not_end_before_it_began(operator: User) -> None:
    row = RegulatorGrantFactory(started_on=START)
    with pytest.raises(errors.EndsBeforeStart):
        services.end_grant(grant=row, on=START - ONE, by=operator)
    assert services.end_grant(grant=row, on=START, by=operator).ended_on == START


def test_a_grant_of_the_future_opens_nothing_today(operator: User) -> None:
    person = UserFactory()
    grant(person, operator, start=TODAY + ONE)
    assert not is_regulator(person)
    assert scope_of(person).authority_paths == ()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_refusal_says_what_to_do_in_both_languages(language: str) -> None:
    from django.utils import translation

    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.InstitutionError)
    ]
    with translation.override(language):
        words = {str(kind()) for kind in kinds if kind is not errors.UnreadableFile}
    assert len(words) == len(kinds) - 1
    assert all(any("一" <= char <= "鿿" for char in text) == (language == "zh-hans") for text in words)
