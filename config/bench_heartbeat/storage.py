"""An hour of watching for the benchmark of storage: real reports, then the bytes that they take."""

import copy
import json
import random
import sqlite3
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol
from classroom.people.services import register_person
from classroom.progress import keys, services, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Block, Evidence, PlaySession
from classroom.progress.services.compaction import REST
from classroom.progress.spans import Span
from config.bench_heartbeat.prepare import edition_with_lesson
from courses.catalogue.models import Edition, EditionLesson

HOUR_MS = 3600 * 1000
_COPIES = 1000
_TABLES = ("progress_evidence", "progress_block")


def main(count: int) -> str:
    """Let so many learners watch an hour each; answers in JSON what it took before and after compaction."""
    edition, lesson = edition_with_lesson()
    begin = timezone.now() - timedelta(days=1)
    dice = random.Random(20261123)  # noqa: S311 - the same hour each time
    watched = [_watch(edition, lesson, begin, dice) for _ in range(count)]
    services.make_checkpoint(now=begin + timedelta(hours=3))
    rows = Evidence.objects.unscoped("a benchmark's own").count()
    before = _bytes()
    at = begin + timedelta(hours=3, days=settings.EVIDENCE_PLAIN_DAYS)
    began = time.process_time()
    services.compact_due(now=at, at_most=count)
    services.compact_due(now=at + REST, at_most=count)
    compacted = time.process_time()
    faults = [verifier.verify(export_lines(one), keys.public_key()).faults for one in watched]
    verified = time.process_time()
    stored = sum(one.size for one in Block.objects.all())
    left = Evidence.objects.unscoped("a benchmark's own").count()
    found: dict[str, Any] = {
        "hours": count,
        "rows": rows,
        "plain": before["progress_evidence"],
        "block": _bytes_of_blocks(),
        "object": stored,
        "compact_s": compacted - began,
        "verify_s": verified - compacted,
        "faults": sum(map(len, faults)) + left,
    }
    return json.dumps(found)


def _watch(edition: Edition, lesson: EditionLesson, begin: datetime, dice: random.Random) -> Enrolment:
    """Watch an hour as people do: a report each 15 s, pauses, now and then a seek back or one that is refused."""
    user = register_person(name="学员", email=f"{dice.getrandbits(64):x}@bench.example")
    enrolment = enrol(user=user, edition=edition)
    media, seq, session, opened = 0, 0, None, begin
    now = begin
    while media < HOUR_MS:
        if session is None or dice.random() < 0.01:
            session, opened, seq = _opened(enrolment, lesson, now), now, 0
        played = min(15_000 - dice.randrange(40), HOUR_MS - media)
        spans, now = _spans(media, played, opened, now, dice)
        services.receive(session_id=session.pk, user_id=user.pk, seq=seq, spans=spans, now=now)
        media, seq = media + played, seq + 1
        now += timedelta(milliseconds=dice.choice([0, 0, 0, 0, 20_000]))
    return enrolment


def _opened(enrolment: Enrolment, lesson: EditionLesson, now: datetime) -> PlaySession:
    return services.open_session(
        enrolment=enrolment, lesson=lesson, address="192.0.2.7", agent="Chrome Windows", now=now
    )


def _spans(
    media: int, played: int, opened: datetime, now: datetime, dice: random.Random
) -> tuple[list[Span], datetime]:
    """Return what a report of so many milliseconds tells, most often in one piece, and when it is sent."""
    t0 = (now - opened) // timedelta(milliseconds=1)
    spans = [Span(media, media + played, t0, t0 + played)]
    if dice.random() < 0.1:
        half = played // 2
        spans = [
            Span(media, media + half, t0, t0 + half),
            Span(media + half, media + played, t0 + half + 900, t0 + played + 900),
        ]
        t0 += 900
    return spans, opened + timedelta(milliseconds=t0 + played + dice.randrange(10, 200))


def _bytes_of_blocks() -> float:
    """Return what the blocks take, measured among enough copies that their pages are full."""
    blocks = list(Block.objects.order_by("pk"))
    copies = [copy.copy(blocks[number % len(blocks)]) for number in range(_COPIES)]
    for number, one in enumerate(copies):
        one.pk, one.first, one.last = None, 10_000 + number, 20_000 + number
    Block.objects.bulk_create(copies)
    return _bytes()["progress_block"] / (len(blocks) + _COPIES) * len(blocks)


def _bytes() -> dict[str, float]:
    """Return what each table takes with its indexes, unused room of its pages left out."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM (FULL, ANALYZE) progress_evidence, progress_block")
            return {table: _bytes_on_postgresql(cursor, table) for table in _TABLES}
        return {table: _bytes_of(cursor, table) for table in _TABLES}


def _bytes_on_postgresql(cursor: Any, table: str) -> float:
    """Return what a table takes, or those of its partitions that have rows: it has no bytes of its own then."""
    cursor.execute(
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE reltuples > 0 AND (oid = %s::regclass"
        " AND relkind = 'r' OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass))",
        [table, table],
    )
    return float(cursor.fetchone()[0] or 0)


def _bytes_of(cursor: Any, table: str) -> float:
    """Return by how much SQLite's file shrinks without the table: its build may lack `dbstat`."""
    path = Path(settings.VAR) / f"{table}.sqlite3"
    path.unlink(missing_ok=True)
    cursor.execute("VACUUM INTO %s", [str(path)])
    whole = path.stat().st_size
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute(f"DROP TABLE {table}")  # one of the names above
        other.execute("VACUUM")
    other.close()
    return float(whole - path.stat().st_size)
