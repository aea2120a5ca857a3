import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("media", "0004_slides_and_chapters"),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectTransfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("multipart", models.CharField(blank=True, max_length=1024)),
                ("part_size", models.PositiveBigIntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("sending", "being sent"),
                            ("checking", "being checked"),
                            ("clearing", "being removed from the bucket"),
                            ("ended", "ended"),
                        ],
                        default="sending",
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=48)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                (
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="direct", to="media.upload"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("stage", "ended"), _negated=True),
                        fields=["stage", "due_at"],
                        name="media_direct_due",
                    )
                ],
            },
        ),
    ]
