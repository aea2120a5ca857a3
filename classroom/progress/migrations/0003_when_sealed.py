"""Tell the chains that exist when they were last sealed, a few at a time, so that nothing waits."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

_AT_ONCE = 2000


def note(apps, schema_editor):
    """Write to each chain the moment of the last checkpoint that holds it."""
    chains, leaves = apps.get_model("progress", "Chain").objects, apps.get_model("progress", "CheckpointLeaf").objects
    newest = leaves.filter(enrolment_id=OuterRef("pk")).order_by("-length").values("checkpoint__at")[:1]
    last = 0
    while ids := list(chains.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
        chains.filter(pk__in=ids, sealed_at__isnull=True).update(sealed_at=Subquery(newest))
        last = ids[-1]


class Migration(migrations.Migration):
    """Fills in."""

    atomic = False
    dependencies = [("progress", "0002_blocks")]
    operations = [migrations.RunPython(note, migrations.RunPython.noop, elidable=True)]
