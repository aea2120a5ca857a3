"""A learner on an edition, and a player that reports as the real one does."""

import pytest
from django.db import connection

from classroom.progress import services
from classroom.progress.services import partitions
from classroom.progress.spans import Span
from tests.learner import Learner


@pytest.fixture
def learner(db) -> Learner:
    return Learner.on_edition()


@pytest.fixture
def watched(db) -> Learner:
    """A learner who watched a minute, told an impossible second, confirmed a reading and went on elsewhere."""
    learner = Learner.on_edition(reading=True)
    learner.open()
    learner.play(0, 60)
    learner.report(Span(120_000, 130_000, 60_000, 61_000))
    reading = learner.enrolment.edition.lessons.get(kind="reading")
    services.acknowledge_reading(enrolment=learner.enrolment, lesson=reading, now=learner.now)
    learner.open(learner.enrolment.edition.lessons.order_by("position")[1])
    learner.play(0, 30)
    return learner


@pytest.fixture
def parted(transactional_db):
    """The table's ranges, which a test may change: they are no rows, so nothing else brings them back."""
    before = partitions.ranges()
    yield before
    found = partitions.ranges()
    with connection.cursor() as cursor:
        for one in found:
            if one not in before:
                cursor.execute(f"DROP TABLE {one.name}")
        for one in before:
            if one not in found:
                cursor.execute(
                    f"CREATE TABLE {one.name} PARTITION OF progress_evidence"
                    f" FOR VALUES FROM ({one.start}) TO ({one.end}) WITH ({partitions._CLEANED})"
                )
