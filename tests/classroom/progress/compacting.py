"""Time that passes over evidence: sealed, settled, written, emptied."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from classroom.enrolment.models import Enrolment
from classroom.progress import services
from classroom.progress.export import export_lines
from classroom.progress.models import Block, Evidence
from classroom.progress.services.compaction import REST, Compacted
from tests.learner import Learner

SETTLED = timedelta(days=30)


def lines(enrolment: Enrolment) -> list[dict[str, Any]]:
    return list(export_lines(enrolment))


def left(enrolment: Enrolment) -> int:
    """How many rows of it are in the table."""
    return Evidence.objects.unscoped("test").filter(enrolment=enrolment).count()


def by_hand() -> QuerySet[Evidence]:
    """The rows as whoever holds the database reaches them, past the guard of the model."""
    return QuerySet(Evidence)


def seal(learner: Learner) -> datetime:
    """Sign all heads now; return when the evidence is settled."""
    services.make_checkpoint(now=learner.now)
    return learner.now + SETTLED


def compact(learner: Learner) -> Block:
    """Seal, wait and compact; return the newest block, emptied."""
    at = seal(learner)
    assert services.compact_due(now=at) == Compacted(written=1)
    assert services.compact_due(now=at + REST) == Compacted(emptied=1)
    return Block.objects.filter(enrolment=learner.enrolment).latest("first")


def object_of(block: Block) -> Path:
    """The file in the storage."""
    return Path(default_storage.path(block.key))
