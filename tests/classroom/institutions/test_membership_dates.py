"""Memberships by the day: who is there when, who comes back, who works in two places."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.institutions import errors, services
from classroom.institutions.models import Institution, Membership, Post
from classroom.institutions.queries import employer_of, employments_of, members_due
from classroom.people.models import AuditEntry, User
from tests.factories.institutions import (
    InstitutionFactory,
    ManagerFactory,
    MembershipFactory,
    PostFactory,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 15)
ONE = timedelta(days=1)


def members(institution: Institution, on: date) -> list[int]:
    rows = members_due(institution_ids=[institution.pk], posts=[], on=on)
    return list(rows.order_by("pk").values_list("user_id", flat=True))


def rows_of(person: User) -> list[tuple[date, date | None]]:
    rows = Membership.objects.unscoped("test").filter(user=person).order_by("started_on")
    return list(rows.values_list("started_on", "ended_on"))


def today() -> date:
    return timezone.localdate()


@pytest.mark.parametrize(
    ("on", "is_there"),
    [(-1, False), (0, True), (5, True), (10, True), (11, False)],
)
def test_the_first_and_the_last_day_count(on: int, is_there: bool) -> None:
    row = MembershipFactory(started_on=DAY, ended_on=DAY + 10 * ONE)
    assert bool(members(row.institution, DAY + on * ONE)) is is_there
    assert (employer_of(row.user, DAY + on * ONE) == row.institution) is is_there


def test_one_day_is_a_membership() -> None:
    row = MembershipFactory(started_on=DAY, ended_on=DAY)
    assert [bool(members(row.institution, DAY + n * ONE)) for n in (-1, 0, 1)] == [False, True, False]


def test_the_database_refuses_an_end_before_the_start() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(started_on=DAY, ended_on=DAY - ONE)


def test_the_database_refuses_a_second_open_membership() -> None:
    row = MembershipFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(user=row.user, institution=row.institution)
    MembershipFactory(user=row.user)  # another employer is another matter


def test_leaving_and_coming_back_are_two_rows() -> None:
    first = MembershipFactory(started_on=date(2024, 1, 1))
    services.leave(membership=first, on=DAY, by=None)
    again = services.join(
        user=first.user, institution=first.institution, started_on=DAY + 30 * ONE, by=None, posts=["tester"]
    )
    assert rows_of(first.user) == [(date(2024, 1, 1), DAY), (DAY + 30 * ONE, None)]
    assert again.pk != first.pk
    assert [len(members(first.institution, day)) for day in (DAY, DAY + ONE, DAY + 30 * ONE)] == [1, 0, 1]


def test_coming_back_the_next_day_is_no_overlap() -> None:
    first = MembershipFactory(started_on=date(2024, 1, 1), ended_on=DAY)
    services.join(user=first.user, institution=first.institution, started_on=DAY + ONE, by=None)
    assert members(first.institution, DAY) == members(first.institution, DAY + ONE) == [first.user_id]


@pytest.mark.parametrize("start", [DAY, DAY - ONE, date(2024, 1, 1), date(2020, 1, 1)])
def test_nobody_is_twice_at_one_institution_on_one_day(start: date) -> None:
    """A person counted twice would be due twice, and an institution would have more staff than people."""
    first = MembershipFactory(started_on=date(2024, 1, 1), ended_on=DAY)
    with pytest.raises(errors.Overlaps):
        services.join(user=first.user, institution=first.institution, started_on=start, by=None)
    assert rows_of(first.user) == [(date(2024, 1, 1), DAY)]
    assert not AuditEntry.objects.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 20))), min_size=1, max_size=6)
)
def test_whatever_is_entered_nobody_is_there_twice(db: None, entered: list[tuple[int, int | None]]) -> None:
    person, institution = UserFactory(), InstitutionFactory()
    for start, length in entered:
        first_day = DAY + start * ONE
        try:
            with transaction.atomic():
                row = services.join(user=person, institution=institution, started_on=first_day, by=None)
        except errors.InstitutionError:
            continue
        if length is not None:
            services.leave(membership=row, on=first_day + length * ONE, by=None)
    for offset in range(90):
        assert len(members(institution, DAY + offset * ONE)) <= 1


def test_two_employers_at_once_are_both_real() -> None:
    """The law forbids it for testers (Art. 7), which is for the regulator to see, not for us to hide."""
    person = UserFactory()
    one = MembershipFactory(user=person, started_on=date(2024, 1, 1))
    two = MembershipFactory(user=person, started_on=date(2025, 1, 1))
    assert members(one.institution, DAY) == members(two.institution, DAY) == [person.pk]
    assert employer_of(person, DAY) == two.institution
    assert employer_of(person, date(2024, 6, 1)) == one.institution
    assert len(employments_of(person)) == 2


def test_of_two_that_began_on_one_day_the_later_entry_is_the_employer() -> None:
    person = UserFactory()
    MembershipFactory(user=person, started_on=DAY)
    second = MembershipFactory(user=person, started_on=DAY)
    assert employer_of(person, DAY) == second.institution


def test_leaving_one_employer_leaves_the_other() -> None:
    person = UserFactory()
    one, two = MembershipFactory(user=person), MembershipFactory(user=person)
    services.leave(membership=one, on=DAY, by=None)
    assert employer_of(person, DAY + ONE) == two.institution


def test_the_same_last_day_twice_is_once() -> None:
    row = MembershipFactory()
    services.leave(membership=row, on=DAY, by=None)
    services.leave(membership=row, on=DAY, by=None)
    assert AuditEntry.objects.filter(action="institutions.leave").count() == 1


@pytest.mark.parametrize("moved", [-3, 7])
def test_an_announced_last_day_moves_with_its_posts(moved: int) -> None:
    post = PostFactory(started_on=date(2024, 1, 1))
    given_up = PostFactory(membership=post.membership, kind="supervisor", ended_on=date(2025, 1, 1))
    planned = today() + 10 * ONE
    services.leave(membership=post.membership, on=planned, by=None)
    services.leave(membership=post.membership, on=planned + moved * ONE, by=None)
    for row in (post, given_up, post.membership):
        row.refresh_from_db()
    assert post.membership.ended_on == post.ended_on == planned + moved * ONE
    assert given_up.ended_on == date(2025, 1, 1)


@pytest.mark.parametrize("on", [today() - 9 * ONE, today(), today() + 9 * ONE])
def test_what_is_history_is_not_rewritten(on: date) -> None:
    """A manager could else take somebody back into years in which others answered for the person."""
    row = MembershipFactory(ended_on=today() - 2 * ONE)
    with pytest.raises(errors.AlreadyThere):
        services.leave(membership=row, on=on, by=None)
    row.refresh_from_db()
    assert row.ended_on == today() - 2 * ONE


def test_one_leaves_on_the_first_day_at_the_earliest() -> None:
    row = MembershipFactory(started_on=DAY)
    with pytest.raises(errors.EndsBeforeStart):
        services.leave(membership=row, on=DAY - ONE, by=None)
    assert services.leave(membership=row, on=DAY, by=None).ended_on == DAY


def test_a_post_that_never_began_goes_with_the_membership() -> None:
    row = MembershipFactory(started_on=date(2024, 1, 1))
    PostFactory(membership=row, kind="tester", started_on=DAY - ONE)
    PostFactory(membership=row, kind="supervisor", started_on=DAY + ONE)
    services.leave(membership=row, on=DAY, by=None)
    assert list(row.posts.values_list("kind", "ended_on")) == [("tester", DAY)]


def held(row: Membership, on: date, kind: str = "tester") -> bool:
    return members_due(institution_ids=[row.institution_id], posts=[kind], on=on).exists()


@pytest.mark.parametrize(("on", "is_held"), [(-1, False), (0, True), (9, True), (10, False)])
def test_a_post_is_held_until_the_day_before_it_is_taken(on: int, is_held: bool) -> None:
    row = MembershipFactory()
    services.set_posts(membership=row, kinds=["tester"], on=DAY, by=None)
    services.set_posts(membership=row, kinds=["supervisor"], on=DAY + 10 * ONE, by=None)
    assert held(row, DAY + on * ONE) is is_held
    assert held(row, DAY + on * ONE, "supervisor") is (on == 10)


def test_a_post_corrected_on_its_first_day_was_never_held() -> None:
    """A slip of the manager's must not make somebody due for a course on authorised signatures."""
    row = MembershipFactory()
    services.set_posts(membership=row, kinds=["authorised_signatory"], on=DAY, by=None)
    services.set_posts(membership=row, kinds=["tester"], on=DAY, by=None)
    assert not held(row, DAY, "authorised_signatory")
    assert held(row, DAY)
    assert Post.objects.filter(membership=row).count() == 1


def test_a_post_comes_back_as_a_row_of_its_own() -> None:
    row = MembershipFactory()
    for month, kinds in ((1, ["tester"]), (3, []), (6, ["tester"])):
        services.set_posts(membership=row, kinds=kinds, on=date(2026, month, 1), by=None)
    rows = row.posts.order_by("started_on").values_list("started_on", "ended_on")
    assert list(rows) == [(date(2026, 1, 1), date(2026, 2, 28)), (date(2026, 6, 1), None)]
    assert not held(row, date(2026, 4, 1))


def test_a_transfer_leaves_no_gap_and_no_double_day(operator: User) -> None:
    post = PostFactory(kind="tester", started_on=date(2024, 1, 1))
    row, to = post.membership, InstitutionFactory()
    services.transfer(membership=row, to=to, on=DAY, by=operator)
    for offset in range(-2, 3):
        day = DAY + offset * ONE
        assert members(row.institution, day) + members(to, day) == [row.user_id]
    assert not members_due(institution_ids=[to.pk], posts=["tester"], on=DAY).exists()


def test_a_transfer_that_cannot_end_does_not_begin(operator: User) -> None:
    row, to = MembershipFactory(started_on=DAY), InstitutionFactory()
    with pytest.raises(errors.EndsBeforeStart):
        services.transfer(membership=row, to=to, on=DAY, by=operator)
    occupied = MembershipFactory(user=row.user, institution=to, started_on=DAY)
    with pytest.raises(errors.AlreadyThere):
        services.transfer(membership=row, to=to, on=DAY + ONE, by=operator)
    assert rows_of(row.user) == [(DAY, None), (DAY, None)]
    assert occupied.pk != row.pk


def test_whoever_closed_the_account_is_nobodys_staff() -> None:
    row = MembershipFactory(user__is_active=False)
    assert members(row.institution, DAY) == []


@pytest.mark.parametrize("verb", ["leave", "set_posts", "give_post", "change_department"])
@pytest.mark.parametrize("who", ["colleague", "other_manager", "former_manager", "self"])
def test_only_the_institution_of_the_day_changes_its_staff(verb: str, who: str) -> None:
    row = MembershipFactory()
    by = {
        "colleague": lambda: MembershipFactory(institution=row.institution).user,
        "other_manager": lambda: ManagerFactory().user,
        "former_manager": lambda: ManagerFactory(institution=row.institution, ended_on=today() - ONE).user,
        "self": lambda: row.user,
    }[who]()
    acts: dict[str, Callable[[], Any]] = {
        "leave": lambda: services.leave(membership=row, on=DAY, by=by),
        "set_posts": lambda: services.set_posts(membership=row, kinds=["tester"], on=DAY, by=by),
        "give_post": lambda: services.give_post(membership=row, kind="tester", started_on=DAY, by=by),
        "change_department": lambda: services.change_department(membership=row, department="x", by=by),
    }
    with pytest.raises(errors.NotAllowed):
        acts[verb]()
    assert not AuditEntry.objects.exists()
    row.refresh_from_db()
    assert (row.ended_on, row.department) == (None, "")
    assert connection.is_usable()
