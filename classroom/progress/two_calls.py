"""A report in two calls of the database: one reads, one writes, and between them nothing is asked.

Both databases give a report's rows all that a transaction of Django's would give them, in fewer calls;
and each call costs a thread its turn in Python, which under load is what a heartbeat waits for.

PostgreSQL: the transaction is begun with the read, which locks, and ends with the writing.

SQLite has one lock for all who write, and a transaction holds it while its thread waits for its turn.
So the read takes no lock. The writing is one statement, and it holds only if every value that was read still stands.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from django.db import Error, IntegrityError, OperationalError

from classroom.progress import rows
from classroom.progress.models import PlaySession


class Moved(Exception):
    """Something of what was read without a lock has changed since; nothing was written."""


class Report(Protocol):
    """A session that was read, and the way to write what its report changes."""

    session: PlaySession | None

    def write(self, batch: rows.Batch) -> None:
        """Write what was gathered, for good. Raises `Moved`, with nothing written."""


def are_possible() -> bool:
    """Whether a report can be taken so: outside a transaction, on a database that takes several statements at once."""
    connection = rows.database()
    return not connection.in_atomic_block and (connection.vendor == "sqlite" or rows.takes_many())


@contextmanager
def begun(session_id: uuid.UUID, user_id: int) -> Iterator[Report]:
    """Read a person's own session; see `rows.locked_session`. What is not written by the end never is.

    Only reading is allowed in between. Call where `are_possible`.
    """
    key = rows.key_of(session_id, user_id)
    if rows.database().vendor == "sqlite":
        yield _Compared(key)
        return
    report = _Locked(key)
    try:
        yield report
    finally:
        report.end()


class _Locked:
    """PostgreSQL: two calls that are one transaction."""

    def __init__(self, key: tuple[Any, Any]) -> None:
        self._connection = rows.database()
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(f"BEGIN; {rows.select()}", key)
                cursor.nextset()
                row = cursor.fetchone()
            except BaseException:
                self.end()
                raise
        self.session = None if row is None else rows.made(row)

    def write(self, batch: rows.Batch) -> None:
        texts, values = batch.take()
        with self._connection.cursor() as cursor:
            cursor.execute("; ".join([*texts, "COMMIT"]), values)

    def end(self) -> None:
        """Let go of the locks, where the writing has not."""
        raw = self._connection.connection
        if raw is not None and not raw.closed and raw.info.transaction_status.name != "IDLE":
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("ROLLBACK")
            except Error:
                # The connection is lost, and what came before says why; the server lets go by itself.
                self._connection.close()


class _Compared:
    """SQLite: a read without a lock, and one statement that compares and writes."""

    def __init__(self, key: tuple[Any, Any]) -> None:
        with rows.database().cursor() as cursor:
            cursor.execute(rows.select(), key)
            row = cursor.fetchone()
        self._seen = (*key, *(row or ()))
        self.session = None if row is None else rows.made(row)

    def write(self, batch: rows.Batch) -> None:
        texts, values = batch.take()
        given = [*self._seen, *values]
        view, text, making = _taker(tuple(texts), len(self._seen), len(given))
        with rows.database().cursor() as cursor:
            try:
                try:
                    cursor.execute(text, given)
                except OperationalError as error:
                    if f"no such table: {view}" not in str(error):
                        raise
                    # The first of this connection.
                    for words in making:
                        cursor.execute(words)
                    cursor.execute(text, given)
            except IntegrityError as error:
                raise Moved from error


@cache
def _taker(texts: tuple[str, ...], seen: int, given: int) -> tuple[str, str, tuple[str, ...]]:
    """Return a view that takes a row of values, what puts one in, and what makes it, for one connection alone.

    What is put into it is written by its trigger: SQLite's way to do several things in one statement.
    """
    view = "temp.taker_" + hashlib.sha256("".join(texts).encode()).hexdigest()[:12]
    names = iter(f"NEW.v{number}" for number in range(given))
    own, person, *read = (next(names) for _ in range(seen))
    same = " AND ".join(f"{column} IS {name}" for column, name in zip(rows.columns(), read, strict=True))
    still = f"SELECT 1 {_named(rows.source(), iter((own, person)))} AND {same}"
    does = "; ".join(_named(text, names) for text in texts)
    columns = ", ".join(f"NULL AS v{number}" for number in range(given))
    put = f"INSERT INTO {view} VALUES ({', '.join(['%s'] * given)})"  # noqa: S608 - our own name
    making = (
        f"CREATE VIEW {view} AS SELECT {columns}",
        f"CREATE TRIGGER {view}_writes INSTEAD OF INSERT ON {view.removeprefix('temp.')} BEGIN"
        f" SELECT RAISE(ABORT, 'moved') WHERE NOT EXISTS ({still}); {does}; END",
    )
    return view, put, making


def _named(text: str, names: Iterator[str]) -> str:
    """Return a statement with names in the places of its marks, in their order."""
    first, *rest = text.split("%s")
    # The names are asked for last: one that is taken and not used would be missing after this statement.
    return first + "".join(name + part for part, name in zip(rest, names, strict=False))
