"""One institution's people against the courses: who is enrolled, under way, complete, overdue.

A list, not a dashboard: it reads facts, in a number of queries that depends on nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import get_language

from classroom.certificates.models import Certificate
from classroom.enrolment.models import Enrolment
from classroom.enrolment.queries import supervised
from classroom.institutions.models import Institution, Membership, Post
from classroom.institutions.queries import active_on, members_due
from classroom.institutions.scopes import Scope
from classroom.progress.models import LessonProgress
from classroom.reports.figures import Rate
from courses.catalogue.models import Course, EditionExam, EditionLesson
from courses.catalogue.titles import titled

SOON = timedelta(days=30)
EXPIRING = timedelta(days=90)
STATES = ("overdue", "soon", "active", "done", "expiring", "expired", "none")


@dataclass(frozen=True, slots=True)
class Column:
    """A course as the head of a column; `opens_topic` draws the darker line before it."""

    course_id: int
    code: str
    title: str
    topic: str
    opens_topic: bool


@dataclass(slots=True)
class Cell:
    """Where one person stands on one course. `percent` is the verified share of the lectures."""

    enrolment_id: int
    edition_id: int
    course_id: int
    code: str
    state: str
    due_on: date | None
    enrolled_on: date
    completed_on: date | None
    days: int = 0
    valid_until: date | None = None
    certificate: str = ""
    percent: int = 0
    awaits_exam: bool = False

    @property
    def is_overdue(self) -> bool:
        """Whether the due day has passed."""
        return self.state == "overdue"

    @property
    def needs_action(self) -> bool:
        """Whether the sentence under a name mentions it."""
        return self.state in {"overdue", "soon", "expiring", "expired"}

    @property
    def width(self) -> str:
        """The verified share as an SVG length."""
        return f"{self.percent}%"


@dataclass(slots=True)
class Person:
    """A line of the matrix."""

    user_id: int
    name: str
    department: str
    posts: list[str]
    kinds: frozenset[str]
    cells: dict[int, Cell] = field(default_factory=dict)
    row: list[tuple[Column, "Cell | None"]] = field(default_factory=list)

    @property
    def actions(self) -> list[Cell]:
        """What waits for somebody, the most pressing first."""
        waiting = [cell for cell in self.cells.values() if cell.needs_action]
        return sorted(waiting, key=lambda cell: (STATES.index(cell.state), -cell.days, cell.code))

    @property
    def overdue_count(self) -> int:
        """How many courses are overdue."""
        return sum(cell.is_overdue for cell in self.cells.values())

    def has(self, state: str) -> bool:
        """Whether the person has this state anywhere; "none" means enrolled in nothing."""
        return not self.cells if state == "none" else any(cell.state == state for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class Summary:
    """The four counts above the matrix."""

    overdue: int
    overdue_people: int
    longest_days: int
    soon: int
    next_code: str
    next_due: date | None
    expiring: int
    next_expiry: date | None
    completion: Rate


@dataclass(slots=True)
class Board:
    """All people of one institution, with what they are enrolled in."""

    institution: Institution
    columns: list[Column]
    people: list[Person]
    today: date

    def summary(self) -> Summary:
        """Count over all people, whatever is filtered or on another page."""
        cells = [cell for person in self.people for cell in person.cells.values()]
        overdue = [cell for cell in cells if cell.state == "overdue"]
        soon = sorted(
            (cell for cell in cells if cell.state == "soon"), key=lambda cell: cell.days, reverse=True
        )
        expiring = [cell.valid_until for cell in cells if cell.state == "expiring" and cell.valid_until]
        return Summary(
            overdue=len(overdue),
            overdue_people=sum(person.has("overdue") for person in self.people),
            longest_days=max((cell.days for cell in overdue), default=0),
            soon=len(soon),
            next_code=soon[0].code if soon else "",
            next_due=soon[0].due_on if soon else None,
            expiring=len(expiring),
            next_expiry=min(expiring, default=None),
            completion=Rate(sum(cell.completed_on is not None for cell in cells), len(cells)),
        )

    def filtered(self, *, post: str = "", state: str = "", name: str = "") -> list[Person]:
        """Return the people with this post, this state anywhere and this in their name."""
        return [
            person
            for person in self.people
            if (not post or post in person.kinds)
            and (not state or person.has(state))
            and (not name or name.casefold() in person.name.casefold())
        ]

    def fill(self, people: Sequence[Person]) -> None:
        """Read the verified shares of these people, and lay their cells under the columns. Three queries."""
        cells = [cell for person in people for cell in person.cells.values()]
        _fill_shares(cells)
        for person in people:
            person.row = [(column, person.cells.get(column.course_id)) for column in self.columns]


def board(*, scope: Scope, institution: Institution, today: date, supervised_only: bool = False) -> Board:
    """Return the board of an institution that `scope` may read. Six queries.

    A regulator sees named people only on supervised courses: mandatory ones
    and those that a plan asks for.
    """
    people = _people(institution, today)
    enrolments = _newest(scope, institution, list(people), supervised_only)
    certificates = _certificates([enrolment.pk for enrolment in enrolments.values()])
    for (user_id, course_id), enrolment in enrolments.items():
        people[user_id].cells[course_id] = _cell(enrolment, certificates.get(enrolment.pk), today)
    used = {course_id for _, course_id in enrolments}
    ordered = sorted(people.values(), key=lambda person: person.user_id)
    return Board(institution, _columns(used, supervised_only), ordered, today)


def _people(institution: Institution, today: date) -> dict[int, Person]:
    """Return the present members; of two memberships that hold on a day of change, the newer counts."""
    members = members_due(institution_ids=[institution.pk], posts=[], on=today).order_by("started_on", "pk")
    rows = list(members.values_list("pk", "user_id", "user__name", "department"))
    posts: dict[int, list[str]] = {pk: [] for pk, *_ in rows}
    held = Post.objects.filter(active_on(today), membership_id__in=posts).order_by("started_on", "pk")
    for membership_id, kind in held.values_list("membership_id", "kind"):
        posts[membership_id].append(kind)
    return {
        user_id: Person(
            user_id=user_id,
            name=name,
            department=department,
            posts=[str(Post.Kind(kind).label) for kind in posts[pk]],
            kinds=frozenset(posts[pk]),
        )
        for pk, user_id, name, department in rows
    }


def _newest(
    scope: Scope, institution: Institution, user_ids: list[int], supervised_only: bool
) -> dict[tuple[int, int], Enrolment]:
    rows: QuerySet[Enrolment] = (
        Enrolment.objects.visible_to(scope)
        .filter(institution=institution, user_id__in=user_ids)
        .exclude(state=Enrolment.State.WITHDRAWN)
        .select_related("course")
        .order_by("enrolled_at", "period", "pk")
    )
    if supervised_only:
        rows = rows.filter(supervised())
    return {(row.user_id, row.course_id): row for row in rows}


def _certificates(enrolment_ids: list[int]) -> dict[int, tuple[str, date | None]]:
    rows = Certificate.objects.unscoped("of enrolments that were read in scope").filter(
        completion__enrolment_id__in=enrolment_ids, state=Certificate.State.ISSUED
    )
    values = rows.values_list("completion__enrolment_id", "number", "valid_until")
    return {pk: (number, until) for pk, number, until in values}


def _cell(enrolment: Enrolment, certificate: tuple[str, date | None] | None, today: date) -> Cell:
    number, until = certificate or ("", None)
    cell = Cell(
        enrolment_id=enrolment.pk,
        edition_id=enrolment.edition_id,
        course_id=enrolment.course_id,
        code=enrolment.course.code,
        state="active",
        due_on=enrolment.due_on,
        enrolled_on=_day(enrolment.enrolled_at),
        completed_on=_day(enrolment.completed_at) if enrolment.completed_at else None,
        valid_until=until,
        certificate=number,
    )
    if cell.completed_on:
        cell.percent = 100
        if until is not None and until < today:
            cell.state, cell.days = "expired", (today - until).days
        elif until is not None and until <= today + EXPIRING:
            cell.state = "expiring"
        else:
            cell.state = "done"
    elif cell.due_on is not None and cell.due_on < today:
        cell.state, cell.days = "overdue", (today - cell.due_on).days
    elif cell.due_on is not None and cell.due_on <= today + SOON:
        cell.state, cell.days = "soon", -(cell.due_on - today).days
    return cell


def _columns(used: set[int], supervised_only: bool) -> list[Column]:
    """Return the published courses and any other that somebody is enrolled in, by topic."""
    wanted = Q(pk__in=used)
    wanted |= Q(current__is_mandatory=True) if supervised_only else Q(current__isnull=False)
    courses = Course.objects.filter(wanted).select_related("current", "topic")
    columns: list[Column] = []
    english = (get_language() or "").startswith("en")
    for course in courses.order_by("topic__position", "code"):
        edition = course.current
        title = titled(edition) if edition else course.code
        topic = course.topic.name_en if english else course.topic.name
        opens = bool(columns) and columns[-1].topic != topic
        columns.append(Column(course.pk, course.code, title, topic, opens))
    return columns


def _fill_shares(cells: Iterable[Cell]) -> None:
    open_cells = [cell for cell in cells if not cell.completed_on]
    covered = dict(
        LessonProgress.objects.filter(enrolment_id__in=[cell.enrolment_id for cell in open_cells])
        .values("enrolment_id")
        .annotate(n=Sum("covered_ms"))
        .values_list("enrolment_id", "n")
        .order_by()
    )
    editions = {cell.edition_id for cell in open_cells}
    lengths = dict(
        EditionLesson.objects.filter(edition_id__in=editions, kind=EditionLesson.Kind.VIDEO)
        .values("edition_id")
        .annotate(n=Sum("duration_ms"))
        .values_list("edition_id", "n")
        .order_by()
    )
    examined = set(EditionExam.objects.filter(edition_id__in=editions).values_list("edition_id", flat=True))
    for cell in open_cells:
        length = lengths.get(cell.edition_id, 0)
        cell.percent = min(100, covered.get(cell.enrolment_id, 0) * 100 // length) if length else 0
        cell.awaits_exam = cell.percent == 100 and cell.edition_id in examined


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)


def member_of(
    scope: Scope, institution: Institution, user_ids: Iterable[int], today: date
) -> QuerySet[Membership]:
    """Return the present members of the institution among these people, in the reader's scope."""
    return Membership.objects.visible_to(scope).filter(
        active_on(today), institution=institution, user_id__in=list(user_ids), user__is_active=True
    )
