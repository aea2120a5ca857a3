"""Writes of institutions: who may, what is refused, what history keeps."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group

from classroom.institutions import errors, services
from classroom.institutions.models import Institution, Membership, Post, SupervisingAuthority
from classroom.institutions.queries import employer_of, scope_of
from classroom.people.models import AuditEntry, User
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
    uscc,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 15)


@pytest.fixture
def operator() -> User:
    person = UserFactory()
    person.groups.add(Group.objects.get(name="Operators"))
    return person


@pytest.fixture
def city() -> SupervisingAuthority:
    return SupervisingAuthority.objects.get(code="SH")


def test_an_institution_is_registered_by_operators(operator: User, city: SupervisingAuthority) -> None:
    values = {"name": "甲", "admin_division": "310115", "authority": city}
    made = services.register_institution(uscc=f" {uscc(9).lower()}", by=operator, **values)
    assert made.uscc == uscc(9)
    entry = AuditEntry.objects.get(action="institutions.register")
    assert entry.detail["institutions"] == [made.pk]
    with pytest.raises(errors.AlreadyThere):
        services.register_institution(uscc=uscc(9), by=None, **values)
    with pytest.raises(errors.BadCreditCode):
        services.register_institution(uscc="91310115MA1G4L1WXK", by=operator, **values)
    with pytest.raises(errors.NotAllowed):
        services.register_institution(uscc=uscc(10), by=ManagerFactory().user, **values)
    assert Institution.objects.unscoped("count them").count() == 2


def test_renaming_moving_merging_closing_leave_a_trace(operator: User, city: SupervisingAuthority) -> None:
    one, two = InstitutionFactory(), InstitutionFactory()
    assert services.rename_institution(institution=one, name="新名", by=operator).name == "新名"
    assert (
        services.move_institution(institution=one, authority=city, by=operator).supervising_authority == city
    )
    merged = services.merge_institution(institution=one, into=two, by=operator)
    assert (merged.state, merged.merged_into) == ("merged", two)
    with pytest.raises(errors.AlreadyThere):
        services.merge_institution(institution=two, into=two, by=operator)
    assert services.close_institution(institution=two, by=operator).state == "closed"
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == [f"institutions.{verb}" for verb in ("rename", "move", "merge", "close")]


def test_cma_certificates_end_after_issue(operator: User) -> None:
    values = {"institution": InstitutionFactory(), "number": "230920340001", "by": operator}
    with pytest.raises(errors.EndsBeforeStart):
        services.add_cma_certificate(issued_on=DAY, valid_until=DAY, **values)
    services.add_cma_certificate(issued_on=DAY, valid_until=DAY + timedelta(days=1), **values)
    with pytest.raises(errors.AlreadyThere):
        services.add_cma_certificate(issued_on=DAY, valid_until=DAY + timedelta(days=1), **values)


def test_a_manager_takes_staff_in_but_no_manager(operator: User) -> None:
    manager = ManagerFactory()
    person = UserFactory()
    values = {"user": person, "institution": manager.institution, "started_on": DAY}
    with pytest.raises(errors.NotAllowed):
        services.join(by=manager.user, role="manager", **values)
    with pytest.raises(errors.NotAllowed):
        services.join(by=ManagerFactory().user, **values)
    made = services.join(by=manager.user, posts=["tester", "tester"], **values)
    assert list(made.posts.values_list("kind", flat=True)) == ["tester"]
    with pytest.raises(errors.AlreadyThere):
        services.join(by=operator, **values)


def test_leaving_ends_posts_on_the_last_day() -> None:
    post = PostFactory(started_on=date(2024, 1, 1))
    later = PostFactory(membership=post.membership, kind="supervisor", started_on=DAY + timedelta(days=9))
    services.leave(membership=post.membership, on=DAY, by=None)
    post.refresh_from_db()
    assert post.ended_on == DAY
    assert not Post.objects.filter(pk=later.pk).exists()
    with pytest.raises(errors.EndsBeforeStart):
        services.leave(membership=post.membership, on=date(2020, 1, 1), by=None)


def test_a_transfer_keeps_history(operator: User) -> None:
    post = PostFactory()
    member, to = post.membership, InstitutionFactory()
    with pytest.raises(errors.NotAllowed):
        services.transfer(membership=member, to=to, on=DAY, by=ManagerFactory(institution=to).user)
    services.transfer(membership=member, to=to, on=DAY, by=operator)
    assert employer_of(member.user, DAY) == to
    assert employer_of(member.user, DAY - timedelta(days=1)) == member.institution
    assert Membership.objects.unscoped("count them").filter(user=member.user).count() == 2


def test_posts_are_set_with_dates() -> None:
    post = PostFactory(kind="tester", started_on=date(2024, 1, 1))
    member = post.membership
    assert services.set_posts(membership=member, kinds=["internal_auditor"], on=DAY, by=None)
    assert not services.set_posts(membership=member, kinds=["internal_auditor"], on=DAY, by=None)
    rows = {row.kind: (row.started_on, row.ended_on) for row in member.posts.all()}
    assert rows == {
        "tester": (date(2024, 1, 1), DAY - timedelta(days=1)),
        "internal_auditor": (DAY, None),
    }
    with pytest.raises(errors.NotAllowed):
        services.set_posts(membership=member, kinds=[], on=DAY, by=member.user)


def test_a_post_is_given_once() -> None:
    member = MembershipFactory()
    services.give_post(membership=member, kind="tester", started_on=DAY, by=None, field="食品")
    with pytest.raises(errors.AlreadyThere):
        services.give_post(membership=member, kind="tester", started_on=DAY, by=None)


def test_a_department_changes_once() -> None:
    member = MembershipFactory(department="理化室")
    assert not services.change_department(membership=member, department="理化室", by=None)
    assert services.change_department(membership=member, department="微生物室", by=None)


def test_nobody_grants_oneself_a_scope(operator: User, city: SupervisingAuthority) -> None:
    values = {"authority": city, "started_on": DAY}
    with pytest.raises(errors.NotAllowed):
        services.grant_regulator(user=operator, by=operator, **values)
    person = UserFactory()
    assert scope_of(person).authority_paths == ()
    with pytest.raises(errors.NotAllowed):
        services.grant_regulator(user=person, by=person, **values)
    grant = services.grant_regulator(user=person, authority=city, started_on=date(2026, 1, 1), by=operator)
    assert scope_of(person).authority_paths == ("/SH/",)
    with pytest.raises(errors.AlreadyThere):
        services.grant_regulator(user=person, by=operator, **values)
    with pytest.raises(errors.EndsBeforeStart):
        services.end_grant(grant=grant, on=date(2025, 1, 1), by=operator)
    services.end_grant(grant=grant, on=date(2026, 1, 2), by=operator)
    assert scope_of(User.objects.get(pk=person.pk)).authority_paths == ()
