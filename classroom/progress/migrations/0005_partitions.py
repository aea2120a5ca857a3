"""On PostgreSQL the table of evidence becomes a table of ranges of enrolments; on SQLite nothing changes.

No row is moved: the table that exists becomes the first range. What takes long (indexes, constraints held
against the rows) is done beside the running platform; the exchange itself changes the catalogue only, in a
moment in which nobody uses the tables: it waits for others a tenth of a second a table, lets them pass, and
tries again. Cut off anywhere, it can be run again.

`(session, seq)` stays unique: the constraint has the enrolment before it, and a row's enrolment is its
session's by a foreign key over both, which takes the place of the one over the session alone. The code before
this asks for a report that comes again by its session alone, for which there is no index now: start the new code
soon after.
"""

import time

from django.conf import settings
from django.db import OperationalError, migrations, transaction

_TABLE = "progress_evidence"
_FIRST = "progress_evidence_from_0"
_NET = "progress_evidence_default"
_SESSIONS = "progress_playsession_of_enrolment"
_REFERENCED = "enrolment_enrolment, catalogue_editionlesson, progress_playsession"
# As migration 0004 set it for the one table.
_CLEANED = (
    "autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02,"
    " autovacuum_analyze_scale_factor = 0.01"
)
# For all tables together less than the second after which PostgreSQL looks for a ring of waiters and would end one of them.
_WAIT = "100ms"
_TRIES, _PAUSE_S = 300, 1.0
# Somebody has the lock; a ring of waiters.
_BUSY = ("55P03", "40P01")


def part(apps, schema_editor):
    """Make what the ranges need, then exchange the table."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if _is_parted(cursor):
            return
        _index(cursor, _SESSIONS, "progress_playsession (id, enrolment_id)")
        _index(cursor, f"{_FIRST}_pkey", f"{_TABLE} (id, enrolment_id)")
        _index(cursor, f"{_FIRST}_once", f"{_TABLE} (enrolment_id, session_id, seq)")
        cursor.execute("SELECT coalesce(max(id), 0) FROM enrolment_enrolment")
        size = settings.EVIDENCE_PARTITION_ENROLMENTS
        # At least one whole range of enrolments may still come while this runs.
        end = (cursor.fetchone()[0] // size + 2) * size
    _constrain(
        connection,
        "progress_evidence_session_of_enrolment",
        "FOREIGN KEY (session_id, enrolment_id) REFERENCES progress_playsession (id, enrolment_id)"
        " DEFERRABLE INITIALLY DEFERRED",
    )
    _constrain(connection, f"{_FIRST}_range", f"CHECK (enrolment_id >= 0 AND enrolment_id < {end})")
    _soon(connection, lambda cursor: _exchange(cursor, end))


def _is_parted(cursor):
    cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", [_TABLE])
    return cursor.fetchone()[0]


def _index(cursor, name, on):
    """Make a unique index while others write; one that was cut off is made anew."""
    cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
    found = cursor.fetchone()
    if found == (False,):
        cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
    if found != (True,):
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {on}")


def _constrain(connection, name, definition):
    """Add a constraint that new rows keep; then hold those that exist to it, while others write."""

    def add(cursor):
        cursor.execute(f"ALTER TABLE {_TABLE} DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(f"ALTER TABLE {_TABLE} ADD CONSTRAINT {name} {definition} NOT VALID")

    _soon(connection, add)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {_TABLE} VALIDATE CONSTRAINT {name}")


def _soon(connection, work):
    """Do the work in one transaction as soon as nobody stands in the way; others wait for a moment only."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
                return work(cursor)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in _BUSY or not left:
                raise
        time.sleep(_PAUSE_S)


def _exchange(cursor, end):
    """Let the table be the first range of a new one that has its name. Only the catalogue changes."""
    # In the order in which opening a session and a report take them.
    cursor.execute(f"LOCK TABLE {_REFERENCED} IN ACCESS EXCLUSIVE MODE")
    cursor.execute(f"LOCK TABLE {_TABLE} IN ACCESS EXCLUSIVE MODE")
    numbers = _numbers(cursor)
    cursor.execute(f"ALTER TABLE {_TABLE} RENAME TO {_FIRST}")
    dropped = [f"{_TABLE}_pkey", f"{_TABLE}_once", *_keys(cursor, "array_length(conkey, 1) = 1", of="progress_playsession")]
    cursor.execute(f"ALTER TABLE {_FIRST} {', '.join(f'DROP CONSTRAINT {name}' for name in dropped)}")
    cursor.execute(
        f"ALTER TABLE {_FIRST} ADD CONSTRAINT {_FIRST}_pkey PRIMARY KEY USING INDEX {_FIRST}_pkey,"
        f" ADD CONSTRAINT {_FIRST}_once UNIQUE USING INDEX {_FIRST}_once"
    )
    cursor.execute(f"ALTER TABLE {_FIRST} RENAME CONSTRAINT {_TABLE}_in_order TO {_FIRST}_in_order")
    # A range cannot number rows itself: the whole table does, from the same number on.
    cursor.execute(f"ALTER TABLE {_FIRST} ALTER COLUMN id DROP IDENTITY")
    cursor.execute(f"CREATE TABLE {_TABLE} (LIKE {_FIRST} INCLUDING CONSTRAINTS) PARTITION BY RANGE (enrolment_id)")
    cursor.execute(f"ALTER TABLE {_TABLE} DROP CONSTRAINT {_FIRST}_range")
    cursor.execute(f"CREATE SEQUENCE {_TABLE}_id_seq OWNED BY {_TABLE}.id")
    cursor.execute(f"SELECT setval('{_TABLE}_id_seq', %s, %s)", numbers)
    cursor.execute(f"ALTER TABLE {_TABLE} ALTER COLUMN id SET DEFAULT nextval('{_TABLE}_id_seq')")
    cursor.execute(
        f"ALTER TABLE {_TABLE} ADD CONSTRAINT {_TABLE}_pkey PRIMARY KEY (id, enrolment_id),"
        f" ADD CONSTRAINT {_TABLE}_once UNIQUE (enrolment_id, session_id, seq),"
        f" ADD CONSTRAINT {_TABLE}_in_order UNIQUE (enrolment_id, index)"
    )
    for name, definition in _keys(cursor).items():
        cursor.execute(f"ALTER TABLE {_TABLE} ADD CONSTRAINT {name} {definition}")
    cursor.execute(f"ALTER TABLE {_TABLE} ATTACH PARTITION {_FIRST} FOR VALUES FROM (0) TO ({end})")
    cursor.execute(f"ALTER TABLE {_FIRST} DROP CONSTRAINT {_FIRST}_range")
    cursor.execute(f"CREATE TABLE {_NET} PARTITION OF {_TABLE} DEFAULT WITH ({_CLEANED})")


def _numbers(cursor):
    """Return where the table's sequence of ids stands."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [_TABLE])
    cursor.execute(f"SELECT last_value, is_called FROM {cursor.fetchone()[0]}")
    return cursor.fetchone()


def _keys(cursor, condition="true", of=None):
    """Return the first range's foreign keys by name."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
        f" AND (%s::text IS NULL OR confrelid = to_regclass(%s)) AND {condition} ORDER BY conname",
        [_FIRST, of, of],
    )
    return dict(cursor.fetchall())


def unite(apps, schema_editor):
    """Copy all ranges back into one table. Nobody can use it meanwhile: end the platform first."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    model, old = apps.get_model("progress", "Evidence"), f"{_TABLE}_parted"
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if not _is_parted(cursor):
            return
        cursor.execute(f"LOCK TABLE {_REFERENCED}, {_TABLE} IN ACCESS EXCLUSIVE MODE")
        numbers = _numbers(cursor)
        cursor.execute(f"ALTER TABLE {_TABLE} RENAME TO {old}")
        for name in ("pkey", "once", "in_order"):
            cursor.execute(f"ALTER TABLE {old} RENAME CONSTRAINT {_TABLE}_{name} TO {old}_{name}")
        cursor.execute(f"ALTER SEQUENCE {_TABLE}_id_seq RENAME TO {old}_id_seq")
        schema_editor.create_model(model)
        cursor.execute(f"INSERT INTO {_TABLE} ({columns}) SELECT {columns} FROM {old}")
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{_TABLE}', 'id'), %s, %s)", numbers)
        cursor.execute(f"ALTER TABLE {_TABLE} SET ({_CLEANED})")
        cursor.execute(f"DROP TABLE {old}")
        cursor.execute(f"DROP INDEX {_SESSIONS}")


class Migration(migrations.Migration):
    """Parts."""

    atomic = False
    dependencies = [("progress", "0004_indexes_and_room")]
    operations = [migrations.RunPython(part, unite)]
