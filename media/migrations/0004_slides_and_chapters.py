import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0003_caption_versions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chapter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start_ms', models.PositiveBigIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('published', 'published'), ('unfit', 'without a place')], default='proposed', max_length=9)),
                ('encode', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chapters', to='media.encode')),
            ],
            options={
                'ordering': ['encode', 'start_ms', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'unfit'), _negated=True), fields=('encode', 'start_ms'), name='media_chapter_once')],
            },
        ),
        migrations.CreateModel(
            name='Slide',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('start_ms', models.PositiveBigIntegerField()),
                ('end_ms', models.PositiveBigIntegerField()),
                ('file', models.CharField(max_length=64)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField(blank=True)),
                ('is_read', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('published', 'published'), ('hidden', 'left out')], default='proposed', max_length=9)),
                ('encode', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slides', to='media.encode')),
            ],
            options={
                'ordering': ['encode', 'start_ms', 'number'],
                'constraints': [models.UniqueConstraint(fields=('encode', 'number'), name='media_slide_number'), models.CheckConstraint(condition=models.Q(('end_ms__gt', models.F('start_ms'))), name='media_slide_has_length')],
            },
        ),
        migrations.CreateModel(
            name='SlideScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('due', 'due'), ('leased', 'under way'), ('done', 'done'), ('failed', 'failed')], default='due', max_length=8)),
                ('is_found', models.BooleanField(default=False)),
                ('engine', models.CharField(blank=True, max_length=64)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lease', models.UUIDField(blank=True, null=True)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('detail', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('encode', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='slide_scan', to='media.encode')),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'due_at'], name='media_slide_scan_due')],
            },
        ),
    ]
