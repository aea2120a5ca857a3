"""What a report costs: no index twice, and on PostgreSQL room to update in place.

`(enrolment, index)` and `(session, seq)` are unique, so their first columns need no index beside; nobody
asks for the evidence of a lesson. Dropping an index rewrites nothing. The rows that every report updates
get free room in their pages, so that PostgreSQL changes them in place, and are cleaned more often.
"""

import django.db.models.deletion
from django.db import migrations, models

_COLUMNS = ("enrolment_id", "lesson_id", "session_id")
_UPDATED = ("progress_personclock", "progress_lessonprogress")


def drop(apps, schema_editor):
    """Drop the indexes that only the foreign keys asked for, whatever they are called."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "progress_evidence")
    for name, facts in found.items():
        if facts["index"] and not facts["unique"] and facts["columns"] in [[one] for one in _COLUMNS]:
            schema_editor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")


def restore(apps, schema_editor):
    """Make them again."""
    for column in _COLUMNS:
        schema_editor.execute(f"CREATE INDEX progress_evidence_{column} ON progress_evidence ({column})")


def give_room(apps, schema_editor):
    """Set how PostgreSQL fills and cleans these tables; pages that exist stay as they are."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in _UPDATED:
        schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02)")
    schema_editor.execute(
        "ALTER TABLE progress_evidence SET (autovacuum_vacuum_scale_factor = 0.01,"
        " autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.01)"
    )


def take_room(apps, schema_editor):
    """Set everything back to the server's defaults."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in _UPDATED:
        schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    schema_editor.execute(
        "ALTER TABLE progress_evidence RESET (autovacuum_vacuum_scale_factor,"
        " autovacuum_vacuum_insert_scale_factor, autovacuum_analyze_scale_factor)"
    )


def _key(to, **more):
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, to=to, **more
    )


class Migration(migrations.Migration):
    """Tunes."""

    dependencies = [("progress", "0003_when_sealed")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, restore)],
            state_operations=[
                migrations.AlterField(
                    "evidence", "enrolment", _key("enrolment.enrolment", related_name="evidence")
                ),
                migrations.AlterField("evidence", "lesson", _key("catalogue.editionlesson", related_name="+")),
                migrations.AlterField(
                    "evidence",
                    "session",
                    _key("progress.playsession", related_name="evidence", blank=True, null=True),
                ),
            ],
        ),
        migrations.RunPython(give_room, take_room),
    ]
