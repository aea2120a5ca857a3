from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0007_questions_in_lectures'),
        ('enrolment', '0001_initial'),
        ('exams', '0002_lecture_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='settled_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('is_passed', True), ('settled_at__isnull', True)), fields=['enrolment'], name='exams_unsettled'),
        ),
    ]
