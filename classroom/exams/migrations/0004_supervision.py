import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exams', '0003_attempt_settled_at'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Supervision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('supervised', 'supervised'), ('taken_back', 'taken back')], max_length=10)),
                ('invigilator', models.CharField(blank=True, max_length=64)),
                ('place', models.CharField(blank=True, max_length=128)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='supervisions', to='exams.attempt')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'supervision of an exam',
                'verbose_name_plural': 'supervisions of exams',
                'default_manager_name': 'rows',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'supervised'), ('reason', ''), models.Q(('invigilator', ''), _negated=True), models.Q(('place', ''), _negated=True)), models.Q(('invigilator', ''), ('kind', 'taken_back'), ('place', ''), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='exams_supervision_says_what')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
    ]
