"""Who is due, enrolled, overdue, complete, examined: each rule at its border, one institution at a time."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from classroom.institutions.models import Institution
from classroom.reports.figures import Counts
from classroom.reports.queries import facts
from courses.catalogue.models import Edition
from tests.classroom.reports.worlds import authority
from tests.factories.catalogue import EditionExamFactory, EditionFactory, EditionLessonFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory, PostFactory
from tests.factories.plans import PlanFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
# A fixed noon, far from any midnight: the tests speak of days around it.
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=SHANGHAI)
TODAY = NOW.date()


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def place() -> Institution:
    made: Institution = InstitutionFactory(supervising_authority=authority("SH-310115"))
    return made


@pytest.fixture
def edition() -> Edition:
    made: Edition = EditionFactory()
    return made


def counts(place: Institution, edition: Edition, year: int = 0, post: str = "") -> Counts:
    return facts.count([place.pk], NOW).parts.get((place.pk, edition.course_id, year, post), Counts())


@pytest.mark.parametrize(
    ("due", "done", "overdue"),
    [
        (None, False, 0),
        (day(1), False, 0),
        (day(0), False, 0),
        (day(-1), False, 1),
        (day(-1), True, 0),
        (day(-400), True, 0),
    ],
)
def test_overdue_begins_on_the_day_after_the_due_day(
    place: Institution, edition: Edition, due: date | None, done: bool, overdue: int
) -> None:
    EnrolmentFactory(institution=place, edition=edition, due_on=due, completed=done)
    found = counts(place, edition)
    assert (found.enrolled, found.overdue, found.completed) == (1, overdue, int(done))


@pytest.mark.parametrize(
    ("at", "overdue"),
    [("2026-06-15T23:59:59", 0), ("2026-06-16T00:00:00", 1)],
)
def test_the_day_turns_at_midnight_in_shanghai(
    place: Institution, edition: Edition, at: str, overdue: int
) -> None:
    EnrolmentFactory(institution=place, edition=edition, due_on=TODAY)
    found = facts.count([place.pk], moment(at)).counts[place.pk, edition.course_id]
    assert found.overdue == overdue


def test_a_withdrawn_enrolment_is_nowhere(place: Institution, edition: Edition) -> None:
    row = EnrolmentFactory(institution=place, edition=edition, due_on=day(-9), withdrawn=True)
    AttemptFactory(enrolment=row, graded=True)
    assert facts.count([place.pk], NOW).parts == {}
    assert facts.count([place.pk], NOW).months == {}


def test_who_withdrew_and_began_again_counts_once_with_what_is_new(
    place: Institution, edition: Edition
) -> None:
    first = EnrolmentFactory(institution=place, edition=edition, due_on=day(-9), withdrawn=True)
    AttemptFactory(enrolment=first, graded=True)
    EnrolmentFactory(user=first.user, institution=place, edition=edition, period=2)
    found = counts(place, edition)
    assert (found.enrolled, found.examined, found.overdue) == (1, 0, 0)


def test_a_new_edition_of_the_course_replaces_the_former_enrolment(
    place: Institution, edition: Edition
) -> None:
    first = EnrolmentFactory(institution=place, edition=edition, completed=True, enrolled_at=NOW)
    newer = EditionFactory(course=edition.course)
    EnrolmentFactory(
        user=first.user, institution=place, edition=newer, enrolled_at=NOW + timedelta(seconds=1)
    )
    found = counts(place, edition)
    assert (found.enrolled, found.completed, found.due_staff) == (1, 0, 1)


def test_enrolments_at_two_employers_count_at_each(place: Institution, edition: Edition) -> None:
    other = InstitutionFactory()
    row = EnrolmentFactory(institution=place, edition=edition, completed=True)
    EnrolmentFactory(user=row.user, institution=other, edition=edition, period=2)
    assert (counts(place, edition).completed, counts(other, edition).completed) == (1, 0)


def test_who_has_no_employer_counts_nowhere(place: Institution, edition: Edition) -> None:
    EnrolmentFactory(institution=None, edition=edition)
    assert facts.count([place.pk], NOW).parts == {}


@pytest.mark.parametrize(
    ("papers", "expected"),
    [
        ([], (0, 0, 0)),
        ([False], (1, 0, 0)),
        ([True], (1, 1, 0)),
        ([False, True], (1, 1, 1)),
        ([False, False, False], (1, 0, 1)),
        ([True, False], (1, 1, 1)),
    ],
)
def test_a_person_is_examined_once_however_many_papers(
    place: Institution, edition: Edition, papers: list[bool], expected: tuple[int, int, int]
) -> None:
    row = EnrolmentFactory(institution=place, edition=edition)
    exam = EditionExamFactory(edition=edition, sections=[])
    for passed in papers:
        AttemptFactory(enrolment=row, exam=exam, graded=True, is_passed=passed)
    AttemptFactory(enrolment=row, exam=exam)
    found = counts(place, edition)
    assert (found.examined, found.passed, found.resat) == expected


def test_hours_are_summed_to_the_tenth_and_seconds_are_cut(place: Institution, edition: Edition) -> None:
    lesson = EditionLessonFactory(edition=edition, reading=True)
    for hours, covered in (("0.1", 1999), ("0.2", 1999), ("3.7", 0)):
        row = EnrolmentFactory(institution=place, edition=edition, completed=True)
        CompletionFactory(enrolment=row, credit_hours=Decimal(hours))
        LessonProgressFactory(enrolment=row, lesson=lesson, covered=(0, covered))
    found = counts(place, edition)
    assert (found.credit_hours, found.verified_seconds) == (Decimal("4.0"), 2)
    assert found.hours_each == "1.3"


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, 1),
        ({"started_on": TODAY}, 1),
        ({"started_on": day(1)}, 0),
        ({"ended_on": TODAY}, 1),
        ({"ended_on": day(-1)}, 0),
        ({"user__is_active": False}, 0),
        ({"role": "manager"}, 1),
    ],
)
def test_due_staff_are_those_who_work_there_today(
    place: Institution, edition: Edition, fields: dict[str, Any], due: int
) -> None:
    MembershipFactory(institution=place, **fields)
    PlanFactory(course=edition.course, authority=None, institution=place, opens_on=TODAY, due_on=day(9))
    assert counts(place, edition).due_staff == due


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"opens_on": TODAY}, 1),
        ({"opens_on": day(1)}, 0),
        # Past its due day a plan still asks: who has not come is what a regulator wants to see.
        ({"opens_on": day(-90), "due_on": day(-1)}, 1),
        ({"opens_on": day(-90), "closed_at": NOW}, 0),
    ],
)
def test_a_plan_asks_from_its_opening_until_it_is_closed(
    place: Institution, edition: Edition, fields: dict[str, Any], due: int
) -> None:
    MembershipFactory(institution=place)
    PlanFactory(
        **{"course": edition.course, "authority": None, "institution": place, "due_on": day(30), **fields}
    )
    assert counts(place, edition).due_staff == due


@pytest.mark.parametrize(
    ("owner", "due"), [("SH", 1), ("SH-310115", 1), ("SH-310104", 0), ("SH-LG", 0), ("self", 1), ("other", 0)]
)
def test_a_plan_reaches_what_lies_under_its_owner(
    place: Institution, edition: Edition, owner: str, due: int
) -> None:
    MembershipFactory(institution=place)
    if owner in {"self", "other"}:
        at = place if owner == "self" else InstitutionFactory()
        PlanFactory(course=edition.course, authority=None, institution=at, opens_on=TODAY, due_on=day(9))
    else:
        PlanFactory(course=edition.course, authority=authority(owner), opens_on=TODAY, due_on=day(9))
    assert counts(place, edition).due_staff == due


@pytest.mark.parametrize(
    ("held", "asked", "due"),
    [
        ({}, [], 1),
        ({}, ["tester"], 0),
        ({"kind": "tester"}, ["tester"], 1),
        ({"kind": "tester"}, ["quality_manager"], 0),
        ({"kind": "tester"}, ["quality_manager", "tester"], 1),
        ({"kind": "tester", "ended_on": day(-1)}, ["tester"], 0),
        ({"kind": "tester", "ended_on": TODAY}, ["tester"], 1),
        ({"kind": "tester", "started_on": day(1)}, ["tester"], 0),
    ],
)
def test_a_plan_for_posts_asks_those_who_hold_one_today(
    place: Institution, edition: Edition, held: dict[str, Any], asked: list[str], due: int
) -> None:
    member = MembershipFactory(institution=place)
    if held:
        PostFactory(membership=member, **held)
    PlanFactory(course=edition.course, authority=None, institution=place, posts=asked, due_on=day(9),
                opens_on=TODAY)  # fmt: skip
    assert counts(place, edition).due_staff == due


def test_who_is_asked_twice_and_enrolled_is_due_once(place: Institution, edition: Edition) -> None:
    member = MembershipFactory(institution=place)
    PlanFactory(course=edition.course, opens_on=TODAY, due_on=day(9))
    PlanFactory(course=edition.course, authority=None, institution=place, opens_on=TODAY, due_on=day(5))
    EnrolmentFactory(user=member.user, institution=place, edition=edition)
    assert counts(place, edition).due_staff == 1


def test_who_left_but_is_enrolled_stays_due(place: Institution, edition: Edition) -> None:
    member = MembershipFactory(institution=place, ended_on=day(-1))
    EnrolmentFactory(user=member.user, institution=place, edition=edition, due_on=day(-2))
    found = counts(place, edition)
    assert (found.due_staff, found.enrolled, found.overdue) == (1, 1, 1)


@pytest.mark.parametrize(
    ("at", "year"),
    [
        ("2025-12-31T23:59:59", 2025),
        ("2026-01-01T00:00:00", 2026),
        ("2026-01-01T07:59:59", 2026),
    ],
)
def test_the_year_of_an_enrolment_is_that_of_shanghai(
    place: Institution, edition: Edition, at: str, year: int
) -> None:
    EnrolmentFactory(institution=place, edition=edition, enrolled_at=moment(at))
    assert counts(place, edition, year).enrolled == 1
    assert counts(place, edition, 4051 - year).enrolled == 0
    assert list(facts.count([place.pk], NOW).months) == [
        (place.pk, edition.course_id, moment(at).date().replace(day=1), "")
    ]


def test_the_years_add_up_to_the_whole(place: Institution, edition: Edition) -> None:
    for year in (2024, 2025, 2025, 2026):
        EnrolmentFactory(institution=place, edition=edition, enrolled_at=moment(f"{year}-03-01T09:00:00"),
                         due_on=date(year, 4, 1))  # fmt: skip
    parts = [counts(place, edition, year) for year in (2024, 2025, 2026)]
    assert sum(parts, Counts()) == counts(place, edition)
    assert [part.overdue for part in parts] == [1, 2, 1]


def test_a_plan_over_new_year_asks_in_both_years(place: Institution, edition: Edition) -> None:
    MembershipFactory(institution=place)
    PlanFactory(course=edition.course, opens_on=date(2025, 12, 1), due_on=date(2026, 7, 1))
    due = [counts(place, edition, year).due_staff for year in (2024, 2025, 2026, 2027)]
    assert due == [0, 1, 1, 0]


def test_who_holds_two_posts_is_in_both_and_in_the_whole_once(place: Institution, edition: Edition) -> None:
    member = MembershipFactory(institution=place)
    for kind in ("tester", "internal_auditor"):
        PostFactory(membership=member, kind=kind)
    EnrolmentFactory(user=member.user, institution=place, edition=edition, enrolled_at=NOW)
    EnrolmentFactory(institution=place, edition=edition, enrolled_at=NOW)
    posts = {post: counts(place, edition, 2026, post).enrolled for post in ("", "tester", "internal_auditor")}
    assert posts == {"": 2, "tester": 1, "internal_auditor": 1}
    assert counts(place, edition, 0, "quality_manager") == Counts()


@pytest.mark.parametrize(
    "fields",
    [
        {"ended_on": day(-1)},
        {"started_on": day(1)},
        {"membership__ended_on": day(-1)},
        {"membership__user__is_active": False},
    ],
)
def test_a_post_that_is_not_held_today_gathers_nobody(
    place: Institution, edition: Edition, fields: dict[str, Any]
) -> None:
    post = PostFactory(membership__institution=place, kind="tester", **fields)
    EnrolmentFactory(user=post.membership.user, institution=place, edition=edition)
    assert counts(place, edition).enrolled == 1
    assert counts(place, edition, 0, "tester") == Counts()


def test_a_post_at_another_institution_does_not_count_here(place: Institution, edition: Edition) -> None:
    post = PostFactory(kind="tester")
    EnrolmentFactory(user=post.membership.user, institution=place, edition=edition)
    assert counts(place, edition, 0, "tester") == Counts()


def test_nothing_of_another_institution_is_counted(place: Institution, edition: Edition) -> None:
    row = EnrolmentFactory(institution=InstitutionFactory(), edition=edition)
    AttemptFactory(enrolment=row, graded=True)
    MembershipFactory(institution=row.institution)
    PlanFactory(course=edition.course, authority=None, institution=row.institution)
    assert facts.count([place.pk], timezone.now()).parts == {}
    assert facts.count([], timezone.now()).parts == {}
