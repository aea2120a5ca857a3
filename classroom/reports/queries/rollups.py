"""What dashboards show: sums over rollups, always through the reader's scope, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum

from classroom.institutions.codes import uscc_is_valid
from classroom.institutions.models import Institution
from classroom.institutions.scopes import Scope
from classroom.reports.figures import COUNT_FIELDS, Counts, Rate
from classroom.reports.models import Rollup, RollupMonth, RollupPart

_SUMS = {f"sum_{name}": Sum(name) for name in COUNT_FIELDS}


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a scope a report is about: an authority and all under it, courses, a year, a post.

    `course_ids` None means all courses, `year` 0 every year, `post` "" everybody.
    """

    scope: Scope
    path: str = ""
    course_ids: tuple[int, ...] | None = None
    year: int = 0
    post: str = ""

    def institutions(self) -> QuerySet[Institution]:
        """Return the institutions of the slice that still exist."""
        rows = Institution.objects.visible_to(self.scope).filter(state=Institution.State.ACTIVE)
        return rows.filter(supervising_authority__path__startswith=self.path) if self.path else rows

    def rollups(self) -> QuerySet[Any]:
        """Return the rollups of the slice, or their parts where it is of a year or a post."""
        if self.year or self.post:
            parts = RollupPart.objects.visible_to(self.scope).filter(year=self.year, post=self.post)
            return self._narrow(parts)
        return self.whole()

    def whole(self) -> QuerySet[Rollup]:
        """Return the rollups of the slice, of every year and everybody."""
        return self._narrow(Rollup.objects.visible_to(self.scope))

    def months(self) -> QuerySet[RollupMonth]:
        """Return the monthly flows of the slice."""
        return self._narrow(RollupMonth.objects.visible_to(self.scope).filter(post=self.post))

    def _narrow(self, rows: QuerySet) -> QuerySet:  # type: ignore[type-arg]  # of either rollup
        rows = rows.filter(institution__state=Institution.State.ACTIVE)
        if self.path:
            rows = rows.filter(institution__supervising_authority__path__startswith=self.path)
        if self.course_ids is not None:
            rows = rows.filter(course_id__in=self.course_ids)
        return rows


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: whose counts, over how many institutions, how many of them with enrolments."""

    counts: Counts
    institutions: int = 1
    covered: int = 0

    @property
    def coverage(self) -> Rate:
        """覆盖率: institutions with at least one person enrolled, of those in scope."""
        return Rate(self.covered, self.institutions)

    def __add__(self, other: "Line") -> "Line":
        return Line(
            self.counts + other.counts, self.institutions + other.institutions, self.covered + other.covered
        )


EMPTY = Line(Counts(), 0, 0)


def _counts(row: Mapping[str, object]) -> Counts:
    # Nothing stays of the figure's own kind: a Decimal of 0 is falsy, and 0 would divide to a float.
    sums = {name: row[f"sum_{name}"] for name in COUNT_FIELDS}
    return Counts(**{name: sums[name] for name in COUNT_FIELDS if sums[name] is not None})  # type: ignore[arg-type]


def by_authority(part: Slice) -> dict[int, Line]:
    """Return a line for each authority that supervises an institution of the slice. Two queries."""
    sizes = dict(
        part.institutions()
        .values("supervising_authority_id")
        .annotate(n=Count("pk"))
        .values_list("supervising_authority_id", "n")
        .order_by()
    )
    rows = (
        part.rollups()
        .values("institution__supervising_authority_id")
        .annotate(
            **_SUMS,
            covered=Count("institution_id", distinct=True, filter=Q(enrolled__gt=0)),
        )
        .order_by()
    )
    found = {row["institution__supervising_authority_id"]: row for row in rows}
    return {
        pk: Line(_counts(found[pk]), size, found[pk]["covered"]) if pk in found else Line(Counts(), size, 0)
        for pk, size in sizes.items()
    }


def by_institution(part: Slice, institution_ids: Sequence[int] | None = None) -> dict[int, Counts]:
    """Return the counts of the slice by institution, of these only where they are given. One query."""
    rows = part.rollups()
    if institution_ids is not None:
        rows = rows.filter(institution_id__in=institution_ids)
    grouped = rows.values("institution_id").annotate(**_SUMS).order_by()
    return {row["institution_id"]: _counts(row) for row in grouped}


def by_course(part: Slice) -> dict[int, Counts]:
    """Return the counts of the slice by course. One query."""
    grouped = part.rollups().values("course_id").annotate(**_SUMS).order_by()
    return {row["course_id"]: _counts(row) for row in grouped}


def by_course_of(part: Slice, institution_id: int) -> dict[int, Counts]:
    """Return the counts of one institution of the slice by course. One query."""
    rows = (
        part.rollups().filter(institution_id=institution_id).values("course_id").annotate(**_SUMS).order_by()
    )
    return {row["course_id"]: _counts(row) for row in rows}


def total(lines: Sequence[Line]) -> Line:
    """Return the sum of lines; parts never overlap, since an institution has one authority."""
    return sum(lines, EMPTY)


def as_of(part: Slice) -> datetime | None:
    """Return the moment up to which the slice is counted: that of its oldest rollup."""
    moment: datetime | None = part.whole().aggregate(at=Min("as_of"))["at"]
    return moment


def as_of_institution(part: Slice, institution_id: int) -> datetime | None:
    """Return the moment up to which one institution of the slice is counted."""
    rows = part.whole().filter(institution_id=institution_id)
    moment: datetime | None = rows.aggregate(at=Min("as_of"))["at"]
    return moment


@dataclass(frozen=True, slots=True)
class Point:
    """A month's end: how many had enrolled, how many of them had completed."""

    month: date
    rate: Rate


Flows = dict[date, tuple[int, int]]


def flows(part: Slice) -> Flows:
    """Return by month how many enrolled and how many completed in it. One query."""
    rows = (
        part.months()
        .values("month")
        .annotate(enrolled_sum=Sum("enrolled"), completed_sum=Sum("completed"))
        .order_by("month")
    )
    return {row["month"]: (row["enrolled_sum"], row["completed_sum"]) for row in rows}


def trend(monthly: Flows, year: int, until: date) -> list[Point]:
    """Return the cumulative completion rate at the end of each month of `year` up to `until`."""
    enrolled = sum(flow[0] for month, flow in monthly.items() if month.year < year)
    completed = sum(flow[1] for month, flow in monthly.items() if month.year < year)
    points = []
    for number in range(1, 13):
        month = date(year, number, 1)
        if month > until:
            break
        flow = monthly.get(month, (0, 0))
        enrolled, completed = enrolled + flow[0], completed + flow[1]
        points.append(Point(month, Rate(completed, enrolled)))
    return points


@dataclass(frozen=True, slots=True)
class Attention:
    """What a regulator should look at: institutions, never people."""

    overdue_institutions: int
    overdue_in_them: int
    overdue: int
    without_enrolment: int
    odd_codes: int


MOST_OVERDUE = 20


def attention(part: Slice) -> Attention:
    """Return what needs attention. Three queries."""
    rows = part.rollups().values("institution_id").annotate(n=Sum("overdue"), m=Sum("enrolled")).order_by()
    overdue = sorted((row["n"] for row in rows if row["n"]), reverse=True)
    enrolled = sum(1 for row in rows if row["m"])
    codes = list(part.institutions().values_list("uscc", flat=True))
    return Attention(
        overdue_institutions=len(overdue[:MOST_OVERDUE]),
        overdue_in_them=sum(overdue[:MOST_OVERDUE]),
        overdue=sum(overdue),
        without_enrolment=len(codes) - enrolled,
        odd_codes=sum(not uscc_is_valid(code) for code in codes),
    )


SHOWS = ("all", "overdue", "none", "codes")


def institutions(part: Slice, show: str = "all", search: str = "") -> QuerySet[Institution]:
    """Return the institutions of the slice in the order of every table: by authority, then by code.

    `show` picks those with the most overdue, with nobody enrolled, or with a code that fails its check.
    """
    rows = part.institutions().select_related("supervising_authority")
    # PostgreSQL refuses a text with a zero byte; no name holds one.
    search = search.replace("\x00", "")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(uscc__istartswith=search))
    if show == "overdue":
        worst = (
            part.rollups()
            .values("institution_id")
            .annotate(n=Sum("overdue"))
            .filter(n__gt=0)
            .order_by("-n", "institution_id")
        )
        rows = rows.filter(pk__in=[row["institution_id"] for row in worst[:MOST_OVERDUE]])
    elif show == "none":
        rows = rows.exclude(pk__in=part.rollups().filter(enrolled__gt=0).values("institution_id"))
    elif show == "codes":
        odd = [pk for pk, code in part.institutions().values_list("pk", "uscc") if not uscc_is_valid(code)]
        rows = rows.filter(pk__in=odd)
    return rows.order_by("supervising_authority__position", "uscc", "pk")
