"""Keeps the rollups true: marks what changed, counts it again, and proves it by counting all."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from classroom.completion.models import Completion, CreditEntry
from classroom.enrolment.models import Enrolment
from classroom.exams.models import Attempt
from classroom.institutions.models import Institution, Membership
from classroom.people.models import AuditEntry, User
from classroom.plans.models import Plan
from classroom.progress.models import LessonProgress
from classroom.reports.figures import COUNT_FIELDS, Counts
from classroom.reports.models import Due, Rollup, RollupMonth, RollupPart, Watermark
from classroom.reports.queries import facts

_WHY = "rollups count for everybody; who reads them is scoped"
# A transaction may commit a while after the moment it wrote down, so each reading begins earlier.
_OVERLAP = timedelta(minutes=2)
# A paper that the sweep hands in bears its deadline, however late the sweep came.
_LATE_PAPERS = timedelta(hours=6)
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """A rollup that did not say what the facts say."""

    institution_id: int
    course_id: int
    stored: Counts
    counted: Counts


def refresh(*, now: datetime | None = None) -> int:
    """Mark and count again what changed since the last refresh; return how many institutions.

    On a new day everything is counted, since due days pass and plans open without a change of facts.
    Safe to run twice or at the same time.
    """
    at = now or timezone.now()
    if mark_changed(now=at):
        rebuild(now=at)
        # Only now: a worker that dies before leaves the day to be counted by the next one.
        Watermark.objects.update(counted_on=timezone.localdate(at))
    return recount_due(now=at)


@transaction.atomic
def mark_changed(*, now: datetime) -> bool:
    """Mark the rollups whose facts changed; return whether this day was not yet counted whole.

    Locks the watermark.
    """
    mark = Watermark.objects.select_for_update().first()
    today = timezone.localdate(now)
    if mark is None:
        Watermark.objects.create(pk=1, read_until=now)
        return True
    since = mark.read_until - _OVERLAP
    _mark(_changed_pairs(since), now)
    _mark(_pairs_of_institutions(_changed_institutions(since)), now)
    mark.read_until = now
    mark.save(update_fields=["read_until"])
    return mark.counted_on != today


def _mark(pairs: Iterable[tuple[int, int]], now: datetime) -> None:
    rows = [Due(institution_id=institution, course_id=course, marked_at=now) for institution, course in pairs]
    Due.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["institution", "course"],
        update_fields=["marked_at"],
    )


def _changed_pairs(since: datetime) -> set[tuple[int, int]]:
    """Return (institution, course) of every fact that was written since."""
    enrolments = Enrolment.objects.unscoped(_WHY).filter(
        Q(enrolled_at__gte=since) | Q(completed_at__gte=since) | Q(withdrawn_at__gte=since)
    )
    pairs = set(enrolments.values_list("institution_id", "course_id"))
    below = ("enrolment__institution_id", "enrolment__course_id")
    papers = Q(submitted_at__gte=since) | Q(is_auto_submitted=True, submitted_at__gte=since - _LATE_PAPERS)
    pairs.update(Attempt.objects.unscoped(_WHY).filter(papers).values_list(*below))
    pairs.update(Completion.objects.unscoped(_WHY).filter(at__gte=since).values_list(*below))
    of_credit = ("completion__enrolment__institution_id", "completion__enrolment__course_id")
    pairs.update(CreditEntry.objects.filter(at__gte=since).values_list(*of_credit))
    pairs.update(LessonProgress.objects.filter(updated_at__gte=since).values_list(*below).distinct())
    return {(institution, course) for institution, course in pairs if institution is not None}


def _changed_institutions(since: datetime) -> set[int]:
    """Return the institutions whose staff, posts or plans changed since, by plans and by the audit."""
    ids: set[int] = set()
    plans = Plan.objects.filter(Q(created_at__gte=since) | Q(closed_at__gte=since)).select_related(
        "authority"
    )
    for plan in plans:
        if plan.institution_id:
            ids.add(plan.institution_id)
        elif plan.authority:
            under = Institution.objects.unscoped(_WHY).filter(
                supervising_authority__path__startswith=plan.authority.path
            )
            ids.update(under.values_list("pk", flat=True))
    entries = AuditEntry.objects.filter(
        Q(action__startswith="institutions.") | Q(action__startswith="plans."), at__gte=since
    )
    for detail in entries.values_list("detail", flat=True):
        ids.update(int(pk) for pk in detail.get("institutions", []))
    ids.update(_employers_of_closed_accounts(since))
    known = Institution.objects.unscoped(_WHY).filter(pk__in=ids)
    return set(known.values_list("pk", flat=True))


def _employers_of_closed_accounts(since: datetime) -> set[int]:
    """Return the institutions of people whose account was closed since: they are nobody's due staff."""
    closed = User.objects.filter(closed_at__gte=since)
    members = Membership.objects.unscoped(_WHY).filter(user__in=closed)
    return set(members.values_list("institution_id", flat=True))


def _pairs_of_institutions(ids: set[int]) -> set[tuple[int, int]]:
    """Return each institution once: counting one of its courses counts them all."""
    course = Plan.objects.order_by("pk").values_list("course_id", flat=True).first()
    return {(pk, course) for pk in ids} if course else set()


def recount_due(*, now: datetime, at_most: int = 20 * _AT_ONCE) -> int:
    """Count the marked institutions again, the longest waiting first; return how many."""
    waiting = list(
        dict.fromkeys(Due.objects.order_by("marked_at", "pk").values_list("institution_id", flat=True))
    )[:at_most]
    for start in range(0, len(waiting), _AT_ONCE):
        recount(institution_ids=waiting[start : start + _AT_ONCE], now=now)
    return len(waiting)


@transaction.atomic
def recount(*, institution_ids: list[int], now: datetime) -> list[Difference]:
    """Count these institutions again and store it; return what had been wrong.

    Locks the rows of the institutions in the order of their keys, so that two counts of one
    institution follow each other and the later one sees all that is committed.
    """
    locked = Institution.objects.unscoped(_WHY).filter(pk__in=institution_ids).order_by("pk")
    ids = list(locked.select_for_update().values_list("pk", flat=True))
    taken = list(Due.objects.filter(institution_id__in=ids).values_list("pk", "marked_at"))
    counted = facts.count(ids, now)
    differences = _differences(ids, counted.counts)
    _store(ids, counted.counts, now)
    _store_parts(ids, counted)
    marks: dict[datetime, list[int]] = {}
    for pk, marked_at in taken:
        marks.setdefault(marked_at, []).append(pk)
    for marked_at, pks in marks.items():
        # A mark that moved meanwhile stays: something changed while this was counted.
        Due.objects.filter(pk__in=pks, marked_at=marked_at).delete()
    return differences


def _differences(ids: list[int], counted: dict[tuple[int, int], Counts]) -> list[Difference]:
    rollups = Rollup.objects.unscoped(_WHY).filter(institution_id__in=ids)
    stored = {
        (institution, course): Counts(*values)
        for institution, course, *values in rollups.values_list("institution_id", "course_id", *COUNT_FIELDS)
    }
    return [
        Difference(key[0], key[1], stored.get(key, Counts()), counted.get(key, Counts()))
        for key in sorted(stored.keys() | counted.keys())
        if stored.get(key, Counts()) != counted.get(key, Counts())
    ]


def _store(ids: list[int], counted: dict[tuple[int, int], Counts], now: datetime) -> None:
    stale = Rollup.objects.unscoped(_WHY).filter(institution_id__in=ids)
    gone = [
        pk for pk, *key in stale.values_list("pk", "institution_id", "course_id") if tuple(key) not in counted
    ]
    Rollup.objects.unscoped(_WHY).filter(pk__in=gone).delete()
    Rollup.objects.bulk_create(
        [
            Rollup(
                institution_id=institution,
                course_id=course,
                as_of=now,
                **_fields(counts),
            )
            for (institution, course), counts in counted.items()
        ],
        batch_size=200,
        update_conflicts=True,
        unique_fields=["institution", "course"],
        update_fields=[*COUNT_FIELDS, "as_of"],
    )


def _fields(counts: Counts) -> dict[str, Any]:
    return dict(zip(COUNT_FIELDS, astuple(counts), strict=True))


def _store_parts(ids: list[int], counted: facts.Counted) -> None:
    RollupPart.objects.unscoped(_WHY).filter(institution_id__in=ids).delete()
    RollupPart.objects.bulk_create(
        [
            RollupPart(institution_id=institution, course_id=course, year=year, post=post, **_fields(counts))
            for (institution, course, year, post), counts in counted.parts.items()
            if year or post
        ],
        batch_size=200,
    )
    RollupMonth.objects.unscoped(_WHY).filter(institution_id__in=ids).delete()
    RollupMonth.objects.bulk_create(
        [
            RollupMonth(
                institution_id=institution,
                course_id=course,
                month=month,
                post=post,
                enrolled=flow[0],
                completed=flow[1],
            )
            for (institution, course, month, post), flow in counted.months.items()
        ],
        batch_size=200,
    )


def rebuild(*, now: datetime | None = None) -> list[Difference]:
    """Count all institutions from the facts, in steps; return every rollup that had been wrong."""
    at = now or timezone.now()
    differences: list[Difference] = []
    for ids in _all_institutions():
        differences += recount(institution_ids=ids, now=at)
    return differences


def _all_institutions() -> Iterator[list[int]]:
    last = 0
    rows = Institution.objects.unscoped(_WHY).order_by("pk")
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:_AT_ONCE]):
        yield ids
        last = ids[-1]
