"""Whose data a person may read: by role, by day, by depth; canaries everywhere else."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.utils import timezone

from classroom.institutions.models import Institution, Membership, SupervisingAuthority
from classroom.institutions.permissions import is_manager, is_regulator, manages
from classroom.institutions.queries import (
    employer_of,
    employments_of,
    managed_institutions,
    members_due,
    scope_of,
    supervised_authorities,
)
from classroom.institutions.scopes import Scope, UnscopedRead
from tests.factories.institutions import (
    AuthorityFactory,
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test looks at everything"
TODAY = date(2026, 6, 15)


def authority(code: str) -> SupervisingAuthority:
    return SupervisingAuthority.objects.get(code=code)


@pytest.fixture
def everywhere() -> dict[str, Institution]:
    """One institution under every authority."""
    rows = SupervisingAuthority.objects.exclude(code="SH")
    return {row.code: InstitutionFactory(supervising_authority=row) for row in rows}


def seen(scope: Scope) -> set[str]:
    rows = Institution.objects.visible_to(scope)
    return set(rows.values_list("supervising_authority__code", flat=True))


def test_the_authorities_of_shanghai_are_there() -> None:
    rows = SupervisingAuthority.objects.all()
    assert rows.count() == 18
    assert rows.filter(path__startswith="/SH/").count() == 18
    assert authority("SH-LG").admin_division == ""


def test_a_query_that_names_no_scope_fails() -> None:
    for call in (Institution.objects.all, Membership.objects.count, Institution.objects.filter):
        with pytest.raises(UnscopedRead):
            call()
    with pytest.raises(UnscopedRead):
        Institution.objects.unscoped(" ")


def test_nobody_sees_nothing(everywhere: dict[str, Institution]) -> None:
    assert seen(scope_of(AnonymousUser())) == set()
    assert seen(scope_of(UserFactory())) == set()
    assert seen(scope_of(UserFactory(is_active=False, is_superuser=True))) == set()


@pytest.mark.parametrize("group", ["Trainers", "Reviewers", "Operators"])
def test_staff_of_the_platform_see_no_institution(everywhere: dict[str, Institution], group: str) -> None:
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    assert seen(scope_of(person)) == set()


@pytest.mark.parametrize("code", ["SH-310115", "SH-LG", "SH-310101"])
def test_a_district_sees_itself_only(everywhere: dict[str, Institution], code: str) -> None:
    grant = RegulatorGrantFactory(authority=authority(code))
    assert seen(scope_of(grant.user)) == {code}
    assert list(supervised_authorities(grant.user)) == [authority(code)]
    assert is_regulator(grant.user)


def test_the_city_sees_all_by_one_prefix(everywhere: dict[str, Institution]) -> None:
    grant = RegulatorGrantFactory(authority=authority("SH"))
    RegulatorGrantFactory(user=grant.user, authority=authority("SH-LG"))
    assert scope_of(grant.user).authority_paths == ("/SH/",)
    assert seen(scope_of(grant.user)) == set(everywhere)
    assert supervised_authorities(grant.user).count() == 18


def test_a_prefix_of_a_code_is_not_a_parent() -> None:
    longer = AuthorityFactory(code="SH-3101150", path="/SH/SH-3101150/")
    InstitutionFactory(supervising_authority=longer)
    assert seen(Scope(person_id=None, authority_paths=("/SH/SH-310115/",))) == set()


def test_a_manager_sees_the_own_institution(everywhere: dict[str, Institution]) -> None:
    manager = ManagerFactory(institution=everywhere["SH-310104"])
    assert seen(scope_of(manager.user)) == {"SH-310104"}
    assert is_manager(manager.user)
    assert manages(manager.user, everywhere["SH-310104"])
    assert not manages(manager.user, everywhere["SH-310105"])
    assert list(managed_institutions(manager.user)) == [everywhere["SH-310104"]]


def test_ordinary_staff_see_only_themselves() -> None:
    member = MembershipFactory()
    other = MembershipFactory(institution=member.institution)
    rows = Membership.objects.visible_to(scope_of(member.user))
    assert list(rows) == [member]
    assert other not in rows
    assert not is_manager(member.user)


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [(-10, None, True), (-10, 0, True), (0, None, True), (1, None, False), (-10, -1, False)],
)
def test_roles_hold_by_the_day(start: int, end: int | None, holds: bool) -> None:
    today = timezone.localdate()
    ended = None if end is None else today + timedelta(days=end)
    manager = ManagerFactory(started_on=today + timedelta(days=start), ended_on=ended)
    grant = RegulatorGrantFactory(started_on=today + timedelta(days=start), ended_on=ended)
    assert is_manager(manager.user) is holds
    assert is_regulator(grant.user) is holds


def test_a_superuser_sees_everything(everywhere: dict[str, Institution]) -> None:
    assert seen(scope_of(UserFactory(is_superuser=True))) == set(everywhere)


def test_a_scope_is_read_once_a_request(django_assert_num_queries: object) -> None:
    person = ManagerFactory().user
    with django_assert_num_queries(2):
        scope_of(person)
        is_manager(person)
        is_regulator(person)


def test_the_employer_is_the_newest_of_the_day() -> None:
    person = UserFactory()
    old = MembershipFactory(user=person, started_on=date(2024, 1, 1), ended_on=date(2026, 3, 31))
    new = MembershipFactory(user=person, started_on=date(2026, 4, 1))
    assert employer_of(person, date(2026, 3, 31)) == old.institution
    assert employer_of(person, date(2026, 4, 1)) == new.institution
    assert employer_of(person, date(2020, 1, 1)) is None
    assert [row["institution"] for row in employments_of(person)] == [
        new.institution.name,
        old.institution.name,
    ]


def test_whoever_holds_a_post_that_day_is_due() -> None:
    tester = PostFactory(kind="tester")
    institution = tester.membership.institution
    auditor = PostFactory(kind="internal_auditor", membership__institution=institution)
    former = PostFactory(kind="tester", membership__institution=institution, ended_on=date(2025, 1, 1))
    gone = PostFactory(
        kind="tester", membership__institution=institution, membership__ended_on=date(2026, 1, 1)
    )
    closed = PostFactory(
        kind="tester", membership__institution=institution, membership__user__is_active=False
    )
    PostFactory(kind="tester")

    def due(*posts: str) -> set[int]:
        rows = members_due(institution_ids=[institution.pk], posts=list(posts), on=TODAY)
        return set(rows.values_list("pk", flat=True))

    assert due("tester") == {tester.membership_id}
    assert due("tester", "internal_auditor") == {tester.membership_id, auditor.membership_id}
    assert due() == {tester.membership_id, auditor.membership_id, former.membership_id}
    assert gone.membership_id not in due()
    assert closed.membership_id not in due()


@pytest.mark.parametrize("count", [1, 3])
def test_employments_ask_two_queries(count: int, django_assert_num_queries: object) -> None:
    person = UserFactory()
    for _ in range(count):
        PostFactory(membership__user=person)
    with django_assert_num_queries(2):
        employments_of(person)
