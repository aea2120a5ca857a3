"""The table of evidence in ranges of enrolments, on PostgreSQL; SQLite has one table.

Enrolments are numbered as they come, so that a range of them is a stretch of time, and whoever writes or reads
a chain meets one range only. The next range is made while the last is still to be begun. What belongs to none
(many enrolled at once, a late report to a range that was dropped) lands in the net, so that no report can fail.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Max

from classroom.enrolment.models import Enrolment
from classroom.progress.models import Chain, Evidence, PlaySession
from courses.catalogue.models import EditionLesson

_TABLE = Evidence._meta.db_table
_NET = f"{_TABLE}_default"
# What its rows refer to: whoever makes a range makes its foreign keys.
_REFERENCED = ", ".join(model._meta.db_table for model in (Enrolment, EditionLesson, PlaySession))
_BOUNDS = re.compile(r"FOR VALUES FROM \('(\d+)'\) TO \('(\d+)'\)")
# As migration 0004 set it for the one table; a new range begins with the server's defaults.
_CLEANED = (
    "autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02,"
    " autovacuum_analyze_scale_factor = 0.01"
)
# How long reports may have to wait for us, and how long we try. All locks together are waited for less than the
# second after which PostgreSQL looks for a ring of waiters and would end one of them, perhaps a learner's.
_WAIT, _WORK = "100ms", "3s"
_TRIES, _PAUSE_S = 10, 0.5
_LOCKED, _RING, _TOO_LONG = "55P03", "40P01", "57014"
# More rows than this do not leave the net at once; compaction takes them from there.
_MOVED_AT_MOST = 50_000
# What an empty table may take.
_EMPTY_BYTES = 1024**2
_WHY = "the table is everybody's"
log = logging.getLogger(__name__)
_Done = TypeVar("_Done")


class _InUse(Exception):
    """The moment in which nobody uses the table did not come."""


@dataclass(frozen=True, slots=True)
class Range:
    """A part of the table: the rows of the enrolments from `start` on and before `end`."""

    name: str
    start: int
    end: int


@dataclass(slots=True)
class Kept:
    """What one look after the table did: ranges made, given back their room, dropped; rows out of the net."""

    made: int = 0
    moved: int = 0
    freed: int = 0
    dropped: int = 0


def ranges() -> list[Range]:
    """Return the table's ranges in their order; none where it is one table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT part.relname, pg_get_expr(part.relpartbound, part.oid) FROM pg_inherits"
            " JOIN pg_class part ON part.oid = inhrelid WHERE inhparent = %s::regclass",
            [_TABLE],
        )
        found = [(name, _BOUNDS.fullmatch(bounds)) for name, bounds in cursor.fetchall()]
    return sorted(
        (Range(name, int(bounds[1]), int(bounds[2])) for name, bounds in found if bounds),
        key=lambda one: one.start,
    )


def keep_ranges(*, size: int | None = None) -> Kept:
    """Make ranges until one whole is ahead of the newest enrolment; let go of those that are empty and settled.

    Where the table is in use all the while, this is logged and left to the next time. Twice at once is once.
    """
    kept = Kept()
    if connection.vendor != "postgresql" or not ranges():
        return kept
    newest = Enrolment.objects.unscoped(_WHY).aggregate(last=Max("pk"))["last"] or 0
    room = size or settings.EVIDENCE_PARTITION_ENROLMENTS
    try:
        while ranges()[-1].end < newest + room:
            moved = _alone(lambda cursor: _make_next(cursor, newest + room, room))
            if moved is not None:
                kept.made += 1
                kept.moved += moved
        for one in ranges():
            if one.end <= newest and not _has_rows(one):
                _let_go(one, kept)
    except _InUse as error:
        log.warning("the ranges of evidence are looked after later: %s", error)
    return kept


def _alone(work: Callable[[CursorWrapper], _Done]) -> _Done:
    """Do something to the table in a moment in which nobody uses it. Raises `_InUse` where none comes.

    Locks the tables that it refers to against writing, then the table.
    """
    for _ in range(_TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
                cursor.execute(f"SET LOCAL statement_timeout = '{_WORK}'")
                cursor.execute(f"LOCK TABLE {_REFERENCED} IN SHARE ROW EXCLUSIVE MODE")
                cursor.execute(f"LOCK TABLE ONLY {_TABLE} IN ACCESS EXCLUSIVE MODE")
                return work(cursor)
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", "")
            if state == _TOO_LONG:
                raise _InUse(f"it took longer than {_WORK}") from error
            if state not in (_LOCKED, _RING):
                raise
        time.sleep(_PAUSE_S)
    raise _InUse(f"somebody used the table in each of {_TRIES} moments")


def _make_next(cursor: CursorWrapper, until: int, size: int) -> int | None:
    """Make the next range; return how many rows left the net for it, None where another made it meanwhile."""
    start = ranges()[-1].end
    while start < until:
        end = (start // size + 1) * size
        if _in_net(cursor, start, end) <= _MOVED_AT_MOST:
            return _make(cursor, Range(f"{_TABLE}_from_{start}", start, end))
        # To move them would keep learners waiting; there is no haste, a row is as safe in the net.
        log.warning(
            "the evidence of enrolments %s to %s stays in the net: it is too much to move", start, end
        )
        start = end
    return None


def _in_net(cursor: CursorWrapper, start: int, end: int) -> int:
    """Return how many rows of such enrolments are in the net; one more than may be moved stands for all."""
    cursor.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {_NET} WHERE enrolment_id >= %s AND enrolment_id < %s"  # noqa: S608 - our own table
        " LIMIT %s) few",
        [start, end, _MOVED_AT_MOST + 1],
    )
    return int(cursor.fetchone()[0])


def _make(cursor: CursorWrapper, new: Range) -> int:
    cursor.execute(f"CREATE TABLE {new.name} (LIKE {_TABLE} INCLUDING CONSTRAINTS) WITH ({_CLEANED})")
    cursor.execute(
        f"WITH moved AS (DELETE FROM {_NET} WHERE enrolment_id >= %s AND enrolment_id < %s RETURNING *)"  # noqa: S608 - our own tables
        f" INSERT INTO {new.name} SELECT * FROM moved",
        [new.start, new.end],
    )
    moved = int(cursor.rowcount)
    # Its keys and indexes are made like those of the whole.
    cursor.execute(
        f"ALTER TABLE {_TABLE} ATTACH PARTITION {new.name} FOR VALUES FROM ({new.start}) TO ({new.end})"
    )
    return moved


def _has_rows(one: Range) -> bool:
    """Whether evidence is in the range. The chains know of what is sealed, and so of nearly all, without a look."""
    sealed = Chain.objects.filter(pk__gte=one.start, pk__lt=one.end, sealed_at__isnull=False)
    rows = Evidence.objects.unscoped(_WHY).filter(enrolment_id__gte=one.start, enrolment_id__lt=one.end)
    return sealed.exists() or rows.exists()


def _let_go(one: Range, kept: Kept) -> None:
    """Drop an empty range that nobody learns in any more; of one that is waited for, give back the room."""
    active = Enrolment.objects.unscoped(_WHY).filter(
        pk__gte=one.start, pk__lt=one.end, state=Enrolment.State.ACTIVE
    )
    if not active.exists():
        kept.dropped += _alone(lambda cursor: _if_empty(cursor, one, "DROP TABLE"))
    elif _bytes(one) > _EMPTY_BYTES:
        kept.freed += _alone(lambda cursor: _if_empty(cursor, one, "TRUNCATE"))


def _bytes(one: Range) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(to_regclass(%s))", [one.name])
        return int(cursor.fetchone()[0] or 0)


def _if_empty(cursor: CursorWrapper, one: Range, verb: str) -> bool:
    """Do it now that nobody can add a row; False where one came before, or the range has gone."""
    if one not in ranges():
        return False
    cursor.execute(f"SELECT EXISTS (SELECT FROM {one.name})")  # noqa: S608 - our own table
    if cursor.fetchone()[0]:
        return False
    cursor.execute(f"{verb} {one.name}")
    return True
