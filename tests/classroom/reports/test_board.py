"""The matrix of one institution: each state at its border, the four counts above, who is in it at all."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from classroom.institutions.models import Institution
from classroom.institutions.scopes import Scope
from classroom.reports.queries.board import Board, Cell, board
from courses.catalogue.models import Edition
from tests.classroom.reports.worlds import World, authority
from tests.factories.catalogue import (
    CourseFactory,
    EditionExamFactory,
    EditionFactory,
    EditionLessonFactory,
    TopicFactory,
)
from tests.factories.certificates import CertificateFactory
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory, PostFactory
from tests.factories.progress import LessonProgressFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 15)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.fixture
def place() -> Institution:
    made: Institution = InstitutionFactory(supervising_authority=authority("SH-310115"))
    return made


@pytest.fixture
def edition() -> Edition:
    made: Edition = EditionFactory()
    return made


def seen(place: Institution, **options: Any) -> Board:
    scope = Scope(person_id=None, institution_ids=(place.pk,))
    return board(scope=scope, institution=place, today=TODAY, **options)


def only_cell(found: Board) -> Cell:
    (cell,) = [cell for person in found.people for cell in person.cells.values()]
    return cell


@pytest.mark.parametrize(
    ("due", "state", "days"),
    [
        (None, "active", 0),
        (day(31), "active", 0),
        (day(30), "soon", -30),
        (day(1), "soon", -1),
        (day(0), "soon", 0),
        (day(-1), "overdue", 1),
        (day(-365), "overdue", 365),
    ],
)
def test_where_an_open_enrolment_stands(
    place: Institution, edition: Edition, due: date | None, state: str, days: int
) -> None:
    user = MembershipFactory(institution=place).user
    EnrolmentFactory(user=user, institution=place, edition=edition, due_on=due)
    cell = only_cell(seen(place))
    assert (cell.state, cell.days, cell.percent) == (state, days, 0)


@pytest.mark.parametrize(
    ("until", "state", "days"),
    [
        (None, "done", 0),
        (day(91), "done", 0),
        (day(90), "expiring", 0),
        (day(0), "expiring", 0),
        (day(-1), "expired", 1),
    ],
)
def test_where_a_finished_enrolment_stands(
    place: Institution, edition: Edition, until: date | None, state: str, days: int
) -> None:
    user = MembershipFactory(institution=place).user
    row = EnrolmentFactory(user=user, institution=place, edition=edition, completed=True, due_on=day(-200))
    CertificateFactory(completion=CompletionFactory(enrolment=row), valid_until=until)
    cell = only_cell(seen(place))
    # Late or not: what is finished is no longer overdue.
    assert (cell.state, cell.days, cell.percent) == (state, days, 100)


def test_a_revoked_certificate_is_not_shown_as_one(place: Institution, edition: Edition) -> None:
    user = MembershipFactory(institution=place).user
    row = EnrolmentFactory(user=user, institution=place, edition=edition, completed=True)
    CertificateFactory(completion=CompletionFactory(enrolment=row), revoked=True, valid_until=day(-9))
    cell = only_cell(seen(place))
    assert (cell.state, cell.certificate, cell.valid_until) == ("done", "", None)


@pytest.mark.parametrize(
    ("fields", "there"),
    [
        ({}, True),
        ({"ended_on": TODAY}, True),
        ({"ended_on": day(-1)}, False),
        ({"started_on": day(1)}, False),
        ({"user__is_active": False}, False),
    ],
)
def test_the_matrix_is_of_present_staff(
    place: Institution, edition: Edition, fields: dict[str, Any], there: bool
) -> None:
    user = MembershipFactory(institution=place, **fields).user
    EnrolmentFactory(user=user, institution=place, edition=edition)
    assert [person.user_id for person in seen(place).people] == [user.pk] * there


def test_what_was_learned_at_a_former_employer_is_not_shown_here(
    place: Institution, edition: Edition
) -> None:
    user = MembershipFactory(institution=place).user
    EnrolmentFactory(user=user, institution=InstitutionFactory(), edition=edition)
    (person,) = seen(place).people
    assert person.cells == {}
    assert person.has("none")


def test_on_a_day_of_change_the_newer_membership_counts(place: Institution) -> None:
    old = MembershipFactory(institution=place, ended_on=TODAY, department="旧部门")
    new = MembershipFactory(institution=place, user=old.user, started_on=TODAY, department="新部门")
    PostFactory(membership=old, kind="tester")
    PostFactory(membership=new, kind="quality_manager")
    (person,) = seen(place).people
    assert (person.department, person.kinds) == ("新部门", {"quality_manager"})


def test_posts_are_named_in_the_order_of_taking_them(place: Institution) -> None:
    member = MembershipFactory(institution=place)
    PostFactory(membership=member, kind="tester", started_on=date(2025, 1, 1))
    PostFactory(membership=member, kind="quality_manager", started_on=date(2024, 1, 1))
    PostFactory(membership=member, kind="supervisor", ended_on=day(-1))
    with translation.override("zh-hans"):
        (person,) = seen(place).people
    assert person.posts == ["质量负责人", "检测员"]


def test_the_newest_period_is_the_one_that_is_shown(place: Institution, edition: Edition) -> None:
    user = MembershipFactory(institution=place).user
    EnrolmentFactory(user=user, institution=place, edition=edition, completed=True)
    newer = EnrolmentFactory(user=user, institution=place, edition=edition, period=2, due_on=day(3))
    EnrolmentFactory(user=user, institution=place, edition=edition, period=3, withdrawn=True)
    cell = only_cell(seen(place))
    assert (cell.enrolment_id, cell.state) == (newer.pk, "soon")


def test_what_was_begun_last_is_shown_though_its_edition_counts_from_one(
    place: Institution, edition: Edition
) -> None:
    """A renewal has the next period of the course; who then enrols on a newer edition is in its first."""
    user = MembershipFactory(institution=place).user
    EnrolmentFactory(user=user, institution=place, edition=edition, period=2, completed=True)
    newer = EditionFactory(course=edition.course)
    begun = EnrolmentFactory(user=user, institution=place, edition=newer, due_on=day(3))
    cell = only_cell(seen(place))
    assert (cell.enrolment_id, cell.state) == (begun.pk, "soon")


def test_the_four_counts_are_over_everybody(place: Institution, edition: Edition) -> None:
    second = EditionFactory()
    dues: list[tuple[Edition, dict[str, Any]]] = [
        (edition, {"due_on": day(-3)}),
        (edition, {"due_on": day(-12)}),
        (edition, {"due_on": day(20)}),
        (second, {"due_on": day(4)}),
        (second, {"completed": True}),
    ]
    users = [MembershipFactory(institution=place).user for _ in dues]
    rows = [
        EnrolmentFactory(user=user, institution=place, edition=which, **fields)
        for user, (which, fields) in zip(users, dues, strict=True)
    ]
    EnrolmentFactory(user=users[0], institution=place, edition=second, due_on=day(-1))
    CertificateFactory(completion=CompletionFactory(enrolment=rows[-1]), valid_until=day(60))
    found = seen(place).summary()
    assert (found.overdue, found.overdue_people, found.longest_days) == (3, 2, 12)
    assert (found.soon, found.next_code, found.next_due) == (2, second.course.code, day(4))
    assert (found.expiring, found.next_expiry) == (1, day(60))
    assert (found.completion.numerator, found.completion.denominator) == (1, 6)


def test_an_institution_without_people_has_counts_of_nothing(place: Institution) -> None:
    found = seen(place)
    summary = found.summary()
    assert (found.people, summary.longest_days, summary.next_due, summary.next_expiry) == ([], 0, None, None)
    assert summary.completion.text == "—"


def test_what_waits_is_told_the_most_pressing_first(place: Institution) -> None:
    user = MembershipFactory(institution=place).user
    wanted = {}
    for key, due in (("soon", day(9)), ("late", day(-2)), ("later", day(-30)), ("calm", day(80))):
        edition = EditionFactory()
        EnrolmentFactory(user=user, institution=place, edition=edition, due_on=due)
        wanted[key] = edition.course.code
    (person,) = seen(place).people
    assert [cell.code for cell in person.actions] == [wanted["later"], wanted["late"], wanted["soon"]]
    assert person.overdue_count == 2


@pytest.mark.parametrize(
    ("covered", "percent", "awaits"),
    [(0, 0, False), (179_999, 49, False), (180_000, 50, False), (359_999, 99, False), (360_000, 100, True),
     (400_000, 100, True)],
)  # fmt: skip
def test_the_share_is_of_all_lectures_and_never_rounded_up(
    place: Institution, edition: Edition, covered: int, percent: int, awaits: bool
) -> None:
    user = MembershipFactory(institution=place).user
    row = EnrolmentFactory(user=user, institution=place, edition=edition)
    lessons = [EditionLessonFactory(edition=edition, duration_ms=180_000) for _ in range(2)]
    EditionLessonFactory(edition=edition, reading=True)
    EditionExamFactory(edition=edition, sections=[])
    first = min(covered, 200_000)
    LessonProgressFactory(enrolment=row, lesson=lessons[0], covered=(0, first))
    LessonProgressFactory(enrolment=row, lesson=lessons[1], covered=(0, covered - first))
    found = seen(place)
    found.fill(found.people)
    cell = only_cell(found)
    assert (cell.percent, cell.awaits_exam, cell.width) == (percent, awaits, f"{percent}%")


def test_a_course_of_readings_alone_has_no_share(place: Institution, edition: Edition) -> None:
    user = MembershipFactory(institution=place).user
    row = EnrolmentFactory(user=user, institution=place, edition=edition)
    reading = EditionLessonFactory(edition=edition, reading=True)
    LessonProgressFactory(enrolment=row, lesson=reading, covered=(0, 0))
    found = seen(place)
    found.fill(found.people)
    assert (only_cell(found).percent, only_cell(found).awaits_exam) == (0, False)


def test_columns_are_the_courses_by_topic_with_a_line_between(place: Institution) -> None:
    late, early = (
        TopicFactory(code="zz", name="末", position=90),
        TopicFactory(code="aa", name="首", position=80),
    )
    codes = [
        EditionFactory(course=CourseFactory(code=code, topic=topic)).course.code
        for code, topic in (("Z2", early), ("Z1", late), ("Z3", early))
    ]
    CourseFactory(code="Z4", topic=early)
    columns = [column for column in seen(place).columns if column.code.startswith("Z")]
    assert [column.code for column in columns] == ["Z2", "Z3", "Z1"]
    assert [column.opens_topic for column in columns][1:] == [False, True]
    assert len(codes) == 3


def test_a_regulators_columns_are_the_supervised_courses(place: Institution) -> None:
    mandatory, voluntary, planned = (
        EditionFactory(is_mandatory=True), EditionFactory(is_mandatory=False), EditionFactory(is_mandatory=False)
    )  # fmt: skip
    user = MembershipFactory(institution=place).user
    EnrolmentFactory(user=user, institution=place, edition=voluntary)
    EnrolmentFactory(user=user, institution=place, edition=planned, origin="plan")
    codes = {column.code for column in seen(place, supervised_only=True).columns}
    assert {mandatory.course.code, planned.course.code} <= codes
    assert voluntary.course.code not in codes
    assert voluntary.course.code in {column.code for column in seen(place).columns}


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "报告合规"), ("en", "Compliant reports")])
def test_columns_speak_the_readers_language(place: Institution, language: str, title: str) -> None:
    course = EditionFactory(title="报告合规", title_en="Compliant reports").course
    with translation.override(language):
        found = {column.course_id: column.title for column in seen(place).columns}
    assert found[course.pk] == title


def test_a_course_without_english_keeps_its_title(place: Institution) -> None:
    course = EditionFactory(title="只有中文", title_en="").course
    with translation.override("en"):
        assert {c.course_id: c.title for c in seen(place).columns}[course.pk] == "只有中文"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["甲 Ann", "乙", "丙"]),
        ({"post": "tester"}, ["甲 Ann"]),
        ({"name": "ann"}, ["甲 Ann"]),
        ({"name": "ANN", "post": "tester", "state": "overdue"}, ["甲 Ann"]),
        ({"state": "none"}, ["丙"]),
        ({"state": "active"}, ["甲 Ann", "乙"]),
        ({"state": "overdue", "name": "乙"}, []),
    ],
)
def test_filters_narrow_together(place: Institution, filters: dict[str, str], names: list[str]) -> None:
    people = [MembershipFactory(institution=place, user__name=name) for name in ("甲 Ann", "乙", "丙")]
    PostFactory(membership=people[0], kind="tester")
    for member, due in ((people[0], day(-1)), (people[0], None), (people[1], None)):
        EnrolmentFactory(user=member.user, institution=place, edition=EditionFactory(), due_on=due)
    assert [person.name for person in seen(place).filtered(**filters)] == names


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-hans", ["逾 7 天", "未开始", "逾期"]), ("en", ["7 d late", "not begun", "Overdue"])],
)
def test_the_matrix_speaks_both_languages(
    client: Client, city: World, language: str, said: list[str]
) -> None:
    city.manager.language = language
    city.manager.save()
    client.force_login(city.manager)
    text = client.get("/institution/people/", headers={"accept-language": language}).content.decode()
    assert [word for word in said if word not in text] == []


def test_the_day_of_an_enrolment_is_that_of_shanghai(place: Institution, edition: Edition) -> None:
    user = MembershipFactory(institution=place).user
    at = datetime.fromisoformat("2026-06-14T16:00:00+00:00")
    EnrolmentFactory(user=user, institution=place, edition=edition, enrolled_at=at)
    assert only_cell(seen(place)).enrolled_on == TODAY
    assert timezone.get_current_timezone_name() == "Asia/Shanghai"
