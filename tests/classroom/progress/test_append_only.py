"""Evidence is neither changed nor deleted by any road of the ORM; it leaves the table for its block alone."""

import pytest
from django.db import transaction
from django.utils import timezone

from classroom.people.append_only import AppendOnly
from classroom.progress import services
from classroom.progress.models import Block, Evidence
from classroom.progress.services.compaction import REST
from tests.classroom.progress.compacting import left, seal
from tests.learner import Learner


def test_a_row_is_neither_changed_nor_deleted_by_any_road(watched: Learner) -> None:
    row = Evidence.rows.filter(enrolment=watched.enrolment, kind="watch").first()
    kept = list(Evidence.rows.order_by("pk").values())
    row.kept = [[0, 180_000, 0, 180_000]]
    every = Evidence.objects.unscoped("test")
    for act in (
        row.save,
        row.delete,
        lambda: Evidence.rows.update(kept=row.kept),
        Evidence.rows.all().delete,
        lambda: every.filter(pk=row.pk).update(kept=row.kept),
        every.filter(pk=row.pk).delete,
        lambda: every.bulk_update([row], ["kept"]),
        lambda: every.update_or_create(pk=row.pk, defaults={"kept": row.kept}),
        watched.enrolment.evidence.all().delete,
        lambda: watched.session.evidence.update(kept=row.kept),
    ):
        with pytest.raises(AppendOnly), transaction.atomic():
            act()
    assert list(Evidence.rows.order_by("pk").values()) == kept


def test_rows_leave_only_for_a_block_that_says_so_and_only_those_that_it_holds(watched: Learner) -> None:
    at = seal(watched)
    other = Learner.on_edition()
    other.open()
    services.compact_due(now=at)
    block = Block.objects.get(enrolment=watched.enrolment)
    with pytest.raises(AppendOnly):
        Evidence.rows.leave_for(block)
    # What the object in memory says does not open the door.
    block.emptied_at = timezone.now()
    with pytest.raises(AppendOnly):
        Evidence.rows.leave_for(block)
    assert left(watched.enrolment) == block.rows
    services.compact_due(now=at + REST)
    assert (left(watched.enrolment), left(other.enrolment)) == (0, 1)
