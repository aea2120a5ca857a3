"""Room for compaction: blocks, and when a chain was last sealed."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds; every column of an existing table is nullable."""

    dependencies = [("progress", "0001_initial")]

    operations = [
        migrations.AddField("chain", "sealed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("chain", "leased_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex(
            "chain",
            models.Index(
                condition=models.Q(("sealed_at__isnull", False)),
                fields=["sealed_at"],
                name="progress_chain_sealed",
            ),
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.PositiveIntegerField()),
                ("last", models.PositiveIntegerField()),
                ("previous_hash", models.CharField(max_length=64)),
                ("head", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=128)),
                ("digest", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("lessons", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("written_at", models.DateTimeField(blank=True, null=True)),
                ("emptied_at", models.DateTimeField(blank=True, null=True)),
                (
                    "checkpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="progress.checkpoint",
                    ),
                ),
                (
                    "enrolment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blocks",
                        to="enrolment.enrolment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("enrolment", "first"), name="progress_block_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="progress_block_has_rows"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("emptied_at__isnull", True), ("written_at__isnull", False), _connector="OR"
                        ),
                        name="progress_block_written_first",
                    ),
                ],
            },
        ),
    ]
