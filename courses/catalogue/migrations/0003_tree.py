import uuid

from django.contrib.auth.management import create_permissions
from django.db import migrations

TOPICS = [
    (
        "cma",
        "A",
        "资质认定",
        "Mandatory approval (CMA)",
        "资质认定法规、评审准则与申请实务",
        "The law of mandatory approval, its assessment criteria and how to apply",
    ),
    (
        "compliance",
        "BC",
        "检验检测合规与技术能力",
        "Compliance and technical competence",
        "监督管理要求、报告合规与检验检测技术能力",
        "Supervision, compliant reports and competence in testing",
    ),
    (
        "ccc",
        "D",
        "免予办理CCC",
        "CCC exemption",
        "免予办理强制性产品认证的情形、流程与责任",
        "Cases, procedure and duties of exemption from compulsory product certification",
    ),
    (
        "green",
        "E",
        "绿色产品认证",
        "Green product certification",
        "绿色产品认证制度、标准、标识与目录",
        "The scheme of green products: standards, mark and catalogue",
    ),
]
# Rights on the catalogue and all under it. Trainers draft and submit; only reviewers publish.
CATALOGUE_RIGHTS = {
    "Trainers": ["add_page", "change_page"],
    "Reviewers": ["change_page", "publish_page"],
}
NOTICE_RIGHTS = {"Operators": ["add_page", "change_page", "publish_page"]}


def make(apps, schema_editor):
    """Make topics, the two pages that hold everything, the site, the workflow and the rights on pages."""
    Topic = apps.get_model("catalogue", "Topic")
    for position, (code, letters, name, name_en, summary, summary_en) in enumerate(TOPICS, start=1):
        Topic.objects.update_or_create(
            code=code,
            defaults={
                "letters": letters,
                "name": name,
                "name_en": name_en,
                "summary": summary,
                "summary_en": summary_en,
                "position": position,
            },
        )
    home, catalogue = make_pages(apps)
    make_rights(apps, home, NOTICE_RIGHTS)
    make_rights(apps, catalogue, CATALOGUE_RIGHTS)
    make_workflow(apps, home)


def make_pages(apps):
    """Put the home page in the place of Wagtail's welcome page, and the catalogue under it."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Page = apps.get_model("wagtailcore", "Page")
    Locale = apps.get_model("wagtailcore", "Locale")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("catalogue", "HomePage")
    CataloguePage = apps.get_model("catalogue", "CataloguePage")
    locale = Locale.objects.order_by("pk").first() or Locale.objects.create(language_code="zh-hans")
    root = Page.objects.get(depth=1)

    def add(model, parent_path, title, slug, url_path, numchild):
        kind, _ = ContentType.objects.get_or_create(app_label="catalogue", model=model._meta.model_name)
        return model.objects.create(
            title=title,
            draft_title=title,
            slug=slug,
            path=f"{parent_path}0001",
            depth=len(parent_path) // 4 + 1,
            numchild=numchild,
            url_path=url_path,
            live=True,
            has_unpublished_changes=False,
            content_type=kind,
            locale=locale,
            translation_key=uuid.uuid4(),
        )

    Site.objects.all().delete()
    Page.objects.filter(depth=2).delete()
    home = add(HomePage, root.path, "检验检测云课堂", "home", "/home/", 1)
    catalogue = add(CataloguePage, home.path, "课程目录", "courses", "/home/courses/", 0)
    root.numchild = 1
    root.save(update_fields=["numchild"])
    Site.objects.create(
        hostname="localhost", port=80, site_name="检验检测云课堂", root_page_id=home.pk, is_default_site=True
    )
    return home, catalogue


def make_rights(apps, page, rights):
    """Give groups their rights on a page and all under it."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    GroupPagePermission = apps.get_model("wagtailcore", "GroupPagePermission")
    config = apps.get_app_config("wagtailcore")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    for name, codenames in rights.items():
        group = Group.objects.get(name=name)
        for codename in codenames:
            permission = Permission.objects.get(
                content_type__app_label="wagtailcore", content_type__model="page", codename=codename
            )
            GroupPagePermission.objects.get_or_create(group=group, page_id=page.pk, permission=permission)


def make_workflow(apps, home):
    """Attach a workflow of one step, the review, to everything; Wagtail's own example goes."""
    Group = apps.get_model("auth", "Group")
    ContentType = apps.get_model("contenttypes", "ContentType")
    Task = apps.get_model("wagtailcore", "Task")
    Workflow = apps.get_model("wagtailcore", "Workflow")
    WorkflowTask = apps.get_model("wagtailcore", "WorkflowTask")
    WorkflowPage = apps.get_model("wagtailcore", "WorkflowPage")
    Review = apps.get_model("catalogue", "Review")
    WorkflowPage.objects.all().delete()
    Workflow.objects.all().delete()
    Task.objects.all().delete()
    Group.objects.filter(name__in=["Moderators", "Editors"]).delete()
    kind, _ = ContentType.objects.get_or_create(app_label="catalogue", model="review")
    review = Review.objects.create(name="课程审核", active=True, content_type=kind)
    review.groups.add(Group.objects.get(name="Reviewers"))
    workflow = Workflow.objects.create(name="课程审核与发布", active=True)
    WorkflowTask.objects.create(workflow=workflow, task=review.task_ptr, sort_order=0)
    WorkflowPage.objects.create(workflow=workflow, page_id=home.pk)


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0002_editions_told"),
        ("people", "0002_groups"),
        ("wagtailcore", "0098_apitoken"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
