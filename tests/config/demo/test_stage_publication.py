"""The demo's courses go the way of every course: submitted by the trainer, approved by the reviewer."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from wagtail.models import PageLogEntry

from config.demo import content, stage
from courses.catalogue import services
from courses.catalogue.errors import MayNotReview
from courses.catalogue.models import CoursePage, Edition, EditionQuestion
from courses.catalogue.receivers import UNREVIEWED
from tests.factories.catalogue import catalogue_page
from tests.factories.media import LectureFactory, TrackFactory
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionFactory, fill_bank

pytestmark = pytest.mark.django_db


def member(*groups):
    user = UserFactory()
    user.groups.add(*[Group.objects.get(name=name) for name in groups])
    return user


@pytest.fixture
def course():
    """A course of one reading, as the demo's text tells it."""
    lesson = SimpleNamespace(
        title="导读",
        title_en="Guide",
        summary="",
        minutes=10,
        is_reading=True,
        body=lambda: "<p>正文</p>",
    )
    values = {
        "topic": "compliance",
        "exam": "1 0 0",
        "purpose": "目的",
        "purpose_en": "Purpose",
        "audience": "全员",
        "teacher": "林若曦",
        "hours": "1",
    }
    return SimpleNamespace(
        code="B88",
        title="演示课程",
        title_en="Demo",
        values=values,
        outcomes=["说出"],
        legal_basis=[],
        lessons=[lesson],
    )


@pytest.fixture
def bank():
    catalogue_page()
    return fill_bank(single=3)


def test_the_trainer_submits_and_the_reviewer_publishes(course, bank):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    page = stage.publish(course, bank, trainer, reviewer)
    edition = Edition.objects.get(course__code="B88")
    assert (page.live, page.owner, edition.published_by) == (True, trainer, reviewer)
    actions = set(PageLogEntry.objects.filter(page=page.pk).values_list("action", flat=True))
    assert {"wagtail.workflow.start", "wagtail.workflow.approve"} <= actions
    assert UNREVIEWED not in actions


def test_a_lecture_asks_when_the_sentence_before_has_been_said(course, bank):
    lesson = content.Lesson("主体责任", "Who answers", "", asks=[(1, "Q021")])
    course.lessons.insert(0, lesson)
    course.values["questions"] = "检验检测合规"
    lecture = LectureFactory(published=True, title=stage.title_of(course, 1, lesson))
    TrackFactory(lecture=lecture)
    QuestionFactory(bank__code="compliance", reference="Q021")
    stage.publish(course, bank, member("Trainers"), member("Reviewers"))
    frozen = EditionQuestion.objects.get(lesson__edition__course__code="B88")
    assert (frozen.at_ms, frozen.version.question.reference) == (4000, "Q021")


def test_a_second_run_changes_nothing(course, bank):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    first = stage.publish(course, bank, trainer, reviewer)
    again = stage.publish(course, bank, trainer, reviewer)
    assert (again.pk, again.latest_revision_id) == (first.pk, first.latest_revision_id)
    assert Edition.objects.filter(course__code="B88").count() == 1


@pytest.mark.parametrize("stopped_after", ["page", "submitting"])
def test_a_run_that_was_killed_goes_on_where_it_ended(course, bank, stopped_after):
    trainer, reviewer = member("Trainers"), member("Reviewers")
    page = CoursePage(**stage._fields(course, bank), owner=trainer, live=False)
    catalogue_page().add_child(instance=page)
    if stopped_after == "submitting":
        page = CoursePage.objects.get(code="B88")
        page.save_revision(user=trainer)
        services.submit_for_review(page=page, by=trainer)
    assert stage.publish(course, bank, trainer, reviewer).live
    assert CoursePage.objects.count() == 1


def test_a_demo_without_a_reviewer_publishes_nothing(course, bank):
    trainer = member("Trainers")
    with pytest.raises(MayNotReview):
        stage.publish(course, bank, trainer, trainer)
    assert not Edition.objects.exists()
