"""Rollups: counted right, refreshed from what changed, equal to the facts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.institutions import services as institutions
from classroom.institutions.queries import scope_of
from classroom.people.services import audit
from classroom.plans.services import create_plan
from classroom.reports.models import Due, Rollup, RollupMonth, Watermark
from classroom.reports.queries import facts, rollups
from classroom.reports.queries.rollups import Slice
from classroom.reports.services.rollups import mark_changed, rebuild, recount_due, refresh
from classroom.reports.tasks import refresh as refresh_task
from tests.classroom.reports.worlds import World, authority, build
from tests.factories.catalogue import EditionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.reports import RollupFactory

pytestmark = pytest.mark.django_db
WHY = "the test counts all"


@pytest.fixture
def world() -> World:
    return build()


def rollup_of(world: World) -> Rollup:
    return Rollup.objects.unscoped(WHY).get(institution=world.east, course=world.edition.course)


def test_every_count_is_as_defined(world: World) -> None:
    rebuild()
    row = rollup_of(world)
    assert (row.due_staff, row.enrolled, row.completed, row.examined, row.passed, row.resat, row.overdue) == (
        5, 5, 2, 3, 2, 1, 1,
    )  # fmt: skip
    assert row.credit_hours > 0


def test_due_staff_is_the_audience_and_whoever_is_enrolled(world: World) -> None:
    create_plan(
        title="x",
        course=world.edition.course,
        due_on=timezone.localdate() + timedelta(days=9),
        by=None,
        authority=authority("SH-310115"),
    )
    MembershipFactory(institution=world.idle)
    rebuild()
    # Five enrolled, the one who withdrew, and the manager: all staff is the audience.
    assert rollup_of(world).due_staff == 7
    idle = Rollup.objects.unscoped(WHY).get(institution=world.idle)
    assert (idle.due_staff, idle.enrolled) == (1, 0)


@pytest.mark.parametrize("is_of_a_newer_edition", [False, True])
def test_of_several_enrolments_the_newest_counts(world: World, is_of_a_newer_edition: bool) -> None:
    """Periods of two editions are no order: a person who renewed may begin a newer edition in its first."""
    done = world.enrolments["done"]
    edition, period = world.edition, 2
    if is_of_a_newer_edition:
        done.period = 2
        done.save(update_fields=["period"])
        edition, period = EditionFactory(course=world.edition.course, is_current=False), 1
    EnrolmentFactory(user=done.user, institution=world.east, edition=edition, period=period)
    rebuild()
    row = rollup_of(world)
    assert (row.enrolled, row.completed) == (5, 1)


def test_rebuilding_twice_finds_nothing(world: World) -> None:
    assert len(rebuild()) == 2
    assert rebuild() == []


def test_a_wrong_rollup_is_named_and_put_right(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    rebuild()
    Rollup.objects.unscoped(WHY).filter(institution=world.east).update(completed=99)
    RollupFactory(institution=world.idle, course=EditionFactory().course, enrolled=3)
    with pytest.raises(CommandError):
        call_command("rebuild_rollups", check=True)
    assert "2 had differed" in capsys.readouterr().out
    call_command("rebuild_rollups", check=True)
    assert rollup_of(world).completed == 2
    assert not Rollup.objects.unscoped(WHY).filter(institution=world.idle).exists()


def test_the_first_refresh_counts_all_and_later_ones_what_changed(world: World) -> None:
    assert refresh_task() == 0
    assert rollup_of(world).enrolled == 5
    later = timezone.now() + timedelta(hours=1)
    Watermark.objects.update(read_until=later, counted_on=timezone.localdate(later))
    assert refresh(now=later) == 0
    EnrolmentFactory(institution=world.east, edition=world.edition, enrolled_at=later)
    assert refresh(now=later + timedelta(minutes=1)) == 1
    assert rollup_of(world).enrolled == 6
    assert Due.objects.count() == 0


def test_facts_are_read_again_for_two_minutes(world: World) -> None:
    now = timezone.now()
    refresh(now=now)
    EnrolmentFactory(institution=world.east, edition=world.edition, enrolled_at=now - timedelta(seconds=90))
    refresh(now=now + timedelta(seconds=10))
    assert rollup_of(world).enrolled == 6


def test_a_new_day_counts_all(world: World) -> None:
    now = timezone.now()
    refresh(now=now)
    row = world.enrolments["failed"]
    assert rollup_of(world).overdue == 1
    refresh(now=now + timedelta(days=20))
    assert row.due_on < timezone.localdate() + timedelta(days=20)
    assert rollup_of(world).overdue == 2


def test_staff_changes_are_seen_through_the_audit(world: World) -> None:
    now = timezone.now()
    create_plan(
        title="x",
        course=world.edition.course,
        due_on=timezone.localdate() + timedelta(days=9),
        by=None,
        institution=world.idle,
    )
    refresh(now=now)
    person = MembershipFactory().user
    institutions.join(user=person, institution=world.idle, started_on=timezone.localdate(), by=None)
    refresh(now=timezone.now())
    assert Rollup.objects.unscoped(WHY).get(institution=world.idle).due_staff == 1


def test_an_audit_of_an_unknown_institution_is_no_trouble(world: World) -> None:
    refresh()
    audit(actor=None, action="institutions.x", detail={"institutions": [10**9]})
    refresh()


def test_a_mark_made_during_the_count_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    mark_changed(now=now)
    mark_changed(now=now + timedelta(seconds=1))
    assert Due.objects.filter(institution=world.east).count() == 1
    real = facts.count

    def slow(ids: list[int], at: object) -> facts.Counted:
        Due.objects.update(marked_at=now + timedelta(seconds=9))
        return real(ids, at)

    monkeypatch.setattr(facts, "count", slow)
    recount_due(now=now)
    assert Due.objects.filter(institution=world.east).exists()


def test_counting_asks_a_fixed_number_of_queries(world: World) -> None:
    counts = []
    for _ in range(3):
        EnrolmentFactory(institution=world.east, edition=EditionFactory())
        with CaptureQueriesContext(connection) as caught:
            facts.count([world.east.pk, world.west.pk], timezone.now())
        counts.append(len(caught))
    assert counts[0] == counts[2]
    assert counts[0] <= 10


def test_months_add_up_to_the_trend(world: World) -> None:
    today = timezone.localdate()
    rebuild()
    assert RollupMonth.objects.unscoped(WHY).filter(institution=world.east).count() >= 1
    points = rollups.trend(rollups.flows(Slice(scope_of(world.city))), today.year, today)
    assert len(points) == today.month
    last = points[-1].rate
    assert (last.numerator, last.denominator) == (3, 6)


def test_a_slice_is_no_wider_than_its_scope(world: World) -> None:
    rebuild()
    district, city = Slice(scope_of(world.district)), Slice(scope_of(world.city))
    lines = rollups.by_authority(district)
    assert set(lines) == {world.east.supervising_authority_id}
    line = lines[world.east.supervising_authority_id]
    assert (line.institutions, line.covered, line.counts.enrolled) == (2, 1, 5)
    whole = rollups.total(list(rollups.by_authority(city).values()))
    assert (whole.institutions, whole.covered, whole.counts.enrolled) == (3, 2, 6)
    assert rollups.by_institution(city).keys() == {world.east.pk, world.west.pk}
    assert rollups.by_institution(district, [world.west.pk]) == {}
    assert rollups.by_course_of(district, world.west.pk) == {}
    narrowed = Slice(scope_of(world.city), world.west.supervising_authority.path)
    assert rollups.by_course(narrowed)[world.edition.course_id].enrolled == 1
    assert rollups.as_of(district) is not None
    assert rollups.as_of(Slice(scope_of(world.city), "/none/")) is None


def test_what_needs_attention(world: World) -> None:
    rebuild()
    InstitutionFactory(uscc="91310115MA1G4L1WXK", supervising_authority=authority("SH-310115"))
    found = rollups.attention(Slice(scope_of(world.district)))
    assert (found.overdue_institutions, found.overdue_in_them, found.overdue) == (1, 1, 1)
    assert (found.without_enrolment, found.odd_codes) == (2, 1)
    part = Slice(scope_of(world.district))
    assert list(rollups.institutions(part, "overdue")) == [world.east]
    assert world.idle in rollups.institutions(part, "none")
    assert rollups.institutions(part, "codes").get().uscc == "91310115MA1G4L1WXK"
    assert list(rollups.institutions(part, "all", "东岸")) == [world.east]


def test_closed_institutions_do_not_count(world: World) -> None:
    rebuild()
    institutions.close_institution(institution=world.east, by=None)
    assert (
        rollups.total(list(rollups.by_authority(Slice(scope_of(world.district))).values())).institutions == 1
    )
    assert rollups.by_institution(Slice(scope_of(world.district))) == {}


def test_hours_are_exact(world: World) -> None:
    rebuild()
    total = rollups.by_course(Slice(scope_of(world.city)))[world.edition.course_id]
    assert isinstance(total.credit_hours, Decimal)
    assert total.hours_each != "—"
