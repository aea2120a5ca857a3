"""Institutions over the years: named, moved, merged, closed; each step audited, none rewritten."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from classroom.institutions import errors, services
from classroom.institutions.models import CmaCertificate, Institution, SupervisingAuthority
from classroom.people.models import AuditEntry, User
from tests.factories.institutions import (
    CmaCertificateFactory,
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
    uscc,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 15)
ONE = timedelta(days=1)
Act = Callable[[Institution, User | None], Any]


def lin_gang() -> SupervisingAuthority:
    return SupervisingAuthority.objects.get(code="SH-LG")


OPERATORS_ACTS: dict[str, Act] = {
    "register": lambda place, by: services.register_institution(
        uscc=uscc(777), name="新", admin_division="310115", authority=lin_gang(), by=by
    ),
    "rename": lambda place, by: services.rename_institution(institution=place, name="新名", by=by),
    "move": lambda place, by: services.move_institution(institution=place, authority=lin_gang(), by=by),
    "merge": lambda place, by: services.merge_institution(
        institution=place, into=InstitutionFactory(), by=by
    ),
    "close": lambda place, by: services.close_institution(institution=place, by=by),
    "add_cma": lambda place, by: services.add_cma_certificate(
        institution=place, number="230920340001", issued_on=DAY, valid_until=DAY + ONE, by=by
    ),
}
STAFF_ACTS: dict[str, Act] = {
    "join": lambda place, by: services.join(user=UserFactory(), institution=place, started_on=DAY, by=by),
    "leave": lambda place, by: services.leave(membership=MembershipFactory(institution=place), on=DAY, by=by),
    "give_post": lambda place, by: services.give_post(
        membership=MembershipFactory(institution=place), kind="tester", started_on=DAY, by=by
    ),
    "set_posts": lambda place, by: services.set_posts(
        membership=PostFactory(membership__institution=place).membership, kinds=[], on=DAY, by=by
    ),
    "change_department": lambda place, by: services.change_department(
        membership=MembershipFactory(institution=place), department="微生物室", by=by
    ),
}
ACTS = OPERATORS_ACTS | STAFF_ACTS


@pytest.mark.parametrize("verb", ACTS)
def test_every_verb_names_who_and_which_institution(operator: User, verb: str) -> None:
    """The reports count again what the audit names; an institution that is left out stays stale."""
    place = InstitutionFactory()
    ACTS[verb](place, operator)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.result) == (operator, f"institutions.{verb}", "ok")
    expected = Institution.objects.unscoped("test").get(uscc=uscc(777)) if verb == "register" else place
    assert entry.detail["institutions"] == [expected.pk]


@pytest.mark.parametrize("verb", ACTS)
def test_the_platform_itself_acts_without_a_name(verb: str) -> None:
    ACTS[verb](InstitutionFactory(), None)
    assert AuditEntry.objects.get().actor is None


@pytest.mark.parametrize("group", ["Trainers", "Reviewers", None])
@pytest.mark.parametrize("verb", ACTS)
def test_nobody_else_does_any_of_it(verb: str, group: str | None) -> None:
    by = UserFactory(is_staff=True)
    if group:
        by.groups.add(Group.objects.get(name=group))
    with pytest.raises(errors.NotAllowed):
        ACTS[verb](InstitutionFactory(), by)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", OPERATORS_ACTS)
def test_a_manager_does_not_change_the_institution(verb: str) -> None:
    manager = ManagerFactory()
    with pytest.raises(errors.NotAllowed):
        ACTS[verb](manager.institution, manager.user)
    assert CmaCertificate.objects.count() == 0


@pytest.mark.parametrize("verb", STAFF_ACTS)
def test_a_manager_keeps_the_own_staff(verb: str) -> None:
    manager = ManagerFactory()
    ACTS[verb](manager.institution, manager.user)
    assert AuditEntry.objects.get().actor == manager.user


def test_a_transfer_is_told_to_both_institutions(operator: User) -> None:
    row, to = MembershipFactory(), InstitutionFactory()
    services.transfer(membership=row, to=to, on=DAY, by=operator)
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.action, entry.detail["institutions"]) for entry in entries] == [
        ("institutions.leave", [row.institution_id]),
        ("institutions.join", [to.pk]),
    ]


def test_a_move_remembers_from_where(operator: User) -> None:
    place = InstitutionFactory()
    before = place.supervising_authority_id
    services.move_institution(institution=place, authority=lin_gang(), by=operator)
    detail = AuditEntry.objects.get().detail
    assert (detail["before"], detail["after"]) == (before, lin_gang().pk)


def test_a_new_name_remembers_the_old_one(operator: User) -> None:
    place = InstitutionFactory(name="旧名（演示）")
    services.rename_institution(institution=place, name=" 新名 ", by=operator)
    place.refresh_from_db()
    assert place.name == "新名"
    assert AuditEntry.objects.get().detail["before"] == "旧名（演示）"


def test_two_do_not_go_up_in_each_other(operator: User) -> None:
    one, two = InstitutionFactory(), InstitutionFactory()
    services.merge_institution(institution=one, into=two, by=operator)
    with pytest.raises(errors.Ended):
        services.merge_institution(institution=two, into=one, by=operator)
    two.refresh_from_db()
    assert (two.state, two.merged_into) == ("active", None)


@pytest.mark.parametrize("how", ["merged", "closed"])
def test_what_ended_does_not_end_again(operator: User, how: str) -> None:
    place, other = InstitutionFactory(), InstitutionFactory()
    if how == "merged":
        services.merge_institution(institution=place, into=other, by=operator)
    else:
        services.close_institution(institution=place, by=operator)
    for act in (
        lambda: services.close_institution(institution=place, by=operator),
        lambda: services.merge_institution(institution=place, into=other, by=operator),
    ):
        with pytest.raises(errors.AlreadyThere):
            act()
    place.refresh_from_db()
    assert place.state == how
    assert AuditEntry.objects.count() == 1


def test_a_merger_moves_nobody(operator: User) -> None:
    """Records stay under the name of their day; who goes on elsewhere is transferred person by person."""
    row, into = MembershipFactory(), InstitutionFactory()
    services.merge_institution(institution=row.institution, into=into, by=operator)
    row.refresh_from_db()
    assert row.institution != into
    assert row.ended_on is None


def test_the_database_asks_for_the_successor_of_a_merged_one() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        InstitutionFactory(state="merged", merged_into=None)


@pytest.mark.parametrize(
    "number", ["", "23092034000", "2309203400011", "２３０９２０３４０００１", "abc", "x" * 99]
)
def test_a_certificate_number_has_twelve_digits(operator: User, number: str) -> None:
    with pytest.raises(errors.BadCertificateNumber):
        services.add_cma_certificate(
            institution=InstitutionFactory(),
            number=number,
            issued_on=DAY,
            valid_until=DAY + ONE,
            by=operator,
        )
    assert not AuditEntry.objects.exists()


def test_an_odd_certificate_number_is_taken_since_sources_differ(operator: User) -> None:
    place = InstitutionFactory()
    for number in ("999920340001", "239920340001"):
        services.add_cma_certificate(
            institution=place, number=number, issued_on=DAY, valid_until=DAY + ONE, by=operator
        )
    assert place.cma_certificates.count() == 2


def test_a_number_belongs_to_one_institution(operator: User) -> None:
    held = CmaCertificateFactory()
    with transaction.atomic(), pytest.raises(errors.AlreadyThere):
        services.add_cma_certificate(
            institution=InstitutionFactory(),
            number=held.number,
            issued_on=DAY,
            valid_until=DAY + ONE,
            by=operator,
        )
    assert CmaCertificate.objects.count() == 1


def test_the_database_ends_a_certificate_after_its_issue() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CmaCertificateFactory(issued_on=DAY, valid_until=DAY)
