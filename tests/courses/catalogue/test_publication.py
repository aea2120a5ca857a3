"""Courses are published by review only: no button, no address, no service call goes around it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.actions.publish_page_revision import PublishPagePermissionError
from wagtail.models import Page, PageLogEntry

from courses.catalogue import queries, services
from courses.catalogue.models import Course, CoursePage, Edition, HomePage, NoticePage
from courses.catalogue.receivers import UNREVIEWED
from courses.catalogue.tasks import freeze_due
from tests.courses.forms import course_form
from tests.factories.catalogue import CoursePageFactory, catalogue_page

pytestmark = pytest.mark.django_db
STAFF = ["Trainers", "Reviewers", "Operators"]


def draft_of(user, **fields):
    page = CoursePageFactory(owner=user, **fields)
    page.save_revision(user=user)
    return page


def is_published(page):
    return CoursePage.objects.get(pk=page.pk).live or Edition.objects.filter(course__code=page.code).exists()


@pytest.mark.parametrize("group", STAFF)
def test_nobody_of_the_staff_publishes_a_revision_directly(member, group):
    user = member(group)
    page = draft_of(user)
    with pytest.raises(PublishPagePermissionError):
        page.get_latest_revision().publish(user=user)
    assert not is_published(page)


@pytest.mark.parametrize("group", STAFF)
def test_the_editor_offers_no_publishing_and_takes_none(member, browser_of, group):
    user = member(group)
    page, browser = draft_of(user), browser_of(user)
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    answer = browser.get(address)
    assert answer.status_code == 200
    assert 'name="action-publish"' not in answer.content.decode()
    posted = course_form(page.code, **{"action-publish": "1"})
    assert browser.post(address, posted).status_code == 302
    assert not is_published(page)


@pytest.mark.parametrize("group", STAFF)
def test_many_at_once_are_not_published_either(member, browser_of, group):
    user = member(group)
    page = draft_of(user)
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    for ids in ([page.pk], [catalogue_page().pk]):
        browser_of(user).post(
            f"{address}?" + "&".join(f"id={pk}" for pk in ids), {"include_descendants": "on"}
        )
    assert not is_published(page)


@pytest.mark.parametrize("group", STAFF)
def test_a_course_is_not_copied_since_its_code_is_its_own(member, browser_of, publish, group):
    page, browser = publish(code="B810"), browser_of(member(group))
    answer = browser.post(
        reverse("wagtailadmin_pages:copy", args=[page.pk]),
        {"new_title": "副本", "new_slug": "b811", "new_parent_page": str(catalogue_page().pk)},
    )
    assert answer.status_code == 302
    assert not Page.objects.filter(slug="b811").exists()
    listing = browser.get(reverse("wagtailadmin_explore", args=[catalogue_page().pk])).content.decode()
    assert reverse("wagtailadmin_pages:copy", args=[page.pk]) not in listing


def test_a_superusers_deliberate_act_publishes_and_is_told_apart_in_the_history(member, browser_of):
    boss = member(is_superuser=True)
    page = draft_of(member("Trainers"))
    page.get_latest_revision().publish(user=boss)
    assert is_published(page)
    entries = PageLogEntry.objects.filter(page=page.pk).values_list("action", flat=True)
    assert {"wagtail.publish", UNREVIEWED} <= set(entries)
    history = browser_of(boss).get(reverse("wagtailadmin_pages:history", args=[page.pk]))
    assert "未经审核发布" in history.content.decode()


def test_who_pressed_the_button_is_in_the_edition_and_in_the_history(member, browser_of):
    boss, trainer = member(is_superuser=True), member("Trainers")
    page = draft_of(trainer)
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    browser_of(boss).post(f"{address}?id={page.pk}")
    assert Edition.objects.get(course__code=page.code).published_by == boss
    assert PageLogEntry.objects.get(page=page.pk, action=UNREVIEWED).user == boss


def test_an_approval_is_no_unreviewed_publishing(member):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    page = draft_of(trainer)
    services.submit_for_review(page=page, by=trainer)
    services.decide(page=CoursePage.objects.get(pk=page.pk), by=reviewer, approves=True)
    assert is_published(page)
    actions = set(PageLogEntry.objects.filter(page=page.pk).values_list("action", flat=True))
    assert "wagtail.workflow.approve" in actions
    assert UNREVIEWED not in actions
    assert queries.approval_of(CoursePage.objects.get(pk=page.pk)).finished_by == reviewer


def test_a_reviewer_still_takes_a_course_down_and_a_trainer_does_not(member, browser_of, publish):
    page = publish()
    address = reverse("wagtailadmin_pages:unpublish", args=[page.pk])
    browser_of(member("Trainers")).post(address)
    assert CoursePage.objects.get(pk=page.pk).live
    browser_of(member("Reviewers")).post(address)
    assert not CoursePage.objects.get(pk=page.pk).live
    assert Course.objects.get(code=page.code).current is None


def test_notices_stay_with_the_operators(member):
    operator = member("Operators")
    catalogue_page()
    notice = HomePage.objects.get().add_child(
        instance=NoticePage(title="通知", slug="n", date=timezone.localdate(), live=False)
    )
    notice.save_revision(user=operator).publish(user=operator)
    assert NoticePage.objects.get(pk=notice.pk).live


def test_a_notice_that_a_reviewer_approves_goes_out_without_a_right_on_the_front_page(member):
    operator, reviewer = member("Operators"), member("Reviewers")
    catalogue_page()
    notice = HomePage.objects.get().add_child(
        instance=NoticePage(title="通知", slug="n2", date=timezone.localdate(), live=False)
    )
    notice.save_revision(user=operator)
    state = notice.get_workflow().start(notice, operator)
    task_state = state.current_task_state.specific
    task_state.task.specific.on_action(task_state, reviewer, "approve", comment="")
    assert NoticePage.objects.get(pk=notice.pk).live


def test_the_rights_of_a_list_are_known_without_a_query_for_each_course(
    member, django_assert_max_num_queries
):
    trainer = member("Trainers")
    for _ in range(3):
        draft_of(trainer)
    pages = list(Page.objects.type(CoursePage))
    pages[0].permissions_for_user(trainer).can_publish()
    with django_assert_max_num_queries(0):
        assert [page.permissions_for_user(trainer).can_publish() for page in pages] == [False] * 3


def test_a_scheduled_course_is_not_taught_before_its_hour(member, settings):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    page = draft_of(trainer, go_live_at=timezone.now() + timedelta(days=2))
    services.submit_for_review(page=page, by=trainer)
    services.decide(page=CoursePage.objects.get(pk=page.pk), by=reviewer, approves=True)
    page.refresh_from_db()
    assert not page.live
    assert page.approved_schedule
    assert list(queries.published_courses()) == []
    assert queries.search_courses("报告合规") == []
    assert freeze_due() == 0
    assert not Edition.objects.exists()


def test_a_scheduled_course_is_taught_from_its_hour_by_who_approved_it(member, monkeypatch):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    page = draft_of(trainer, go_live_at=timezone.now() + timedelta(hours=1))
    services.submit_for_review(page=page, by=trainer)
    services.decide(page=CoursePage.objects.get(pk=page.pk), by=reviewer, approves=True)
    page.refresh_from_db()
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    call_command("publish_scheduled", verbosity=0)
    edition = Edition.objects.get(course__code=page.code)
    assert edition.published_by == reviewer
    assert not PageLogEntry.objects.filter(page=page.pk, action=UNREVIEWED).exists()


def test_a_schedule_is_taken_back_by_reviewers_only(member, browser_of):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    page = draft_of(trainer, go_live_at=timezone.now() + timedelta(days=2))
    services.submit_for_review(page=page, by=trainer)
    services.decide(page=CoursePage.objects.get(pk=page.pk), by=reviewer, approves=True)
    revision = page.revisions.get()
    address = reverse("wagtailadmin_pages:revisions_unschedule", args=[page.pk, revision.pk])
    browser_of(trainer).post(address)
    revision.refresh_from_db()
    assert revision.approved_go_live_at is not None
    browser_of(reviewer).post(address)
    revision.refresh_from_db()
    assert revision.approved_go_live_at is None


def test_an_expired_course_is_withdrawn(publish):
    page = publish(expire_at=timezone.now() + timedelta(hours=1))
    CoursePage.objects.update(expire_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_scheduled", verbosity=0)
    assert Course.objects.get(code=page.code).current is None
    assert Edition.objects.get(course__code=page.code).withdrawn_at is not None
