"""New courses ask now and then whether somebody is there, as is usual in the field; those that exist stay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Changes what a new page begins with; nothing in the database."""

    dependencies = [("catalogue", "0008_completion_rules")]

    operations = [
        migrations.AlterField(
            "coursepage",
            "presence_minutes",
            models.PositiveSmallIntegerField(
                default=15, help_text="0: none.", verbose_name="minutes between presence checks"
            ),
        )
    ]
