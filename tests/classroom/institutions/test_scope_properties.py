"""Scopes by property: in no combination of roles does anybody see a row outside the own scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution, Membership, SupervisingAuthority
from classroom.institutions.permissions import is_manager, is_regulator
from classroom.institutions.queries import (
    _outermost,
    authorities_in,
    managed_institutions,
    scope_of,
    supervised_authorities,
)
from classroom.institutions.scopes import Scope
from classroom.people.models import User
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    RegulatorGrantFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
WHY = "the test compares with everything"
CODES = ["SH-310101", "SH-310115", "SH-LG"]
TODAY = timezone.localdate()
ONE = timedelta(days=1)
# From, until (in days from today), and whether that holds today.
TERMS: list[tuple[int, int | None, bool]] = [
    (-300, None, True),
    (-300, 0, True),
    (0, None, True),
    (-300, -1, False),
    (1, None, False),
]


@dataclass
class World:
    """Two institutions under each of three offices, each with two people on a course."""

    institutions: list[Institution] = field(default_factory=list)
    offices: dict[str, SupervisingAuthority] = field(default_factory=dict)

    @classmethod
    def made(cls) -> "World":
        world = cls(offices={row.code: row for row in SupervisingAuthority.objects.all()})
        edition = EditionFactory()
        for code in CODES:
            for _ in range(2):
                place = InstitutionFactory(supervising_authority=world.offices[code])
                world.institutions.append(place)
                for _ in range(2):
                    member = MembershipFactory(institution=place)
                    EnrolmentFactory(user=member.user, institution=place, edition=edition)
        return world


@pytest.fixture
def world() -> World:
    return World.made()


@dataclass(frozen=True)
class Roles:
    """What one person is, each with the number of its term."""

    manages: tuple[tuple[int, int], ...] = ()
    works: tuple[int, ...] = ()
    supervises: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()


ROLES = st.builds(
    Roles,
    manages=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=3, unique_by=lambda pair: pair[0]
    ).map(tuple),
    works=st.lists(st.integers(0, 5), max_size=2, unique=True).map(tuple),
    supervises=st.lists(
        st.tuples(st.sampled_from(["SH", *CODES]), st.integers(0, 4)),
        max_size=3,
        unique_by=lambda pair: pair[0],
    ).map(tuple),
    groups=st.lists(st.sampled_from(["Trainers", "Reviewers", "Operators"]), max_size=3, unique=True).map(
        tuple
    ),
)


def dated(term: int) -> dict[str, date | None]:
    start, end, _ = TERMS[term]
    return {"started_on": TODAY + start * ONE, "ended_on": None if end is None else TODAY + end * ONE}


def cast(world: World, roles: Roles) -> User:
    person = UserFactory()
    for number, term in roles.manages:
        ManagerFactory(user=person, institution=world.institutions[number], **dated(term))
    for number in roles.works:
        if number not in dict(roles.manages):
            MembershipFactory(user=person, institution=world.institutions[number])
    for code, term in roles.supervises:
        RegulatorGrantFactory(user=person, authority=world.offices[code], **dated(term))
    person.groups.set(Group.objects.filter(name__in=roles.groups))
    return User.objects.get(pk=person.pk)


def expected(world: World, roles: Roles) -> set[int]:
    """Say, by hand and without a query, which institutions these roles reach today."""
    reached = {world.institutions[number].pk for number, term in roles.manages if TERMS[term][2]}
    for code, term in roles.supervises:
        if TERMS[term][2]:
            reached |= {
                row.pk for row in world.institutions if code in {"SH", row.supervising_authority.code}
            }
    return reached


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(roles=ROLES)
def test_no_combination_of_roles_shows_a_row_outside(world: World, roles: Roles) -> None:
    person = cast(world, roles)
    scope, allowed = scope_of(person), expected(world, roles)
    assert set(Institution.objects.visible_to(scope).values_list("pk", flat=True)) == allowed
    for model, at in ((Membership, "institution_id"), (Enrolment, "institution_id")):
        seen = set(model.objects.visible_to(scope).values_list("pk", flat=True))
        everything = model.objects.unscoped(WHY).values_list("pk", "user_id", at)
        assert seen == {pk for pk, user, place in everything if user == person.pk or place in allowed}
    assert is_manager(person) is any(TERMS[term][2] for _, term in roles.manages)
    assert is_regulator(person) is any(TERMS[term][2] for _, term in roles.supervises)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(roles=ROLES)
def test_no_row_is_seen_twice(world: World, roles: Roles) -> None:
    """Scopes join other tables; a row that comes twice would be counted twice in every report."""
    scope = scope_of(cast(world, roles))
    for model in (Institution, Membership, Enrolment):
        pks = list(model.objects.visible_to(scope).values_list("pk", flat=True))
        assert len(pks) == len(set(pks))


PATHS = st.lists(st.sampled_from(["/SH/", "/SH/SH-LG/", "/SH/SH-310115/", "/SH/SH-310115/X/", "/ZJ/"]))


@given(PATHS)
def test_the_outermost_paths_cover_all_and_each_other_never(paths: list[str]) -> None:
    kept = _outermost(paths)
    assert set(kept) <= set(paths)
    assert all(any(path.startswith(outer) for outer in kept) for path in paths)
    assert not any(one != two and two.startswith(one) for one in kept for two in kept)
    assert _outermost(reversed(paths)) == kept


@pytest.mark.parametrize("person_id", [None, 1])
def test_an_empty_scope_is_oneself_at_most(world: World, person_id: int | None) -> None:
    scope = Scope(person_id=person_id)
    assert not Institution.objects.visible_to(scope).exists()
    users = set(Membership.objects.visible_to(scope).values_list("user_id", flat=True))
    assert users <= {person_id}


def test_what_belongs_to_no_institution_is_seen_by_its_person_only(world: World) -> None:
    private = EnrolmentFactory(institution=None)
    for roles in (Roles(supervises=(("SH", 0),)), Roles(manages=((0, 0),))):
        assert private not in Enrolment.objects.visible_to(scope_of(cast(world, roles)))
    assert list(Enrolment.objects.visible_to(scope_of(private.user))) == [private]


def test_a_row_stays_with_the_institution_of_its_day(world: World) -> None:
    """Who changed employers took nothing along: the former manager keeps, the new one does not get."""
    old, new = world.institutions[0], world.institutions[2]
    row = Enrolment.objects.unscoped(WHY).filter(institution=old).order_by("pk").first()
    assert row is not None
    Membership.objects.unscoped(WHY).filter(user=row.user).update(ended_on=TODAY - ONE)
    MembershipFactory(user=row.user, institution=new, started_on=TODAY)
    managers = [ManagerFactory(institution=place).user for place in (old, new)]
    assert [row in Enrolment.objects.visible_to(scope_of(one)) for one in managers] == [True, False]


def test_moving_an_institution_moves_who_sees_it(world: World, operator: User) -> None:
    from classroom.institutions.services import move_institution

    place, to = world.institutions[0], world.offices["SH-LG"]
    before = RegulatorGrantFactory(authority=world.offices["SH-310101"]).user
    after = RegulatorGrantFactory(authority=to).user
    move_institution(institution=place, authority=to, by=operator)
    assert place not in Institution.objects.visible_to(scope_of(before))
    assert place in Institution.objects.visible_to(scope_of(after))


def everything_of(user: User) -> Iterable[Any]:
    return Institution.objects.visible_to(scope_of(user)).order_by("pk")


def test_a_merged_or_closed_institution_is_still_read(world: World) -> None:
    """Records outlive institutions; only nobody is due there any more."""
    Institution.objects.unscoped(WHY).filter(pk=world.institutions[0].pk).update(state="closed")
    user = ManagerFactory(institution=world.institutions[0]).user
    assert list(everything_of(user)) == [world.institutions[0]]
    assert managed_institutions(user).get() == world.institutions[0]


@pytest.mark.parametrize("count", [1, 3])
def test_reading_in_scope_asks_as_much_for_three_as_for_one(
    world: World, count: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    roles = Roles(
        manages=tuple((number, 0) for number in range(count)),
        supervises=tuple((code, 0) for code in CODES[:count]),
    )
    person = cast(world, roles)
    with django_assert_num_queries(4):
        list(everything_of(person))
        list(supervised_authorities(person))


def test_authorities_reach_down_and_never_up(world: World) -> None:
    district = Scope(person_id=None, authority_paths=("/SH/SH-LG/",))
    assert [row.code for row in authorities_in(district)] == ["SH-LG"]
    assert authorities_in(Scope(person_id=None, authority_paths=("/SH/",))).count() == 18
    assert authorities_in(Scope(person_id=None, everything=True)).count() == 18
    assert not authorities_in(Scope(person_id=1, institution_ids=(1,))).exists()
