import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('media', '0002_leftovers'),
    ]

    operations = [
        migrations.AddField(
            model_name='track',
            name='revision',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='track',
            name='timed_for_ms',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='CaptionJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('embedded', 'taking captions out of the file'), ('speech', 'recognising speech')], max_length=8)),
                ('state', models.CharField(choices=[('due', 'due'), ('leased', 'under way'), ('done', 'done'), ('failed', 'failed')], default='due', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lease', models.UUIDField(blank=True, null=True)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=48)),
                ('detail', models.TextField(blank=True)),
                ('done_ms', models.PositiveBigIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('encode', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='caption_jobs', to='media.encode')),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'due_at'], name='media_caption_job_due')],
                'constraints': [models.UniqueConstraint(fields=('encode', 'kind'), name='media_caption_job_once')],
            },
        ),
        migrations.CreateModel(
            name='ProposedTrack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('origin', models.CharField(choices=[('earlier', 'from before versions were kept'), ('uploaded', 'uploaded'), ('edited', 'edited here'), ('restored', 'an earlier version, restored'), ('embedded', 'taken out of the video file'), ('recognised', 'recognised from speech')], max_length=12)),
                ('stream', models.PositiveIntegerField(default=0)),
                ('codec', models.CharField(blank=True, max_length=32)),
                ('language', models.CharField(blank=True, max_length=16)),
                ('vtt', models.TextField(blank=True)),
                ('count', models.PositiveIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=24)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('encode', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposed_tracks', to='media.encode')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('encode', 'origin', 'stream'), name='media_proposed_once')],
            },
        ),
        migrations.CreateModel(
            name='TrackVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=16)),
                ('number', models.PositiveIntegerField()),
                ('label', models.CharField(max_length=64)),
                ('vtt', models.TextField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('filename', models.CharField(blank=True, max_length=255)),
                ('origin', models.CharField(choices=[('earlier', 'from before versions were kept'), ('uploaded', 'uploaded'), ('edited', 'edited here'), ('restored', 'an earlier version, restored'), ('embedded', 'taken out of the video file'), ('recognised', 'recognised from speech')], max_length=12)),
                ('timed_for_ms', models.PositiveBigIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lecture', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='track_versions', to='media.lecture')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('lecture', 'language', 'number'), name='media_version_number')],
            },
        ),
    ]
