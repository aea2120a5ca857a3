"""The rows of the data migrations, kept raw: what each test that commits begins with."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction


@dataclass(frozen=True)
class Table:
    """One table's columns and its rows, as the driver gave them."""

    name: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


def read() -> list[Table]:
    """Return every table of the models that has rows, generated columns left out."""
    found = []
    with connection.cursor() as cursor:
        for name in sorted(
            connection.introspection.django_table_names(only_existing=True, include_views=False)
        ):
            columns = _columns(cursor, name)
            quoted = ", ".join(map(connection.ops.quote_name, columns))
            cursor.execute(f"SELECT {quoted} FROM {connection.ops.quote_name(name)}")
            if rows := cursor.fetchall():
                found.append(Table(name, columns, rows))
    return found


def write(tables: list[Table]) -> None:
    """Put the rows back; those that stand already are left as they are.

    Django's own way reads them from JSON and saves each through the ORM: two queries a row, two thirds of a
    second a test.
    """
    with transaction.atomic(), connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table in tables:
            columns = ", ".join(map(connection.ops.quote_name, table.columns))
            values = ", ".join(["%s"] * len(table.columns))
            cursor.executemany(
                f"INSERT INTO {connection.ops.quote_name(table.name)} ({columns}) VALUES ({values})"
                " ON CONFLICT DO NOTHING",
                table.rows,
            )


def _columns(cursor: Any, table: str) -> list[str]:
    if connection.vendor == "sqlite":
        cursor.execute(f"PRAGMA table_info({connection.ops.quote_name(table)})")
        return [row[1] for row in cursor.fetchall()]
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [row[0] for row in cursor.fetchall()]
