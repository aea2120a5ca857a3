"""Counts from the facts themselves. Everything that a rollup holds is decided here, once.

- Due staff: people with a membership today who are in the audience of an open plan, and whoever is enrolled.
- Enrolled: people with an enrolment that was not withdrawn; of several the newest counts.
- Completed, examined (an attempt was graded), passed, resat (graded twice or more), overdue (the
  due day has passed and it is not complete): each a number of people.
- Corrected: of the completed, those whom two persons counted as such by hand.
- The institution of an enrolment is the employer at that time, so a transfer rewrites nothing.
- Of one year: enrolments begun in it, and due staff of the plans that run in it. Of one post: people
  who hold it there today.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Q, Sum
from django.utils import timezone

from classroom.completion.models import Completion, CreditEntry
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.models import Institution, Post
from classroom.institutions.queries import active_on, members_due
from classroom.plans.queries import applies, open_plans
from classroom.progress.models import LessonProgress
from classroom.reports.figures import Counts

_WHY = "rollups count for everybody; who reads them is scoped"

Key = tuple[int, int]
# Institution, course, year (0 for all), kind of post ("" for everybody).
PartKey = tuple[int, int, int, str]
# The kinds of post by (institution, person).
Held = defaultdict[tuple[int, int], set[str]]


class _Row(NamedTuple):
    """One enrolment, the newest of its person and course at its institution."""

    pk: int
    user_id: int
    institution_id: int
    course_id: int
    state: str
    due_on: date | None
    enrolled_at: datetime
    completed_at: datetime | None


@dataclass
class Counted:
    """Counts by (institution, course), the same by year and post, and the flows of each month by post."""

    parts: dict[PartKey, Counts] = field(default_factory=dict)
    months: dict[tuple[int, int, date, str], list[int]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Key, Counts]:
        """What the rollups hold: every year, everybody."""
        return {key[:2]: counts for key, counts in self.parts.items() if key[2:] == (0, "")}


def count(institution_ids: Sequence[int], now: datetime) -> Counted:
    """Count everything of these institutions, in a fixed number of queries."""
    today = timezone.localdate(now)
    rows = _newest(institution_ids)
    staff, held = _staff(institution_ids, today)
    due = _due(institution_ids, today, staff, held)
    for row in rows:
        for part in _parts(row, held):
            due[part].add(row.user_id)
    found = Counted({part: Counts(due_staff=len(people)) for part, people in due.items() if people})
    completions, attempts, seconds = _of_enrolments(institution_ids)
    by_hand = _by_hand(institution_ids)
    for row in rows:
        graded, passed = attempts.get(row.pk, (0, 0))
        done = row.state == Enrolment.State.COMPLETED
        counts = Counts(
            enrolled=1,
            completed=int(done),
            examined=int(graded > 0),
            passed=int(passed > 0),
            resat=int(graded > 1),
            overdue=int(not done and row.due_on is not None and row.due_on < today),
            verified_seconds=seconds.get(row.pk, 0),
            credit_hours=completions.get(row.pk, Decimal(0)),
            corrected=int(done and row.pk in by_hand),
        )
        for part in _parts(row, held):
            found.parts[part] += counts
        for kind in ("", *held[row.institution_id, row.user_id]):
            _flow(found, row, kind, row.enrolled_at, 0)
            if done and row.completed_at:
                _flow(found, row, kind, row.completed_at, 1)
    return found


def _parts(row: _Row, held: Held) -> Iterator[PartKey]:
    """Yield each part in which the enrolment counts."""
    for year in (0, timezone.localdate(row.enrolled_at).year):
        for kind in ("", *held[row.institution_id, row.user_id]):
            yield row.institution_id, row.course_id, year, kind


def _flow(found: Counted, row: _Row, kind: str, at: datetime, column: int) -> None:
    month = timezone.localdate(at).replace(day=1)
    found.months.setdefault((row.institution_id, row.course_id, month, kind), [0, 0])[column] += 1


def _newest(institution_ids: Sequence[int]) -> list[_Row]:
    fields = (
        "pk",
        "user_id",
        "institution_id",
        "course_id",
        "state",
        "due_on",
        "enrolled_at",
        "completed_at",
    )
    rows = (
        Enrolment.objects.unscoped(_WHY)
        .filter(institution_id__in=institution_ids)
        .exclude(state=Enrolment.State.WITHDRAWN)
        .order_by("enrolled_at", "period", "pk")
        .values_list(*fields)
    )
    newest: dict[tuple[int, int, int], _Row] = {}
    for values in rows.iterator(chunk_size=5000):
        row = _Row(*values)
        newest[row.institution_id, row.course_id, row.user_id] = row
    return list(newest.values())


def _of_enrolments(
    institution_ids: Sequence[int],
) -> tuple[dict[int, Decimal], dict[int, tuple[int, int]], dict[int, int]]:
    """Return by enrolment: credit hours, (graded, passed) attempts, verified seconds."""
    within = Q(enrolment__institution_id__in=institution_ids)
    # The decision's hours, or what the ledger holds of them now: corrections by hand are entries there.
    hours = dict(Completion.objects.unscoped(_WHY).filter(within).values_list("enrolment_id", "credit_hours"))
    hours |= dict(
        CreditEntry.objects.filter(completion__enrolment__institution_id__in=institution_ids)
        .values("completion__enrolment_id")
        .annotate(held=Sum("hours"))
        .values_list("completion__enrolment_id", "held")
        .order_by()
    )
    attempts = {
        pk: (graded, passed)
        for pk, graded, passed in Attempt.objects.unscoped(_WHY)
        .filter(within, state=Attempt.State.GRADED)
        .values("enrolment_id")
        .annotate(graded=Count("pk"), passed=Count("pk", filter=Q(is_passed=True)))
        .values_list("enrolment_id", "graded", "passed")
        .order_by()
    }
    seconds = {
        pk: covered // 1000
        for pk, covered in LessonProgress.objects.filter(within)
        .values("enrolment_id")
        .annotate(covered=Sum("covered_ms"))
        .values_list("enrolment_id", "covered")
        .order_by()
    }
    return hours, attempts, seconds


def _by_hand(institution_ids: Sequence[int]) -> set[int]:
    """Return the enrolments that two persons counted as completed."""
    rows = Completion.objects.unscoped(_WHY).filter(
        enrolment__institution_id__in=institution_ids, correction__isnull=False
    )
    return set(rows.values_list("enrolment_id", flat=True))


def _due(
    institution_ids: Sequence[int], today: date, staff: Iterable[tuple[int, int]], held: Held
) -> defaultdict[PartKey, set[int]]:
    """Return who is in the audience of an open plan, by institution, course, year and post."""
    paths = dict(
        Institution.objects.unscoped(_WHY)
        .filter(pk__in=institution_ids)
        .values_list("pk", "supervising_authority__path")
    )
    due: defaultdict[PartKey, set[int]] = defaultdict(set)
    plans = list(open_plans(today).select_related("authority"))
    for institution_id, user_id in staff if plans else ():
        kinds = held[institution_id, user_id]
        for plan in plans:
            if not applies(plan, institution_id, paths[institution_id]):
                continue
            if plan.posts and not kinds.intersection(plan.posts):
                continue
            for year in (0, *range(plan.opens_on.year, plan.due_on.year + 1)):
                for kind in ("", *kinds):
                    due[institution_id, plan.course_id, year, kind].add(user_id)
    return due


def _staff(institution_ids: Iterable[int], today: date) -> tuple[list[tuple[int, int]], Held]:
    """Return today's (institution, person), and which kinds of posts each holds there."""
    members = members_due(institution_ids=institution_ids, posts=[], on=today)
    staff = sorted(set(members.values_list("institution_id", "user_id")))
    held: Held = defaultdict(set)
    rows = Post.objects.filter(
        active_on(today),
        active_on(today, "membership__"),
        membership__institution_id__in=institution_ids,
        membership__user__is_active=True,
    )
    for institution_id, user_id, kind in rows.values_list(
        "membership__institution_id", "membership__user_id", "kind"
    ):
        held[institution_id, user_id].add(kind)
    return staff, held
