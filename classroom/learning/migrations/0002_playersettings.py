import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('learning', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PlayerSettings',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='player_settings', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('rate', models.FloatField(null=True)),
                ('rate_at', models.DateTimeField(null=True)),
                ('captions', models.CharField(blank=True, max_length=16)),
                ('captions_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'player settings',
                'verbose_name_plural': 'player settings',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('rate__isnull', True), ('rate_at__isnull', True)), models.Q(('rate__gte', 0.5), ('rate__isnull', False), ('rate__lte', 2.0), ('rate_at__isnull', False)), _connector='OR'), name='learning_settings_rate'), models.CheckConstraint(condition=models.Q(models.Q(('captions', ''), ('captions_at__isnull', True)), models.Q(models.Q(('captions', ''), _negated=True), ('captions_at__isnull', False)), _connector='OR'), name='learning_settings_captions')],
            },
        ),
    ]
