from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "Trainers": [
        "add_questionbank",
        "change_questionbank",
        "view_questionbank",
        "add_question",
        "change_question",
        "view_question",
    ],
    "Reviewers": ["view_questionbank", "view_question"],
}


def make(apps, schema_editor):
    """Let trainers write questions and reviewers read them. Permissions are otherwise made last."""
    config = apps.get_app_config("questions")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in RIGHTS.items():
        group = Group.objects.get(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="questions", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("questions", "0001_initial"),
        ("people", "0002_groups"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
