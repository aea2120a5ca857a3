from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0005_drafts_from_the_first_word")]

    operations = [
        migrations.AddField(
            model_name="coursepage",
            name="watermark",
            field=models.BooleanField(default=False, verbose_name="viewer's masked name over the picture"),
        ),
    ]
