from django.contrib.auth.management import create_permissions
from django.db import migrations

# What each group may do in the admin, as app.codename. Rights on pages come with the pages.
RIGHTS = {
    "Trainers": [
        "wagtailadmin.access_admin",
        "media.add_lecture",
        "media.change_lecture",
        "media.view_lecture",
    ],
    "Reviewers": ["wagtailadmin.access_admin", "media.view_lecture", "media.view_every_lecture"],
    "Operators": [
        "wagtailadmin.access_admin",
        # Accounts are kept on the operators' own pages: the admin's forms could make a superuser.
        "media.view_lecture",
        "media.change_lecture",
        "media.view_every_lecture",
        "media.manage_every_lecture",
    ],
}
COLLECTION_RIGHTS = {
    "Trainers": [
        ("wagtailimages", "add_image"),
        ("wagtailimages", "choose_image"),
        ("wagtaildocs", "add_document"),
        ("wagtaildocs", "choose_document"),
    ],
}
APPS = ["people", "media", "wagtailadmin", "wagtailimages", "wagtaildocs"]


def make(apps, schema_editor):
    """Make the groups. Permissions are otherwise made after all migrations, so make them now."""
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    Collection = apps.get_model("wagtailcore", "Collection")
    GroupCollectionPermission = apps.get_model("wagtailcore", "GroupCollectionPermission")

    def find(label, codename):
        return Permission.objects.get(content_type__app_label=label, codename=codename)

    for name, rights in RIGHTS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*[find(*right.split(".")) for right in rights])
        root = Collection.objects.order_by("path").first()
        for label, codename in COLLECTION_RIGHTS.get(name, []) if root else []:
            GroupCollectionPermission.objects.get_or_create(
                group=group, collection=root, permission=find(label, codename)
            )


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
        ("media", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("wagtailcore", "0098_apitoken"),
        ("wagtailadmin", "0006_formstate"),
        ("wagtailimages", "0027_image_description"),
        ("wagtaildocs", "0014_alter_document_file_size"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
