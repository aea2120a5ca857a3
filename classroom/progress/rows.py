"""The statements of a heartbeat, compiled once.

Django builds the text of a query anew each time; on the platform's most frequent request that is the
larger part of the cost. The text here still comes from the models' own tables and columns, and values
go through the fields' own adapters, so both databases and every later change of a model hold.
"""

import uuid
from functools import cache
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

from classroom.enrolment.models import Enrolment
from classroom.people.models import User
from classroom.progress.models import LessonProgress, PersonClock, PlaySession

_OF_SESSION = (
    *("id", "enrolment", "lesson", "progress", "clock", "policy", "duration_ms"),
    *("opened_at", "closed_at", "heard", "highest_seq", "early"),
)
_OF_PROGRESS = ("id", "coverage", "covered_ms", "slack_ms", "waiting", "position_ms", "position_at")
_OF_CLOCK = (
    *("user", "life", "folded_until", "session", "sessions", "heads"),
    *("check_open", "absences", "presence_left_ms"),
)
# What a heartbeat reads of each row. The session's own row comes first.
_READ: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (PlaySession, _OF_SESSION),
    (LessonProgress, _OF_PROGRESS),
    (PersonClock, _OF_CLOCK),
    (Enrolment, ("id", "state", "withdrawn_at")),
    # What a sign-in is held against.
    (User, ("id", "password", "is_active")),
)


def database() -> BaseDatabaseWrapper:
    """Return this thread's connection itself: Django's own name for it looks it up anew at every attribute."""
    return connections[DEFAULT_DB_ALIAS]


@cache
def _fields(model: type[Model], names: tuple[str, ...]) -> tuple["Field[Any, Any]", ...]:
    """Return the columns of these names in the model's own order, as `Model.from_db` takes them."""
    return tuple(field for field in model._meta.concrete_fields if field.name in names)


@cache
def _converters(vendor: str) -> list[list[tuple[int, list[Any]]]]:
    """Return for each model the columns whose values the database does not return as Python has them."""
    found, connection = [], database()
    for model, names in _READ:
        listed = []
        for place, field in enumerate(_fields(model, names)):
            column = field.get_col(model._meta.db_table)
            both = connection.ops.get_db_converters(column) + column.get_db_converters(connection)
            if both:
                listed.append((place, [column, *both]))
        found.append(listed)
    return found


@cache
def columns() -> tuple[str, ...]:
    """Return the columns that a heartbeat reads, in their order."""
    quote = database().ops.quote_name
    return tuple(
        f"{quote(model._meta.db_table)}.{quote(str(field.column))}"
        for model, names in _READ
        for field in _fields(model, names)
    )


@cache
def source() -> str:
    """Return the rows of one heartbeat, joined; the two marks are the session's key and the person's."""
    session, progress, clock, enrolment, user = (
        database().ops.quote_name(model._meta.db_table) for model, _ in _READ
    )
    return (
        f"FROM {session} "
        f"JOIN {progress} ON {progress}.id = {session}.progress_id "
        f"JOIN {clock} ON {clock}.user_id = {session}.clock_id "
        f"JOIN {enrolment} ON {enrolment}.id = {session}.enrolment_id "
        f"JOIN {user} ON {user}.id = {session}.clock_id "
        f"WHERE {session}.id = %s AND {session}.clock_id = %s"
    )


@cache
def select() -> str:
    """Return the statement that reads `columns` and, where the database locks rows, locks progress and clock."""
    connection = database()
    text = f"SELECT {', '.join(columns())} {source()}"
    if connection.features.has_select_for_update_of:
        progress, clock = (
            connection.ops.quote_name(model._meta.db_table) for model in (LessonProgress, PersonClock)
        )
        text += f" FOR NO KEY UPDATE OF {progress}, {clock}"
    return text


def locked_session(session_id: uuid.UUID, user_id: int) -> PlaySession | None:
    """Return a person's own session with progress, clock, enrolment and person; lock progress and clock.

    Only what a heartbeat needs is read of each. None where there is no such session of theirs. Call
    inside a transaction; on SQLite that alone holds the lock.
    """
    with database().cursor() as cursor:
        cursor.execute(select(), key_of(session_id, user_id))
        row = cursor.fetchone()
    return None if row is None else made(row)


def key_of(session_id: uuid.UUID, user_id: int) -> tuple[Any, Any]:
    """Return the values for the two marks of `select` and `source`."""
    return PlaySession._meta.pk.get_db_prep_value(session_id, database()), user_id


def made(row: tuple[Any, ...]) -> PlaySession:
    """Return the session with all that hangs on it, of a row that `select` brought."""
    connection = database()
    found = []
    start = 0
    for (model, names), converters in zip(_READ, _converters(connection.vendor), strict=True):
        values = list(row[start : start + len(names)])
        start += len(names)
        for place, (column, *functions) in converters:
            for function in functions:
                values[place] = function(values[place], column, connection)
        found.append(model.from_db(connection.alias, [f.attname for f in _fields(model, names)], values))
    session = cast(PlaySession, found[0])
    session.progress, session.clock, session.enrolment, session.clock.user = cast(
        tuple[LessonProgress, PersonClock, Enrolment, User], found[1:]
    )
    return session


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    quote = database().ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in _fields(model, names))
    key = quote(str(model._meta.pk.column))
    return f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {key} = %s"  # noqa: S608 - our own columns


@cache
def _insert(model: type[Model]) -> tuple[str, tuple["Field[Any, Any]", ...]]:
    quote = database().ops.quote_name
    fields = tuple(field for field in model._meta.concrete_fields if not field.primary_key)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})", fields  # noqa: S608 - our own columns


class Batch:
    """Statements that are written together: PostgreSQL is asked once for all of them."""

    def __init__(self) -> None:
        self._statements: list[tuple[str, list[Any]]] = []

    def insert(self, row: Model) -> None:
        """Insert a row whose key the database gives; the key is not read back."""
        connection = database()
        text, fields = _insert(type(row))
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        self._statements.append((text, values))

    def update(self, row: Model, *names: str) -> None:
        """Write these fields of a row that exists."""
        connection = database()
        values = [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in _fields(type(row), names)
        ]
        self._statements.append((_update(type(row), names), [*values, row.pk]))

    def take(self) -> tuple[list[str], list[Any]]:
        """Return the statements that were gathered and the values of all their marks, and forget them."""
        statements, self._statements = self._statements, []
        return [text for text, _ in statements], [value for _, some in statements for value in some]

    def write(self) -> None:
        """Send what was gathered, in its order, and forget it. Call inside a transaction."""
        with database().cursor() as cursor:
            if takes_many() and self._statements:
                texts, values = self.take()
                cursor.execute("; ".join(texts), values)
                return
            statements, self._statements = self._statements, []
            for text, some in statements:
                cursor.execute(text, some)


def takes_many() -> bool:
    """Whether one call may hold several statements: on PostgreSQL, where the client puts the values in."""
    connection = database()
    options = connection.settings_dict["OPTIONS"]
    return connection.vendor == "postgresql" and not options.get("server_side_binding")


def insert(row: Model) -> None:
    """Insert a row by itself; see `Batch.insert`."""
    batch = Batch()
    batch.insert(row)
    batch.write()
