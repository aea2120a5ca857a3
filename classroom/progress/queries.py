"""Reads of progress: what a person has covered, what is missing, what question waits."""

from collections.abc import Mapping
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress import spans
from classroom.progress.intervals import Intervals, intervals
from classroom.progress.models import LessonProgress, PresenceCheck
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
