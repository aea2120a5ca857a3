"""Freezing, superseding, withdrawing and reviewing courses."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from courses.catalogue import queries, services
from courses.catalogue.errors import MayNotReview, NotUnderReview, PublishRefused
from courses.catalogue.manifest import digest_of
from courses.catalogue.models import Course, CoursePage, Edition, Passage
from courses.catalogue.tasks import freeze_due
from courses.questions import services as questions
from courses.questions.models import QuestionVersion
from media import caption_tracks, chapters
from media.models import Lecture
from tests.factories.catalogue import CoursePageFactory, lesson_blocks
from tests.factories.media import EncodeFactory, LectureFactory, SlideFactory, TrackFactory
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionFactory, fill_bank

pytestmark = pytest.mark.django_db


def member(group: str) -> Any:
    user = UserFactory()
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def trainer() -> Any:
    return member("Trainers")


@pytest.fixture
def reviewer() -> Any:
    return member("Reviewers")


def published(**fields: Any) -> CoursePage:
    """A page whose first revision is live."""
    page = CoursePageFactory(**fields)
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def again(page: CoursePage, **fields: Any) -> CoursePage:
    """The page as it is after publishing it with other fields."""
    draft = page.get_latest_revision_as_object()
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.save_revision().publish()
    return CoursePage.objects.get(pk=page.pk)


def test_publishing_freezes_the_first_edition():
    page = published(code="B701")
    course = page.course
    edition = course.current
    assert (course.code, course.topic_id, course.frozen_revision) == (
        "B701",
        page.topic_id,
        page.live_revision_id,
    )
    assert edition.number == f"{timezone.localdate().year}.1"
    assert (edition.title, edition.is_mandatory, edition.validity_months) == (page.title, True, 36)
    assert edition.change_class == Edition.ChangeClass.FIRST
    assert edition.digest == digest_of(edition.manifest)
    video, reading = queries.outline(edition)
    assert (str(video.key), video.kind, video.duration_ms, video.minutes) == (
        page.lessons[0].id,
        "video",
        3_000_000,
        50,
    )
    assert video.encode == video.lecture.current
    assert (reading.kind, reading.minutes, reading.body) == ("reading", 10, "<p>报告负责。</p>")
    assert edition.rule == {
        "version": 1,
        "all": [
            {"kind": "lessons", "keys": "all", "coverage_percent": 100},
            {"kind": "readings", "keys": "all"},
            {"kind": "exam"},
        ],
    }
    assert [(part["kind"], part["count"], len(part["pool"])) for part in edition.exam.sections] == [
        ("single", 1, 3),
        ("multiple", 1, 2),
        ("true_false", 1, 2),
    ]
    drawn = [pk for part in edition.exam.sections for pk in part["pool"]]
    assert not QuestionVersion.objects.filter(pk__in=drawn, frozen_at=None).exists()


def test_no_answer_is_in_what_is_published():
    page = published()
    assert "answers" not in str(page.course.current.manifest["exam"]["sections"])
    assert "资质认定证书的有效期" not in str(page.course.current.manifest)


def test_the_same_content_is_the_same_edition():
    page = published()
    first = page.course.current
    assert services.freeze_edition(page=page, by=None) == first
    assert again(page).course.current == first
    assert Edition.objects.filter(course=page.course).count() == 1


def test_a_change_makes_the_next_edition_and_supersedes_the_former():
    page = published()
    first = page.course.current
    page = again(page, purpose="换一种说法。")
    second = page.course.current
    first.refresh_from_db()
    assert second.number.endswith(".2")
    assert first.superseded_at is not None
    assert second.superseded_at is None
    assert (second.change_class, second.changes[0]["title"]) == ("editorial", "purpose")
    assert [lesson.key for lesson in first.lessons.all()] == [lesson.key for lesson in second.lessons.all()]


def test_a_watermark_is_frozen_with_the_edition_and_carries_over():
    page = published()
    first = Course.objects.get(page=page).current
    page = again(page, watermark=True)
    second = Course.objects.get(page=page).current
    assert second != first
    assert (first.policy.get("watermark"), second.policy["watermark"]) == (None, True)
    assert second.change_class == Edition.ChangeClass.CARRY_OVER
    page = again(page, watermark=False)
    assert Course.objects.get(page=page).current == first


def test_going_back_brings_the_earlier_edition_back():
    page = published(purpose="甲")
    first = page.course.current
    page = again(page, purpose="乙")
    second = page.course.current
    page = again(page, purpose="甲")
    first.refresh_from_db()
    second.refresh_from_db()
    assert page.course.current == first
    assert first.superseded_at is None
    assert second.superseded_at is not None


def test_a_replaced_lecture_is_material():
    page = published()
    lecture = page.lessons[0].value["lecture"]
    lecture.current = EncodeFactory(lecture=lecture, published=True, duration_ms=60_000, digest="a" * 64)
    lecture.save()
    edition = again(page).course.current
    assert edition.change_class == Edition.ChangeClass.MATERIAL
    assert [change["what"] for change in edition.changes] == ["lecture_replaced"]


def test_unpublishing_withdraws_and_publishing_again_brings_back():
    page = published()
    edition = page.course.current
    page.unpublish()
    course = Course.objects.get(code=page.code)
    edition.refresh_from_db()
    assert course.current is None
    assert edition.withdrawn_at is not None
    assert list(queries.published_courses()) == []
    assert services.withdraw_edition(course=course) is None
    page.get_latest_revision().publish()
    edition.refresh_from_db()
    course.refresh_from_db()
    assert (course.current, edition.withdrawn_at) == (edition, None)


def test_deleting_the_page_keeps_the_course_and_a_new_page_takes_it_up():
    page = published(code="B801")
    edition = page.course.current
    page.delete()
    course = Course.objects.get(code="B801")
    assert course.page is None
    assert edition.course == course
    assert published(code="B801").course == course


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda page: Lecture.objects.update(trashed_at=timezone.now()), "not_playable"),
        (lambda page: Lecture.objects.update(current=None), "not_playable"),
        (lambda page: setattr(page, "lessons", []), "no_lessons"),
        (lambda page: setattr(page, "exam_single", 4), "pool_too_small"),
        (lambda page: setattr(page, "question_bank", None), "no_bank"),
        (lambda page: setattr(page, "code", "A901"), "code_letter"),
    ],
)
def test_what_cannot_be_taught_is_refused(break_it, code):
    page = CoursePageFactory()
    break_it(page)
    for block in page.lessons:
        block.value.get("lecture") and block.value["lecture"].refresh_from_db()
    with pytest.raises(PublishRefused) as refusal:
        services.freeze_edition(page=page, by=None)
    assert [problem.code for problem in refusal.value.problems] == [code]
    assert str(refusal.value)
    assert not Edition.objects.exists()


def test_retired_questions_are_not_drawn():
    bank = fill_bank(single=3)
    spare = QuestionFactory(bank=bank)
    questions.retire(question=spare)
    page = published(question_bank=bank, exam_multiple=0, exam_true_false=0)
    assert spare.current_id not in page.course.current.exam.sections[0]["pool"]


def test_a_live_page_that_became_unfit_waits_for_the_sweep():
    lecture = LectureFactory()
    blocks = lesson_blocks(videos=1)
    blocks[0]["value"]["lecture"] = lecture.pk
    page = published(lessons=blocks)
    assert list(queries.pages_to_freeze()) == [page]
    assert freeze_due() == 0
    lecture.current = EncodeFactory(lecture=lecture, published=True)
    lecture.save()
    assert freeze_due() == 1
    assert queries.edition_of_page(page) is not None
    assert list(queries.pages_to_freeze()) == []


def test_the_sweep_freezes_a_newer_live_revision():
    page = published()
    Course.objects.update(frozen_revision=None)
    assert list(queries.pages_to_freeze()) == [page]
    assert freeze_due() == 1
    assert Edition.objects.count() == 1


def words_of(edition: Edition) -> list[tuple[int, str]]:
    return list(edition.passages.order_by("start_ms", "pk").values_list("start_ms", "text"))


def test_published_slides_become_passages_and_leave_with_them(django_capture_on_commit_callbacks):
    edition = published().course.current
    encode = edition.lessons.exclude(encode=None).first().encode
    slide = SlideFactory(encode=encode, start_ms=2000, end_ms=9000, text="原始记录\n 10 条")
    freeze_due()
    assert words_of(edition) == []
    with django_capture_on_commit_callbacks(execute=True):
        chapters.save(encode=encode, chapters=[], shown=[slide.pk], publish=True)
    assert list(queries.editions_to_transcribe()) == [edition]
    freeze_due()
    assert words_of(edition) == [(2000, "原始记录 10 条")]
    assert list(queries.editions_to_transcribe()) == []
    with django_capture_on_commit_callbacks(execute=True):
        chapters.withdraw(encode=encode)
    freeze_due()
    assert words_of(edition) == []


def test_slides_of_a_video_that_is_not_taught_are_not_found(django_capture_on_commit_callbacks):
    edition = published().course.current
    lecture = edition.lessons.exclude(encode=None).first().lecture
    other = EncodeFactory(lecture=lecture, published=True)
    slide = SlideFactory(encode=other, text="新视频")
    freeze_due()
    with django_capture_on_commit_callbacks(execute=True):
        chapters.save(encode=other, chapters=[], shown=[slide.pk], publish=True)
    assert list(queries.editions_to_transcribe()) == []
    services.transcribe(edition=edition)
    assert words_of(edition) == []


def test_deleted_captions_are_not_found_any_more(django_capture_on_commit_callbacks):
    edition = published().course.current
    track = TrackFactory(lecture=edition.lessons.exclude(lecture=None).first().lecture)
    freeze_due()
    assert words_of(edition)
    with django_capture_on_commit_callbacks(execute=True):
        caption_tracks.delete_captions(lecture=track.lecture, language=track.language)
    freeze_due()
    assert words_of(edition) == []


def test_captions_become_passages_and_are_taken_over_again():
    page = published()
    edition = page.course.current
    assert edition.passages.count() == 0
    track = TrackFactory(lecture=page.lessons[0].value["lecture"])
    assert list(queries.editions_to_transcribe()) == [edition]
    freeze_due()
    assert list(edition.passages.values_list("start_ms", "end_ms", "text")) == [
        (0, 4000, "资质认定"),
        (4000, 8000, "评审准则"),
    ]
    assert list(queries.editions_to_transcribe()) == []
    track.vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n虚假报告\n"
    track.updated_at = timezone.now()
    track.save()
    freeze_due()
    assert list(Passage.objects.values_list("text", flat=True)) == ["虚假报告"]


def test_trainer_submits_reviewer_approves_edition_exists(trainer, reviewer):
    page = CoursePageFactory(owner=trainer)
    page.save_revision(user=trainer)
    services.submit_for_review(page=page, by=trainer)
    page.refresh_from_db()
    assert page.workflow_in_progress
    assert not page.live
    services.decide(page=page, by=reviewer, approves=True)
    page.refresh_from_db()
    assert page.live
    edition = Course.objects.get(code=page.code).current
    assert edition is not None
    assert edition.published_by == reviewer


def test_nobody_approves_their_own_submission(reviewer):
    page = CoursePageFactory(owner=reviewer)
    page.save_revision(user=reviewer)
    services.submit_for_review(page=page, by=reviewer)
    with pytest.raises(MayNotReview):
        services.decide(page=page, by=reviewer, approves=True)
    page.refresh_from_db()
    assert not page.live


def test_a_trainer_may_not_decide(trainer):
    page = CoursePageFactory(owner=trainer)
    page.save_revision(user=trainer)
    services.submit_for_review(page=page, by=trainer)
    for approves in (True, False):
        with pytest.raises(MayNotReview):
            services.decide(page=page, by=trainer, approves=approves)


def test_a_course_can_be_sent_back_and_submitted_again(trainer, reviewer):
    page = CoursePageFactory(owner=trainer)
    page.save_revision(user=trainer)
    services.submit_for_review(page=page, by=trainer)
    services.decide(page=page, by=reviewer, approves=False, comment="请核对第十三条。")
    page.refresh_from_db()
    assert page.current_workflow_state.current_task_state.comment == "请核对第十三条。"
    services.submit_for_review(page=page, by=trainer)
    services.decide(page=CoursePage.objects.get(pk=page.pk), by=reviewer, approves=True)
    assert Course.objects.get(code=page.code).current is not None


def test_an_unfit_course_is_neither_submitted_nor_approved(trainer, reviewer):
    page = CoursePageFactory(owner=trainer)
    page.save_revision(user=trainer)
    services.submit_for_review(page=page, by=trainer)
    Lecture.objects.update(current=None)
    with pytest.raises(PublishRefused):
        services.decide(page=page, by=reviewer, approves=True)
    other = CoursePageFactory(owner=trainer, exam_single=9)
    other.save_revision(user=trainer)
    with pytest.raises(PublishRefused):
        services.submit_for_review(page=other, by=trainer)


def test_a_decision_needs_a_submission(reviewer):
    with pytest.raises(NotUnderReview):
        services.decide(page=CoursePageFactory(), by=reviewer, approves=True)
