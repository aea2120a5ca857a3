"""The course editor and its workflow by requests, as trainers and reviewers go through it."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.menu import admin_menu

from courses.catalogue import desk
from courses.catalogue.models import Course, CoursePage
from media.models import Lecture
from tests.courses.forms import course_form, stream
from tests.factories.catalogue import CoursePageFactory, catalogue_page
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
BACKEND = "classroom.people.backends.IdentifierBackend"


def visitor(*groups):
    user = UserFactory()
    for group in groups:
        user.groups.add(Group.objects.get(name=group))
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    browser.user = user
    return browser


def add_address():
    return reverse("wagtailadmin_pages:add", args=["catalogue", "coursepage", catalogue_page().pk])


def edit_address(page):
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def errors_of(answer):
    return answer.context["form"].errors if answer.context else {}


def test_trainer_creates_submits_and_reviewer_approves_by_requests():
    trainer, reviewer = visitor("Trainers"), visitor("Reviewers")
    assert trainer.get(add_address()).status_code == 200
    answer = trainer.post(add_address(), course_form("B901", **{"action-submit": "1"}))
    assert answer.status_code == 302, errors_of(answer)
    page = CoursePage.objects.get(code="B901")
    assert (page.live, page.workflow_in_progress, page.owner) == (False, True, trainer.user)
    state = page.current_workflow_task_state
    action = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", state.pk])
    assert trainer.post(action).status_code in (302, 403)
    assert not CoursePage.objects.get(pk=page.pk).live
    assert reviewer.get(edit_address(page)).status_code == 200
    assert reviewer.post(action).status_code == 302
    page.refresh_from_db()
    edition = Course.objects.get(code="B901").current
    assert page.live
    assert (edition.title, edition.published_by) == ("报告合规", reviewer.user)
    assert [lesson.kind for lesson in edition.lessons.all()] == ["video", "reading"]


def test_a_trainer_cannot_publish():
    trainer = visitor("Trainers")
    trainer.post(add_address(), course_form("B902", **{"action-publish": "1"}))
    page = CoursePage.objects.get(code="B902")
    assert not page.live
    trainer.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]), course_form("B902", **{"action-publish": "1"})
    )
    assert not CoursePage.objects.get(code="B902").live
    assert not Course.objects.filter(code="B902").exists()


def test_a_draft_may_be_unfinished():
    trainer = visitor("Trainers")
    answer = trainer.post(add_address(), course_form("B903", exam_single="9"))
    assert answer.status_code == 302, errors_of(answer)
    assert not CoursePage.objects.get(code="B903").workflow_in_progress


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"exam_single": "9"}, "exam_single"),
        ({"question_bank": ""}, "question_bank"),
        (stream("lessons", []), "lessons"),
        ({"code": "A904"}, "code"),
        ({"code": "b9"}, "code"),
    ],
)
def test_an_unfit_course_is_not_submitted_and_the_field_says_why(changes, field):
    answer = visitor("Trainers").post(add_address(), {**course_form("B904"), **changes, "action-submit": "1"})
    assert answer.status_code == 200
    assert field in errors_of(answer)
    assert not CoursePage.objects.filter(title="报告合规").exists()


def test_a_lecture_in_the_making_blocks_submitting_but_not_saving():
    trainer = visitor("Trainers")
    form = course_form("B905")
    Lecture.objects.update(current=None)
    assert trainer.post(add_address(), form).status_code == 302
    page = CoursePage.objects.get(code="B905")
    answer = trainer.post(edit_address(page), {**form, "action-submit": "1"})
    assert "lessons" in errors_of(answer)
    assert not CoursePage.objects.get(pk=page.pk).workflow_in_progress


def test_approval_is_not_offered_while_something_is_missing():
    trainer, reviewer = visitor("Trainers"), visitor("Reviewers")
    trainer.post(add_address(), course_form("B906", **{"action-submit": "1"}))
    page = CoursePage.objects.get(code="B906")
    Lecture.objects.update(current=None)
    action = reverse(
        "wagtailadmin_pages:workflow_action", args=[page.pk, "approve", page.current_workflow_task_state.pk]
    )
    assert reviewer.post(action).status_code in (302, 403)
    page.refresh_from_db()
    assert not page.live
    assert page.workflow_in_progress
    back = reverse(
        "wagtailadmin_pages:workflow_action", args=[page.pk, "reject", page.current_workflow_task_state.pk]
    )
    reviewer.post(back, {"comment": "视频还没有转码完成。"})
    assert CoursePage.objects.get(pk=page.pk).current_workflow_state.status == "needs_changes"


def test_the_editor_says_where_the_course_stands():
    trainer = visitor("Trainers")
    page = CoursePageFactory(owner=trainer.user)
    page.save_revision().publish()
    draft = page.get_latest_revision_as_object()
    draft.pass_mark = 80
    draft.exam_single = 9
    draft.save_revision(user=trainer.user)
    text = trainer.get(edit_address(page)).content.decode()
    assert "2026" in text
    assert re.search("不能提交|尚不能|Not ready", text)
    assert re.search("60.*?80", text, re.DOTALL)


def test_the_menu_is_short_for_trainers_and_whole_for_keepers():
    names = {
        who: {item.name for item in menu_of(browser)}
        for who, browser in {"trainer": visitor("Trainers"), "operator": visitor("Operators")}.items()
    }
    assert "courses" in names["trainer"]
    assert "questions" in names["trainer"]
    assert not names["trainer"] & {"explorer", "reports", "help", "settings"}
    assert "explorer" in names["operator"]


def menu_of(browser):
    request = browser.get(reverse("wagtailadmin_home")).wsgi_request
    return admin_menu.menu_items_for_request(request)


def test_the_menu_leads_to_the_courses():
    address = reverse("catalogue_admin:courses")
    answer = visitor("Trainers").get(address)
    assert answer["Location"] == reverse("wagtailadmin_explore", args=[catalogue_page().pk])
    assert visitor().get(address).status_code in (302, 403)
    assert visitor("Trainers").get(answer["Location"]).status_code == 200


def test_the_dashboard_lists_what_waits_first(django_assert_num_queries):
    trainer = visitor("Trainers")
    published = CoursePageFactory(owner=trainer.user, code="B911")
    published.save_revision().publish()
    changed = CoursePageFactory(owner=trainer.user, code="B912")
    changed.save_revision().publish()
    draft = changed.get_latest_revision_as_object()
    draft.purpose = "换一种说法。"
    draft.save_revision()
    CoursePageFactory(owner=trainer.user, code="B913").save_revision()
    review = CoursePageFactory(owner=trainer.user, code="B914")
    review.save_revision(user=trainer.user)
    review.get_workflow().start(review, trainer.user)
    scheduled = CoursePageFactory(
        owner=trainer.user, code="B915", go_live_at=timezone.now() + timedelta(days=1)
    )
    scheduled.save_revision().publish()
    CoursePageFactory(code="B999")
    with django_assert_num_queries(3):
        rows = desk.standings(desk.own_pages(trainer.user))
    assert [(row.page.code, row.code) for row in rows] == [
        ("B914", "in_review"),
        ("B915", "scheduled"),
        ("B913", "draft"),
        ("B912", "changed"),
        ("B911", "published"),
    ]
    text = trainer.get(reverse("wagtailadmin_home")).content.decode()
    assert "B914" in text
    assert "B999" not in text
    assert "B999" in visitor("Reviewers").get(reverse("wagtailadmin_home")).content.decode()


def test_nobody_reaches_without_learners():
    page = CoursePageFactory()
    page.save_revision().publish()
    assert desk.reach(CoursePage.objects.get(pk=page.pk).course.current) == desk.Reach(0, 0)


def test_a_preview_shows_the_draft():
    trainer = visitor("Trainers")
    page = CoursePageFactory(owner=trainer.user, title="预览中的课程")
    page.save_revision()
    answer = trainer.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert answer.status_code == 200
    assert "预览中的课程" in answer.content.decode()
    assert visitor().get(reverse("wagtailadmin_pages:view_draft", args=[page.pk])).status_code in (302, 403)


def test_the_editor_starts_no_script_that_the_policy_forbids():
    trainer = visitor("Trainers")
    page = CoursePageFactory(owner=trainer.user, go_live_at=timezone.now() + timedelta(days=1))
    page.save_revision()
    text = trainer.get(edit_address(page)).content.decode()
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", text)
    assert all("json" in attributes or "template" in attributes for attributes in scripts)
    assert " onclick=" not in text
    assert 'type="date" name="reviewed_on"' in text
    assert (
        f'type="datetime-local" name="go_live_at" value="{timezone.localtime(page.go_live_at):%Y-%m-%d %H:%M}"'
        in text
    )


def test_native_dates_are_understood():
    trainer = visitor("Trainers")
    times = {"reviewed_on": "2026-11-01", "go_live_at": "2099-01-31T08:30"}
    answer = trainer.post(add_address(), course_form("B921", **times))
    assert answer.status_code == 302, errors_of(answer)
    page = CoursePage.objects.get(code="B921").get_latest_revision_as_object()
    assert page.reviewed_on.isoformat() == "2026-11-01"
    assert f"{timezone.localtime(page.go_live_at):%Y-%m-%d %H:%M}" == "2099-01-31 08:30"
