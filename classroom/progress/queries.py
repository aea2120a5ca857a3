"""Reads of progress: what a person has covered, what is missing, what question waits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min

from classroom.enrolment.models import Enrolment
from classroom.progress import spans
from classroom.progress.history import rows_of
from classroom.progress.intervals import Intervals, intervals, union
from classroom.progress.models import Block, Evidence, LessonProgress, PersonClock, PlaySession, PresenceCheck
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.reach import was_reached
from classroom.progress.terms import policy_of


def progress_map(enrolment: Enrolment) -> dict[int, LessonProgress]:
    """Return the progress of an enrolment by lesson id; lessons not begun are absent. One query."""
    return {row.lesson_id: row for row in LessonProgress.objects.filter(enrolment=enrolment)}


def gaps(
    progress: LessonProgress | None, duration: int, policy: Mapping[str, Any] | None = None
) -> Intervals:
    """Return what of a lecture is still to be watched, in ms; playing exactly this makes it seen."""
    coverage = intervals(progress.coverage) if progress else []
    return spans.missing(coverage, duration, policy_of(policy or {}).tolerance)


def waiting_media(progress: LessonProgress | None) -> Intervals:
    """Return what was shown ahead of the furthest point, in ms: it counts once what lies before it does."""
    return union((s, e) for s, e, *_ in progress.waiting) if progress else []


def left_out(progress: LessonProgress | None, duration: int, policy: Mapping[str, Any]) -> Intervals:
    """Return the gaps behind what was reached, in ms, as learner, manager and regulator are shown them."""
    lacking = gaps(progress, duration, policy)
    return spans.left_out(lacking, waiting_media(progress), progress.furthest_ms if progress else 0)


def has_shown(session: PlaySession, moment: int, now: datetime) -> bool:
    """Whether a moment of the lecture was played, in this viewing or another; see `reach.was_reached`.

    No query where the session was read with `progress` and `clock__check_open`.
    """
    policy, progress, clock = policy_of(session.policy), session.progress, session.clock
    held = clock.check_open.provisional.values() if clock.check_open else ()
    shown = [
        *intervals(progress.coverage),
        *waiting_media(progress),
        *((s, e) for one in held if one["progress"] == progress.pk for s, e, *_ in one["pieces"]),
    ]
    # Each contact keeps the viewing alive for the allowance; the last of them ends it.
    heard = clock.sessions.get(str(session.pk), {"heard": session.heard})["heard"]
    quiet = to_ms(now) - (heard[-1][1] - policy.allowance)
    return was_reached(moment, shown, quiet=quiet, cap=policy.cap, tolerance=policy.tolerance)


def is_seen(
    progress: LessonProgress | None,
    duration: int,
    policy: Mapping[str, Any],
    percent: int | None = None,
) -> bool:
    """Whether a lecture counts as seen, by the edition's policy or by a rule's own percent."""
    if progress is None:
        return False
    terms = policy_of(policy)
    wanted = terms.coverage_percent if percent is None else percent
    return spans.is_seen(intervals(progress.coverage), duration, terms.tolerance, wanted)


def passed_checks(enrolment: Enrolment) -> int:
    """Return how many presence checks were answered in time."""
    return PresenceCheck.objects.filter(
        session__enrolment=enrolment, state=PresenceCheck.State.PASSED
    ).count()


@dataclass(frozen=True, slots=True)
class Heard:
    """How many reports of a lesson came, from when to when."""

    reports: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Viewing:
    """A session as those who check it see it."""

    opened_at: datetime
    device: str
    reports: int


def viewings(enrolment: Enrolment, *, most: int = 20) -> list[Viewing]:
    """Return the newest viewings of an enrolment. Two queries: of those in use the person's clock knows more."""
    clock = PersonClock.objects.filter(pk=enrolment.user_id).only("sessions").first()
    at_hand = clock.sessions if clock else {}
    return [
        Viewing(
            opened_at=one.opened_at,
            device=one.agent_family or one.device,
            reports=1 + at_hand.get(str(one.pk), {"seq": one.highest_seq})["seq"],
        )
        for one in PlaySession.objects.filter(enrolment=enrolment).order_by("-opened_at")[:most]
    ]


def heard(enrolment: Enrolment) -> dict[int, Heard]:
    """Return what was reported, by lesson id; lessons never played are absent. Two queries.

    Compacted or not, the answer is the same, and no block is fetched for it.
    """
    found: dict[int, Heard] = {}
    blocks = Block.objects.filter(enrolment=enrolment).order_by("first").values_list("last", "lessons")
    behind = -1
    for last, lessons in blocks:
        behind = last
        for key, one in lessons.items():
            if one["reports"]:
                _add(found, int(key), Heard(one["reports"], from_ms(one["first"]), from_ms(one["last"])))
    rows = (
        Evidence.objects.unscoped("the caller checked who reads")
        .filter(enrolment=enrolment, kind=Evidence.Kind.WATCH, index__gt=behind)
        .values_list("lesson_id")
        .annotate(n=Count("pk"), first=Min("received_at"), last=Max("received_at"))
        .order_by()
    )
    for lesson_id, count, first, last_at in rows:
        _add(found, lesson_id, Heard(count, first, last_at))
    return found


def chained_decisions(enrolment_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what the chains of these enrolments tell of decisions, in their order. Two queries, and every block.

    The table is asked first: rows that leave it meanwhile are found in their block. Raises `BlockUnreadable`.
    """
    found: dict[int, dict[int, dict[str, Any]]] = {}
    told = Evidence.objects.unscoped("the operator verifies everybody's").filter(
        enrolment_id__in=enrolment_ids, kind=Evidence.Kind.DECISION
    )
    for pk, index, facts in told.values_list("enrolment_id", "index", "facts"):
        found.setdefault(pk, {})[index] = facts
    for block in Block.objects.filter(enrolment_id__in=enrolment_ids, emptied_at__isnull=False):
        for row in rows_of(block):
            if row.body["kind"] == Evidence.Kind.DECISION:
                found.setdefault(block.enrolment_id, {})[row.body["index"]] = row.body["facts"]
    return {pk: [by_index[index] for index in sorted(by_index)] for pk, by_index in found.items()}


def _add(found: dict[int, Heard], lesson_id: int, more: Heard) -> None:
    one = found.get(lesson_id, more)
    reports = more.reports + (one.reports if lesson_id in found else 0)
    found[lesson_id] = Heard(reports, min(one.first_at, more.first_at), max(one.last_at, more.last_at))
