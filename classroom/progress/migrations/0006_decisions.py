"""A decision joins the chain of the person whom it is about: a row of evidence may be of no lesson.

On PostgreSQL that is a word in the catalogue, said in a moment in which nobody holds the table: nothing is
rewritten and no foreign key is held against the rows anew, as Django's own change of the field would have it.
SQLite knows no other way than to copy the table.
"""

import time

import django.db.models.deletion
from django.db import OperationalError, migrations, models, transaction

_TRIES, _PAUSE_S = 300, 1.0
# Somebody has the lock; a ring of waiters.
_BUSY = ("55P03", "40P01")


class AlterLesson(migrations.AlterField):
    """Changes on PostgreSQL whether a row needs a lesson, and nothing else."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Let rows be of no lesson."""
        if schema_editor.connection.vendor == "postgresql":
            _soon(schema_editor.connection, "DROP NOT NULL")
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Ask every row for its lesson again; fails where decisions were chained: no row of a chain may go."""
        if schema_editor.connection.vendor == "postgresql":
            _soon(schema_editor.connection, "SET NOT NULL")
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def _soon(connection, change):
    """Do it as soon as nobody stands in the way; others wait for a tenth of a second only."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                cursor.execute(f"ALTER TABLE progress_evidence ALTER COLUMN lesson_id {change}")
                return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in _BUSY or not left:
                raise
        time.sleep(_PAUSE_S)


class Migration(migrations.Migration):
    """Makes room for decisions."""

    dependencies = [("progress", "0005_partitions")]

    operations = [
        AlterLesson(
            "evidence",
            "lesson",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalogue.editionlesson",
            ),
        ),
        migrations.AlterField(
            "evidence",
            "kind",
            models.CharField(
                choices=[
                    ("open", "session opened"),
                    ("watch", "playback reported"),
                    ("presence", "presence check"),
                    ("read", "reading confirmed"),
                    ("decision", "decision recorded"),
                ],
                default="watch",
                max_length=8,
            ),
        ),
    ]
