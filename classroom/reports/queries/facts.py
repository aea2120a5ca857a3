"""Counts from the facts themselves. Everything that a rollup holds is decided here, once.

- Due staff: people with a membership today who are in the audience of an open plan, and whoever is enrolled.
- Enrolled: people with an enrolment that was not withdrawn; of several the newest counts.
- Completed, examined (an attempt was graded), passed, resat (graded twice or more), overdue (the
  due day has passed and it is not complete): each a number of people.
- The institution of an enrolment is the employer at that time, so a transfer rewrites nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Q, Sum
from django.utils import timezone

from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.models import Institution, Post
from classroom.institutions.queries import active_on, members_due
from classroom.plans.queries import applies, open_plans
from classroom.progress.models import LessonProgress
from classroom.reports.figures import Counts

_WHY = "rollups count for everybody; who reads them is scoped"

Key = tuple[int, int]


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
    """Counts by (institution, course), and enrolled and completed by (institution, course, month)."""

    counts: dict[Key, Counts] = field(default_factory=dict)
    months: dict[tuple[int, int, date], list[int]] = field(default_factory=dict)


def count(institution_ids: Sequence[int], now: datetime) -> Counted:
    """Count everything of these institutions, in a fixed number of queries."""
    today = timezone.localdate(now)
    rows = _newest(institution_ids)
    due = _due(institution_ids, today)
    for row in rows:
        due[row.institution_id, row.course_id].add(row.user_id)
    found = Counted({key: Counts(due_staff=len(people)) for key, people in due.items() if people})
    completions, attempts, seconds = _of_enrolments(institution_ids)
    for row in rows:
        key = (row.institution_id, row.course_id)
        graded, passed = attempts.get(row.pk, (0, 0))
        done = row.state == Enrolment.State.COMPLETED
        found.counts[key] += Counts(
            enrolled=1,
            completed=int(done),
            examined=int(graded > 0),
            passed=int(passed > 0),
            resat=int(graded > 1),
            overdue=int(not done and row.due_on is not None and row.due_on < today),
            verified_seconds=seconds.get(row.pk, 0),
            credit_hours=completions.get(row.pk, Decimal(0)),
        )
        _flow(found, key, row.enrolled_at, 0)
        if done and row.completed_at:
            _flow(found, key, row.completed_at, 1)
    return found


def _flow(found: Counted, key: Key, at: datetime, column: int) -> None:
    month = timezone.localdate(at).replace(day=1)
    found.months.setdefault((*key, month), [0, 0])[column] += 1


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
        .order_by("period", "enrolled_at", "pk")
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
    hours = dict(Completion.objects.unscoped(_WHY).filter(within).values_list("enrolment_id", "credit_hours"))
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


def _due(institution_ids: Sequence[int], today: date) -> defaultdict[Key, set[int]]:
    """Return who is in the audience of an open plan, by institution and course."""
    paths = dict(
        Institution.objects.unscoped(_WHY)
        .filter(pk__in=institution_ids)
        .values_list("pk", "supervising_authority__path")
    )
    plans = list(open_plans(today).select_related("authority"))
    due: defaultdict[Key, set[int]] = defaultdict(set)
    if not plans:
        return due
    staff, posts = _staff(institution_ids, today)
    for plan in plans:
        for institution_id, path in paths.items():
            if not applies(plan, institution_id, path):
                continue
            for membership_id, user_id in staff[institution_id]:
                if not plan.posts or posts[membership_id].intersection(plan.posts):
                    due[institution_id, plan.course_id].add(user_id)
    return due


def _staff(
    institution_ids: Iterable[int], today: date
) -> tuple[defaultdict[int, list[tuple[int, int]]], defaultdict[int, set[str]]]:
    """Return (membership, person) by institution, and the kinds of posts by membership."""
    staff: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    members = members_due(institution_ids=institution_ids, posts=[], on=today)
    for pk, user_id, institution_id in members.values_list("pk", "user_id", "institution_id"):
        staff[institution_id].append((pk, user_id))
    posts: defaultdict[int, set[str]] = defaultdict(set)
    held = Post.objects.filter(active_on(today), membership__institution_id__in=institution_ids)
    for membership_id, kind in held.values_list("membership_id", "kind"):
        posts[membership_id].add(kind)
    return staff, posts
