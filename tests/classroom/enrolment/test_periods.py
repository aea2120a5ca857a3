"""Coming, leaving and coming back: periods that never touch what was learned in the one before."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.enrolment import errors, queries, services
from classroom.enrolment.models import Enrolment
from classroom.institutions import services as institutions
from classroom.people.models import AuditEntry, User
from courses.catalogue.models import Edition
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 1)
ONE = timedelta(days=1)


def rows_of(person: User) -> list[Enrolment]:
    return list(Enrolment.objects.unscoped("test").filter(user=person).order_by("pk"))


def states(person: User) -> list[tuple[int, str]]:
    return [(row.period, row.state) for row in rows_of(person)]


def test_each_return_is_the_next_period(person: User, edition: Edition) -> None:
    for _ in range(3):
        services.withdraw(enrolment=services.enrol(user=person, edition=edition), by=person)
    services.enrol(user=person, edition=edition)
    assert states(person) == [(1, "withdrawn"), (2, "withdrawn"), (3, "withdrawn"), (4, "active")]


def test_what_was_learned_stays_with_the_former_period(person: User, edition: Edition) -> None:
    first = services.enrol(user=person, edition=edition)
    progress = LessonProgressFactory(enrolment=first, lesson__edition=edition, covered=(0, 60_000))
    services.withdraw(enrolment=first, by=person)
    again = services.enrol(user=person, edition=edition)
    progress.refresh_from_db()
    assert (progress.enrolment, progress.covered_ms) == (first, 60_000)
    assert type(progress).objects.filter(enrolment=again).count() == 0


def test_a_return_forgets_the_due_day_of_before(person: User, edition: Edition) -> None:
    first = services.enrol(user=person, edition=edition, due_on=DAY)
    services.withdraw(enrolment=first, by=person)
    assert services.enrol(user=person, edition=edition).due_on is None
    first.refresh_from_db()
    assert first.due_on == DAY


def test_a_return_begins_at_the_employer_of_its_own_day(person: User, edition: Edition) -> None:
    today = timezone.localdate()
    old = MembershipFactory(user=person, started_on=today - 90 * ONE)
    first = services.enrol(user=person, edition=edition)
    services.withdraw(enrolment=first, by=person)
    institutions.leave(membership=old, on=today - ONE, by=None)
    new = MembershipFactory(user=person, started_on=today)
    again = services.enrol(user=person, edition=edition)
    first.refresh_from_db()
    assert (first.institution, again.institution) == (old.institution, new.institution)


def test_changing_employers_changes_no_enrolment(person: User, edition: Edition) -> None:
    today = timezone.localdate()
    old = MembershipFactory(user=person, started_on=today - 90 * ONE)
    row = services.enrol(user=person, edition=edition)
    institutions.transfer(membership=old, to=InstitutionFactory(), on=today, by=None)
    assert services.enrol(user=person, edition=edition, due_on=DAY) == row
    row.refresh_from_db()
    assert row.institution == old.institution
    assert row.due_on == DAY


def test_of_two_employers_the_newest_is_kept_unless_one_is_named(person: User) -> None:
    one = MembershipFactory(user=person, started_on=date(2024, 1, 1))
    two = MembershipFactory(user=person, started_on=date(2025, 1, 1))
    assert services.enrol(user=person, edition=EditionFactory()).institution == two.institution
    named = services.enrol(user=person, edition=EditionFactory(), institution=one.institution)
    assert named.institution == one.institution


def test_whoever_begins_tomorrow_has_no_employer_today(person: User, edition: Edition) -> None:
    MembershipFactory(user=person, started_on=timezone.localdate() + ONE)
    assert services.enrol(user=person, edition=edition).institution is None


def test_the_origin_of_before_is_kept(person: User, edition: Edition) -> None:
    """Who chose a course oneself may leave it, even where a plan asks for it later."""
    row = services.enrol(user=person, edition=edition)
    services.enrol(user=person, edition=edition, origin=Enrolment.Origin.PLAN, due_on=DAY)
    row.refresh_from_db()
    assert (row.origin, row.due_on) == ("self", DAY)


@pytest.mark.parametrize("state", ["completed", "withdrawn"])
def test_only_an_open_enrolment_gets_a_due_day(state: str, edition: Edition) -> None:
    row = EnrolmentFactory(edition=edition, **{state: True})
    got = services.enrol(user=row.user, edition=edition, due_on=DAY)
    row.refresh_from_db()
    assert row.due_on is None
    assert (got == row) is (state == "completed")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-40, 40)), min_size=1, max_size=6))
def test_the_due_day_is_the_earliest_that_was_ever_asked_for(offsets: list[int | None]) -> None:
    person, edition = UserFactory(), EditionFactory()
    days = [None if offset is None else DAY + offset * ONE for offset in offsets]
    for day in days:
        services.enrol(user=person, edition=edition, due_on=day)
    row = rows_of(person)
    assert len(row) == 1
    assert row[0].due_on == min((day for day in days if day), default=None)


ACTS = st.sampled_from(["enrol", "withdraw", "complete"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(ACTS, min_size=1, max_size=9))
def test_in_any_order_one_period_is_open_at_most_and_done_is_done(acts: list[str]) -> None:
    person, edition, at = UserFactory(), EditionFactory(), timezone.now()
    for act in acts:
        newest = max(rows_of(person), key=lambda row: row.period, default=None)
        try:
            if act == "enrol":
                services.enrol(user=person, edition=edition)
            elif newest is not None and act == "withdraw":
                services.withdraw(enrolment=newest, by=person)
            elif newest is not None:
                services.mark_completed(enrolment=newest, at=at)
        except errors.EnrolmentError:
            continue
    rows = rows_of(person)
    assert [row.period for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.state == "withdrawn" for row in rows[:-1])
    done = [row for row in rows if row.state == "completed"]
    assert all(row.completed_at == at and row.withdrawn_at is None for row in done)
    assert all(row.withdrawn_at for row in rows if row.state == "withdrawn")


def test_withdrawing_is_audited_with_who_asked(person: User, edition: Edition) -> None:
    by = UserFactory()
    row = services.enrol(user=person, edition=edition)
    services.withdraw(enrolment=row, by=by)
    entry = AuditEntry.objects.get(action="enrolment.withdraw")
    assert (entry.actor, entry.target, entry.result) == (by, f"enrolment:{row.pk}", "ok")


def test_enrolling_oneself_needs_no_entry_and_twice_by_another_writes_one(edition: Edition) -> None:
    person, by = UserFactory(), UserFactory()
    services.enrol(user=person, edition=edition, by=person)
    assert not AuditEntry.objects.exists()
    other = UserFactory()
    for _ in range(2):
        services.enrol(user=other, edition=edition, by=by)
    assert AuditEntry.objects.count() == 1


def test_a_stale_row_in_the_hand_decides_nothing(person: User, edition: Edition) -> None:
    """A page that was opened before completion must not take it away."""
    stale = services.enrol(user=person, edition=edition)
    services.mark_completed(enrolment=Enrolment.objects.unscoped("test").get(pk=stale.pk), at=timezone.now())
    assert stale.state == "active"
    with pytest.raises(errors.AlreadyCompleted):
        services.withdraw(enrolment=stale, by=person)


def test_completing_after_leaving_is_refused(person: User, edition: Edition) -> None:
    row = services.enrol(user=person, edition=edition)
    services.withdraw(enrolment=row, by=person)
    with pytest.raises(errors.EnrolmentError):
        services.mark_completed(enrolment=row, at=timezone.now())
    assert states(person) == [(1, "withdrawn")]


@pytest.mark.parametrize(
    ("state", "at"), [("completed", None), ("active", timezone.now()), ("withdrawn", timezone.now())]
)
def test_the_database_knows_when_a_completion_was(state: str, at: datetime | None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EnrolmentFactory(state=state, completed_at=at)


def test_the_database_holds_one_row_a_period() -> None:
    row = EnrolmentFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        EnrolmentFactory(user=row.user, edition=row.edition, period=1)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Two tabs, a plan and a manager, all at the same moment."""

    def test_enrolling_at_once_makes_one_row(self, at_once: Callable[..., list[Any]]) -> None:
        person, edition = UserFactory(), EditionFactory()
        got = at_once(lambda number: services.enrol(user=person, edition=edition).pk, 5)
        assert len(set(got)) == 1
        assert states(person) == [(1, "active")]

    def test_the_earliest_day_wins_whoever_comes_first(self, at_once: Callable[..., list[Any]]) -> None:
        person, edition = UserFactory(), EditionFactory()
        at_once(lambda n: services.enrol(user=person, edition=edition, due_on=DAY + n * ONE), 4)
        assert [row.due_on for row in rows_of(person)] == [DAY]

    def test_leaving_and_completing_at_once_is_one_of_them(self, at_once: Callable[..., list[Any]]) -> None:
        row, at = EnrolmentFactory(), timezone.now()

        def act(number: int) -> str:
            try:
                if number % 2:
                    return services.mark_completed(enrolment=row, at=at).state
                return services.withdraw(enrolment=row).state
            except errors.EnrolmentError:
                return "refused"

        answers = at_once(act, 4)
        final = rows_of(row.user)[0]
        assert answers.count(final.state) == 2
        assert answers.count("refused") == 2
        assert (final.completed_at is None) is (final.state == "withdrawn")


def test_a_persons_list_leaves_out_what_was_left(person: User, edition: Edition) -> None:
    first = services.enrol(user=person, edition=edition)
    services.withdraw(enrolment=first, by=person)
    assert not queries.enrolments_of(person).exists()
    assert queries.enrolment_of(person, edition) is None
    again = services.enrol(user=person, edition=edition)
    assert list(queries.enrolments_of(person)) == [again]
    with pytest.raises(Enrolment.DoesNotExist):
        queries.own_enrolment(person, first.pk)
