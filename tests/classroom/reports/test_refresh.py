"""The refresh by watermark: late rows, workers that die, two at once, marks that move."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.exams.services import close_overdue
from classroom.institutions import services as institutions
from classroom.plans.services import close_plan, create_plan
from classroom.reports.models import Due, Rollup, RollupMonth, RollupPart, Watermark
from classroom.reports.services import rollups
from classroom.reports.services.rollups import mark_changed, rebuild, recount, recount_due, refresh
from tests.classroom.reports.recount import WHY, differences, stored
from tests.classroom.reports.worlds import World, build
from tests.factories.catalogue import EditionExamFactory, EditionFactory, EditionLessonFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """The city after a first refresh; the next one reads what is written from now on."""
    made = build()
    refresh()
    rest()
    return made


def rest() -> None:
    Watermark.objects.update(read_until=timezone.now() + timedelta(minutes=2))


def right() -> bool:
    return differences(timezone.localdate()) == []


def rows() -> int:
    models: list[Any] = [Rollup, RollupPart, RollupMonth]
    return sum(model.objects.unscoped(WHY).count() for model in models)


class Died(Exception):
    """A worker was killed."""


def test_a_refresh_of_nothing_new_touches_nothing(world: World) -> None:
    before = (stored(), list(Rollup.objects.unscoped(WHY).order_by("pk").values_list("as_of", flat=True)))
    assert refresh() == 0
    rest()
    assert refresh() == 0
    after = (stored(), list(Rollup.objects.unscoped(WHY).order_by("pk").values_list("as_of", flat=True)))
    assert after == before


def test_refreshing_twice_over_the_same_facts_gives_the_same(world: World) -> None:
    EnrolmentFactory(institution=world.east, edition=world.edition)
    refresh()
    first, size = stored(), rows()
    for _ in range(2):
        Watermark.objects.update(read_until=timezone.now() - timedelta(days=3))
        assert refresh() > 0
    assert (stored(), rows()) == (first, size)


def test_only_the_institution_that_changed_is_counted(world: World) -> None:
    EnrolmentFactory(institution=world.west, edition=world.edition)
    before = Rollup.objects.unscoped(WHY).get(institution=world.east).as_of
    assert refresh() == 1
    assert Rollup.objects.unscoped(WHY).get(institution=world.east).as_of == before
    assert Rollup.objects.unscoped(WHY).get(institution=world.west).enrolled == 2


@pytest.mark.parametrize(("seconds", "seen"), [(0, True), (119, True), (121, False)])
def test_a_row_that_commits_late_is_read_within_two_minutes(world: World, seconds: int, seen: bool) -> None:
    now = timezone.now()
    Watermark.objects.update(read_until=now)
    at = now - timedelta(seconds=seconds)
    EnrolmentFactory(institution=world.idle, edition=world.edition, enrolled_at=at)
    refresh(now=now + timedelta(seconds=1))
    assert Rollup.objects.unscoped(WHY).filter(institution=world.idle).exists() is seen


def test_what_was_missed_is_found_when_the_day_turns(world: World) -> None:
    at = timezone.now() - timedelta(hours=5)
    EnrolmentFactory(institution=world.east, edition=world.edition, enrolled_at=at)
    refresh()
    assert not right()
    Watermark.objects.update(counted_on=timezone.localdate() - timedelta(days=1))
    refresh()
    assert right()


def test_a_worker_that_dies_while_a_new_day_is_counted_leaves_the_day_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enrolments["idle"].__class__.rows.filter(pk=world.enrolments["idle"].pk).update(
        due_on=timezone.localdate() - timedelta(days=1)
    )
    Watermark.objects.update(counted_on=timezone.localdate() - timedelta(days=1))
    with monkeypatch.context() as patch:

        def killed(**_: object) -> None:
            raise Died

        patch.setattr(rollups, "rebuild", killed)
        with pytest.raises(Died):
            refresh()
    assert Rollup.objects.unscoped(WHY).get(institution=world.east).overdue == 1
    refresh()
    assert Rollup.objects.unscoped(WHY).get(institution=world.east).overdue == 2
    assert Watermark.objects.get().counted_on == timezone.localdate()


def test_a_worker_that_dies_between_the_marks_and_the_count_leaves_the_marks(world: World) -> None:
    EnrolmentFactory(institution=world.east, edition=world.edition)
    mark_changed(now=timezone.now())
    rest()
    assert Due.objects.filter(institution=world.east).exists()
    # The next refresh finds no new fact, only the mark.
    refresh()
    assert right()
    assert not Due.objects.exists()


def test_two_refreshers_one_after_the_other_in_every_step(world: World) -> None:
    EnrolmentFactory(institution=world.east, edition=world.edition)
    now, later = timezone.now(), timezone.now() + timedelta(seconds=1)
    assert mark_changed(now=now) is False
    assert mark_changed(now=later) is False
    assert Due.objects.filter(institution=world.east).count() == 1
    assert recount_due(now=now) >= 1
    assert recount_due(now=later) == 0
    assert right()


def test_a_refresher_whose_clock_is_behind_does_no_harm(world: World) -> None:
    now = timezone.now()
    refresh(now=now)
    EnrolmentFactory(institution=world.east, edition=world.edition)
    refresh(now=now - timedelta(minutes=10))
    refresh(now=timezone.now())
    assert right()
    assert Watermark.objects.count() == 1


def test_the_longest_waiting_are_counted_first_and_the_rest_later(world: World) -> None:
    places = [InstitutionFactory() for _ in range(3)]
    now = timezone.now()
    for number, place in enumerate(places):
        EnrolmentFactory(institution=place, edition=world.edition)
        Due.objects.create(
            institution=place, course=world.edition.course, marked_at=now - timedelta(minutes=number)
        )
    assert recount_due(now=now, at_most=2) == 2
    counted = {row.institution_id for row in Rollup.objects.unscoped(WHY).filter(institution__in=places)}
    assert counted == {places[2].pk, places[1].pk}
    assert recount_due(now=now) == 1


def test_two_courses_of_one_institution_are_one_count(world: World) -> None:
    for _ in range(3):
        EnrolmentFactory(institution=world.east, edition=EditionFactory())
    assert refresh() == 1
    assert Rollup.objects.unscoped(WHY).filter(institution=world.east).count() == 4


def test_a_refresh_asks_no_more_for_three_courses_than_for_one(world: World) -> None:
    asked = []
    for number in (1, 3):
        for _ in range(number):
            EnrolmentFactory(institution=world.east, edition=EditionFactory())
        mark_changed(now=timezone.now())
        with CaptureQueriesContext(connection) as caught:
            recount(institution_ids=[world.east.pk], now=timezone.now())
        asked.append(len(caught))
        rest()
    assert asked[0] == asked[1]


@pytest.mark.parametrize("kind", ["attempt", "completion", "progress", "withdrawal"])
def test_each_kind_of_fact_is_noticed(world: World, kind: str) -> None:
    row = world.enrolments["idle"]
    if kind == "attempt":
        exam = row.edition.exam
        AttemptFactory(enrolment=row, exam=exam, graded=True, submitted_at=timezone.now())
    elif kind == "completion":
        CompletionFactory(enrolment=row)
    elif kind == "progress":
        lesson = EditionLessonFactory(edition=world.edition, reading=True)
        LessonProgressFactory(enrolment=row, lesson=lesson, covered=(0, 60_000))
    else:
        row.state, row.withdrawn_at = "withdrawn", timezone.now()
        row.save()
    assert not right()
    assert refresh() == 1
    assert right()


def test_a_paper_that_the_sweep_hands_in_hours_late_is_noticed(world: World) -> None:
    """It bears its deadline as the time of handing in, which is long before the watermark."""
    row = EnrolmentFactory(institution=world.idle, edition=EditionFactory())
    exam = EditionExamFactory(edition=row.edition, sections=[])
    AttemptFactory(enrolment=row, exam=exam, started_at=timezone.now() - timedelta(hours=4))
    refresh()
    rest()
    assert close_overdue() == 1
    assert refresh() == 1
    assert Rollup.objects.unscoped(WHY).get(institution=world.idle).examined == 1


def test_plans_are_noticed_when_made_and_when_closed(world: World) -> None:
    MembershipFactory(institution=world.idle)
    due = timezone.localdate() + timedelta(days=9)
    plan = create_plan(title="计划", course=world.edition.course, due_on=due, by=None, institution=world.idle)
    assert refresh() == 1
    assert Rollup.objects.unscoped(WHY).get(institution=world.idle).due_staff == 1
    rest()
    close_plan(plan=plan, by=UserFactory(is_superuser=True))
    assert refresh() == 1
    assert not Rollup.objects.unscoped(WHY).filter(institution=world.idle).exists()
    assert not RollupPart.objects.unscoped(WHY).filter(institution=world.idle).exists()


def test_who_changes_the_employer_leaves_the_record_behind(world: World) -> None:
    row = world.enrolments["done"]
    member = row.user.memberships.get()
    due = timezone.localdate() + timedelta(days=9)
    for place in (world.east, world.west):
        create_plan(title="计划", course=world.edition.course, due_on=due, by=None, institution=place)
    refresh()
    rest()
    before = Rollup.objects.unscoped(WHY).get(institution=world.west).due_staff
    institutions.transfer(membership=member, to=world.west, on=timezone.localdate(), by=None)
    assert refresh() == 2
    assert right()
    west = Rollup.objects.unscoped(WHY).get(institution=world.west)
    assert (west.due_staff, west.completed) == (before + 1, 1)


def test_a_count_that_fails_half_way_keeps_the_former_figures(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    EnrolmentFactory(institution=world.east, edition=world.edition)
    mark_changed(now=timezone.now())
    before = stored()

    def killed(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(rollups, "_store_parts", killed)
        with pytest.raises(Died):
            recount_due(now=timezone.now())
    assert stored() == before
    assert Due.objects.filter(institution=world.east).exists()
    assert recount_due(now=timezone.now()) == 1
    assert right()


def test_a_rebuild_mends_parts_and_months_too(world: World) -> None:
    RollupPart.objects.unscoped(WHY).update(enrolled=77)
    RollupMonth.objects.unscoped(WHY).delete()
    rebuild()
    assert right()


def test_the_first_refresh_of_all_notes_the_day_only_when_it_is_counted() -> None:
    build()
    assert mark_changed(now=timezone.now()) is True
    assert Watermark.objects.get().counted_on is None
    refresh()
    assert Watermark.objects.get().counted_on == timezone.localdate()
    assert right()
