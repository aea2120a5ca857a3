"""Progress is the fold of its evidence: show where it is not, and make it so."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.progress.history import every_row
from classroom.progress.intervals import Intervals, intervals, size, union
from classroom.progress.models import Evidence, LessonProgress
from classroom.progress.moments import from_ms


@dataclass(frozen=True, slots=True)
class Difference:
    """A value of progress that the evidence does not bear out."""

    lesson_id: int
    field: str
    stored: Any
    folded: Any


@dataclass(slots=True)
class _Fold:
    coverage: Intervals
    acknowledged_at: Any = None


def _folded(enrolment: Enrolment) -> dict[int, _Fold]:
    """Return what the rows of an enrolment add up to, lesson by lesson."""
    folds: dict[int, _Fold] = {}
    for row in every_row(enrolment.pk):
        if row.lesson_id is None:
            continue
        fold = folds.setdefault(row.lesson_id, _Fold([]))
        if row.body["kept"]:
            fold.coverage = union([*fold.coverage, *((s, e) for s, e, _, _ in row.body["kept"])])
        if row.body["kind"] == Evidence.Kind.READ:
            fold.acknowledged_at = from_ms(row.body["received"])
    return folds


@transaction.atomic
def rebuild(*, enrolment: Enrolment, write: bool = False) -> list[Difference]:
    """Compare the progress of an enrolment with the fold of its evidence; with `write`, correct it.

    Locks the enrolment's progress rows in the order of their ids, so that no report comes between.
    Where a person stopped is no evidence and is left alone. Raises `BlockUnreadable` where rows are lost:
    a part of the evidence corrects nothing.
    """
    rows = LessonProgress.objects.select_for_update(no_key=True).filter(enrolment=enrolment).order_by("pk")
    stored = {row.lesson_id: row for row in rows}
    folds = _folded(enrolment)
    differences: list[Difference] = []
    for lesson_id in sorted({*folds, *stored}):
        fold = folds.get(lesson_id, _Fold([]))
        row = stored.get(lesson_id) or LessonProgress(enrolment=enrolment, lesson_id=lesson_id)
        found = _compare(row, fold)
        differences += found
        if found and write:
            row.coverage = [list(one) for one in fold.coverage]
            row.covered_ms = size(fold.coverage)
            row.furthest_ms = fold.coverage[-1][1] if fold.coverage else 0
            row.acknowledged_at, row.updated_at = fold.acknowledged_at, timezone.now()
            row.save()
    return differences


def _compare(row: LessonProgress, fold: _Fold) -> list[Difference]:
    pairs = {
        "coverage": (intervals(row.coverage), fold.coverage),
        "covered_ms": (row.covered_ms, size(fold.coverage)),
        "furthest_ms": (row.furthest_ms, fold.coverage[-1][1] if fold.coverage else 0),
        "acknowledged_at": (row.acknowledged_at, fold.acknowledged_at),
    }
    return [
        Difference(row.lesson_id, name, stored, folded)
        for name, (stored, folded) in pairs.items()
        if stored != folded
    ]
