"""The editorial workflow: who submits, who decides, what goes back with a reason, and the pages for it."""

import json
import re

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.models import WorkflowState
from wagtail.rich_text import RichText

from courses.catalogue import course_view, desk, services
from courses.catalogue.errors import (
    MayNotReview,
    MayNotSubmit,
    NotUnderReview,
    PublishRefused,
    ReasonMissing,
)
from courses.catalogue.models import Course, CoursePage
from media.models import Lecture
from tests.courses.forms import course_form
from tests.factories.catalogue import CoursePageFactory
from tests.factories.questions import fill_bank

pytestmark = pytest.mark.django_db


@pytest.fixture
def trainer(member):
    return member("Trainers")


@pytest.fixture
def reviewer(member):
    return member("Reviewers")


def fresh(page):
    return CoursePage.objects.get(pk=page.pk)


def draft(owner, **fields):
    page = CoursePageFactory(owner=owner, **fields)
    page.save_revision(user=owner)
    return page


@pytest.fixture
def submitted(trainer):
    page = draft(trainer)
    services.submit_for_review(page=page, by=trainer)
    return fresh(page)


def action_address(page, action):
    return reverse(
        "wagtailadmin_pages:workflow_action", args=[page.pk, action, page.current_workflow_task_state.pk]
    )


# Submitting


def test_who_may_not_write_courses_may_not_submit_one(member, trainer):
    page = draft(trainer)
    with pytest.raises(MayNotSubmit):
        services.submit_for_review(page=page, by=member())
    assert not fresh(page).workflow_in_progress


def test_who_left_may_not_submit(member, trainer):
    page = draft(trainer)
    with pytest.raises(MayNotSubmit):
        services.submit_for_review(page=page, by=member("Trainers", is_active=False))


def test_a_colleague_may_submit_what_another_trainer_wrote(member, trainer):
    page = draft(trainer)
    colleague = member("Trainers")
    state = services.submit_for_review(page=page, by=colleague)
    assert state.requested_by == colleague


def test_submitting_twice_is_submitting_once(submitted, trainer):
    state = services.submit_for_review(page=submitted, by=trainer)
    assert WorkflowState.objects.get() == state
    assert fresh(submitted).current_workflow_state == state


def test_a_page_that_was_never_saved_is_saved_by_submitting(trainer):
    page = CoursePageFactory(owner=trainer)
    services.submit_for_review(page=page, by=trainer)
    assert fresh(page).latest_revision.user == trainer


def test_what_is_missing_is_said_and_nothing_is_submitted(trainer):
    page = draft(trainer, lessons=[], question_bank=None)
    with pytest.raises(PublishRefused) as refusal:
        services.submit_for_review(page=page, by=trainer)
    assert {problem.code for problem in refusal.value.problems} == {"no_lessons", "no_bank"}
    assert not fresh(page).workflow_in_progress


def test_it_is_the_newest_draft_that_is_judged(trainer):
    page = draft(trainer)
    newer = page.get_latest_revision_as_object()
    newer.exam_single = 9
    newer.save_revision(user=trainer)
    with pytest.raises(PublishRefused):
        services.submit_for_review(page=fresh(page), by=trainer)


# Deciding


@pytest.mark.parametrize("groups", [(), ("Trainers",), ("Operators",)])
@pytest.mark.parametrize("approves", [True, False])
def test_only_reviewers_decide(member, submitted, groups, approves):
    with pytest.raises(MayNotReview):
        services.decide(page=submitted, by=member(*groups), approves=approves, comment="x")
    assert fresh(submitted).current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS


def test_the_author_does_not_approve_even_where_a_colleague_submitted(member):
    author, colleague = member("Trainers", "Reviewers"), member("Trainers")
    page = draft(author)
    services.submit_for_review(page=page, by=colleague)
    with pytest.raises(MayNotReview):
        services.decide(page=fresh(page), by=author, approves=True)
    services.decide(page=fresh(page), by=author, approves=False, comment="我自己还要改。")
    assert fresh(page).current_workflow_state.status == WorkflowState.STATUS_NEEDS_CHANGES


def test_who_submitted_does_not_approve_what_a_colleague_wrote(member, trainer):
    both = member("Trainers", "Reviewers")
    page = draft(trainer)
    services.submit_for_review(page=page, by=both)
    with pytest.raises(MayNotReview):
        services.decide(page=fresh(page), by=both, approves=True)


def test_a_superuser_may_decide_on_their_own(member):
    boss = member(is_superuser=True)
    page = draft(boss)
    services.submit_for_review(page=page, by=boss)
    services.decide(page=fresh(page), by=boss, approves=True)
    assert fresh(page).live


@pytest.mark.parametrize("comment", ["", "   ", "\n"])
def test_nothing_goes_back_without_a_reason(submitted, reviewer, comment):
    with pytest.raises(ReasonMissing) as refusal:
        services.decide(page=submitted, by=reviewer, approves=False, comment=comment)
    assert str(refusal.value)
    assert fresh(submitted).current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS


def test_an_approval_needs_no_words(submitted, reviewer):
    services.decide(page=submitted, by=reviewer, approves=True)
    assert fresh(submitted).live


def test_what_is_decided_is_not_decided_again(submitted, reviewer):
    services.decide(page=submitted, by=reviewer, approves=True)
    with pytest.raises(NotUnderReview):
        services.decide(page=fresh(submitted), by=reviewer, approves=False, comment="太迟了")
    assert fresh(submitted).live


def test_what_went_back_is_not_approved_before_it_is_submitted_again(submitted, reviewer, trainer):
    services.decide(page=submitted, by=reviewer, approves=False, comment="核对条款。")
    with pytest.raises(NotUnderReview):
        services.decide(page=fresh(submitted), by=reviewer, approves=True)
    services.submit_for_review(page=fresh(submitted), by=trainer)
    services.decide(page=fresh(submitted), by=reviewer, approves=True)
    assert Course.objects.get(code=submitted.code).current is not None


def test_what_became_unfit_can_only_go_back(submitted, reviewer):
    Lecture.objects.update(current=None)
    with pytest.raises(PublishRefused):
        services.decide(page=submitted, by=reviewer, approves=True)
    services.decide(page=submitted, by=reviewer, approves=False, comment="视频不能播放。")
    assert not fresh(submitted).live


def test_a_revision_of_a_live_course_changes_nothing_until_it_is_approved(trainer, reviewer, publish):
    page = publish(owner=trainer, purpose="旧")
    first = page.course.current
    newer = page.get_latest_revision_as_object()
    newer.purpose = "新"
    newer.save_revision(user=trainer)
    services.submit_for_review(page=fresh(page), by=trainer)
    assert fresh(page).course.current == first
    services.decide(page=fresh(page), by=reviewer, approves=False, comment="再想想。")
    assert fresh(page).course.current == first
    services.submit_for_review(page=fresh(page), by=trainer)
    services.decide(page=fresh(page), by=reviewer, approves=True)
    assert fresh(page).course.current.manifest["course"]["purpose"] == "新"


def test_deciding_takes_effect_whole_or_not_at_all(submitted, reviewer, monkeypatch):
    def fail(**_):
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("courses.catalogue.services.transcribe", fail)
    with pytest.raises(RuntimeError):
        services.decide(page=submitted, by=reviewer, approves=True)
    page = fresh(submitted)
    assert (page.live, page.workflow_in_progress) == (False, True)
    assert not Course.objects.filter(code=page.code).exists()


# The pages


def test_sending_back_asks_for_the_reason(submitted, reviewer, browser_of):
    browser, address = browser_of(reviewer), action_address(submitted, "reject")
    form = json.loads(browser.get(address).content)["html"]
    assert "需要修改什么" in form
    assert "required" in form
    answer = browser.post(address, {"comment": " "}, headers={"x-requested-with": "XMLHttpRequest"})
    assert "error" in json.loads(answer.content)["html"]
    assert fresh(submitted).current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS
    assert browser.post(address, {"comment": "请核对第十三条。"}).status_code == 302
    state = fresh(submitted).current_workflow_state
    assert (state.status, state.current_task_state.comment) == ("needs_changes", "请核对第十三条。")


def test_the_editor_takes_no_wordless_rejection_either(submitted, reviewer, browser_of):
    posted = course_form(
        submitted.code,
        **{"action-workflow-action": "true", "workflow-action-name": "reject"},
    )
    answer = browser_of(reviewer).post(reverse("wagtailadmin_pages:edit", args=[submitted.pk]), posted)
    assert answer.status_code in (302, 403)
    assert fresh(submitted).current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS


def test_the_reviewer_approves_in_the_editor(submitted, reviewer, browser_of):
    posted = course_form(
        submitted.code,
        **{"action-workflow-action": "true", "workflow-action-name": "approve"},
    )
    answer = browser_of(reviewer).post(reverse("wagtailadmin_pages:edit", args=[submitted.pk]), posted)
    assert answer.status_code == 302, answer.context["form"].errors
    assert fresh(submitted).live
    assert Course.objects.get(code=submitted.code).current.published_by == reviewer


def test_the_editor_approves_nothing_that_the_form_itself_made_unfit(submitted, reviewer, browser_of):
    posted = course_form(
        submitted.code,
        exam_single="9",
        **{"action-workflow-action": "true", "workflow-action-name": "approve"},
    )
    answer = browser_of(reviewer).post(reverse("wagtailadmin_pages:edit", args=[submitted.pk]), posted)
    assert "exam_single" in answer.context["form"].errors
    assert not fresh(submitted).live


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_addresses_of_decisions_are_closed_to_others(submitted, member, browser_of, client, action):
    address = action_address(submitted, action)
    assert client.post(address, {"comment": "x"}).status_code == 302
    for groups in ((), ("Trainers",), ("Operators",)):
        assert browser_of(member(*groups)).post(address, {"comment": "x"}).status_code in (302, 403)
    assert fresh(submitted).current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS


def test_a_decision_without_the_token_of_the_form_is_refused(submitted, reviewer, browser_of):
    answer = browser_of(reviewer, enforce_csrf_checks=True).post(action_address(submitted, "approve"))
    assert answer.status_code == 403
    assert not fresh(submitted).live


def test_a_replayed_decision_says_so_and_changes_nothing(submitted, reviewer, browser_of):
    browser, address = browser_of(reviewer), action_address(submitted, "approve")
    browser.post(address)
    edition = Course.objects.get(code=submitted.code).current
    assert browser.post(address).status_code == 302
    assert Course.objects.get(code=submitted.code).editions.get() == edition


def test_while_it_is_in_review_its_trainer_reads_and_does_not_write(submitted, trainer, browser_of):
    browser, address = browser_of(trainer), reverse("wagtailadmin_pages:edit", args=[submitted.pk])
    assert browser.get(address).context["locked_for_user"]
    before = submitted.latest_revision_id
    browser.post(address, course_form(submitted.code, title="偷偷改掉"))
    assert fresh(submitted).latest_revision_id == before


def test_the_trainer_may_take_it_back(submitted, trainer, browser_of):
    browser_of(trainer).post(reverse("wagtailadmin_pages:confirm_workflow_cancellation", args=[submitted.pk]))
    posted = course_form(submitted.code, **{"action-cancel-workflow": "1"})
    browser_of(trainer).post(reverse("wagtailadmin_pages:edit", args=[submitted.pk]), posted)
    assert not fresh(submitted).workflow_in_progress
    assert not fresh(submitted).live


def test_a_reviewer_finds_what_waits_on_the_first_page(submitted, reviewer, browser_of):
    text = browser_of(reviewer).get(reverse("wagtailadmin_home")).content.decode()
    assert submitted.title in text
    assert "审核中" in text


@pytest.mark.parametrize(
    ("status", "code"), [("in_progress", "in_review"), ("needs_changes", "needs_changes")]
)
def test_the_desk_tells_a_state_of_review(submitted, reviewer, status, code):
    if status == "needs_changes":
        services.decide(page=submitted, by=reviewer, approves=False, comment="改。")
    (row,) = desk.standings(desk.all_pages())
    assert (row.code, row.edition) == (code, None)
    assert str(row.state)


@pytest.mark.parametrize("count", [1, 3])
def test_the_desk_asks_as_much_for_one_as_for_three(trainer, count, django_assert_num_queries):
    for _ in range(count):
        services.submit_for_review(page=draft(trainer), by=trainer)
    with django_assert_num_queries(3):
        desk.standings(desk.own_pages(trainer))


def test_a_desk_may_also_be_given_a_list(trainer):
    pages = [draft(trainer, code="B892"), draft(trainer, code="B891")]
    assert [row.page.code for row in desk.standings(pages)] == ["B891", "B892"]
    assert desk.standings([]) == []


@pytest.mark.parametrize(
    ("groups", "may_edit_courses", "may_edit_home"),
    [
        ((), False, False),
        (("Trainers",), True, False),
        (("Reviewers",), True, False),
        (("Operators",), True, True),
    ],
)
def test_the_desk_knows_who_keeps_what(member, trainer, groups, may_edit_courses, may_edit_home):
    draft(trainer)
    user = member(*groups)
    assert (desk.editable_catalogue(user) is not None) is may_edit_courses
    assert desk.may_edit_home(user) is may_edit_home


def test_the_preview_leads_to_lessons_and_exam_as_learners_will_meet_them(trainer, browser_of):
    page = draft(trainer)
    html = browser_of(trainer).get(reverse("wagtailadmin_pages:view_draft", args=[page.pk])).content.decode()
    assert f'href="/preview/{page.pk}/"' in html
    assert f'href="/preview/{page.pk}/{page.lessons[0].id}/"' in html


def tried_part(page):
    context = Context({"page": page, "course": course_view.from_draft(page)})
    with translation.override("en"):
        return Template('{% include "catalogue/parts/draft_lessons.html" %}').render(context)


def test_a_draft_that_was_never_saved_says_to_save_it_first(trainer):
    page = draft(trainer)
    page.pk = None
    html = tried_part(page)
    assert "Save the draft first" in html
    assert "/preview/" not in html


def test_a_lesson_that_is_not_saved_yet_is_named_and_leads_nowhere(trainer):
    page = draft(trainer)
    page.lessons = [("reading", {"title": "新加的一课", "minutes": 5, "body": RichText("<p>x</p>")})]
    html = tried_part(page)
    assert "新加的一课" in html
    assert re.findall(r'href="([^"]+)"', html) == [f"/preview/{page.pk}/"]


def test_a_visitor_is_led_to_no_preview(publish, client: Client):
    page = publish(code="B893", question_bank=fill_bank(single=3, multiple=2, true_false=2))
    html = client.get(page.url).content.decode()
    assert page.title in html
    assert "/preview/" not in html
