"""Why work waits, when it failed, and how long workers were at it."""

from typing import Any

from django.db import migrations, models
from django.utils import timezone


def begin_the_count(apps: Any, schema_editor: Any) -> None:
    """What is being encoded now was worked on since it began, as far as anybody knows."""
    now = timezone.now()
    encodes = apps.get_model("media", "Encode").objects
    for encode in encodes.filter(state="transcoding", started_at__isnull=False).only("started_at"):
        spent = max(0, round((now - encode.started_at).total_seconds() * 1000))
        encodes.filter(pk=encode.pk).update(worked_ms=spent, worked_at=now)


class Migration(migrations.Migration):
    dependencies = [
        ("media", "0007_who_is_at_it"),
    ]

    operations = [
        migrations.AddField(
            model_name="chunk",
            name="held_reason",
            field=models.CharField(blank=True, default="", max_length=48),
        ),
        migrations.AddField(
            model_name="encode",
            name="failed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="encode",
            name="held_reason",
            field=models.CharField(blank=True, default="", max_length=48),
        ),
        migrations.AddField(
            model_name="encode",
            name="worked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="encode",
            name="worked_ms",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.RunPython(begin_the_count, migrations.RunPython.noop),
    ]
