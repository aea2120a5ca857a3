"""Learners by the number of their enrolment, and where in the table their evidence lies."""

from typing import Any

from django.db import connection

from classroom.enrolment.models import Enrolment
from classroom.progress.services import partitions
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.learner import Learner

NET = "progress_evidence_default"
# Small enough that a test reaches the end of a range.
SIZE = 1000


def learner_of(number: int, **fields: Any) -> Learner:
    """A learner whose enrolment has this number."""
    edition = complete_edition(reading=False, exam=False)
    return Learner(EnrolmentFactory(pk=number, edition=edition, **fields), edition.lessons.first())


def enrolled(number: int, **fields: Any) -> Enrolment:
    """Somebody who never reported."""
    return EnrolmentFactory(pk=number, **fields)


def ask(sql: str, *values: object) -> list[Any]:
    """Return the rows, or the values where a row has one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def lies_in(learner: Learner) -> list[str]:
    """The parts of the table with evidence of this learner."""
    sql = "SELECT DISTINCT tableoid::regclass::text FROM progress_evidence WHERE enrolment_id = %s"
    return ask(sql, learner.enrolment.pk)


def parts() -> list[str]:
    """Every part of the table, the net included."""
    sql = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'progress_evidence'::regclass"
    return sorted(ask(sql))


def end() -> int:
    """Where the ranges end."""
    return partitions.ranges()[-1].end
