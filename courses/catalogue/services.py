"""Writes of the catalogue: freezing editions, taking them back, and the words of their lectures."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from wagtail.models import WorkflowState
from wagtail.search import index

from courses.catalogue.changes import compare, weigh
from courses.catalogue.errors import MayNotReview, MayNotSubmit, NotUnderReview, PublishRefused
from courses.catalogue.manifest import digest_of, manifest_of
from courses.catalogue.models import (
    Course,
    CoursePage,
    Edition,
    EditionExam,
    EditionLesson,
    EditionQuestion,
    Passage,
)
from courses.catalogue.readiness import blocking
from courses.questions.models import QuestionVersion
from courses.questions.services import freeze
from media.queries import captions_of, cues_of, slides_of


def freeze_edition(*, page: CoursePage, by: Model | None) -> Edition:
    """Freeze what `page` says as the edition that is taught from now on, and return it.

    The same content gives the same edition: nothing new is made, and an earlier edition that says
    the same comes back. The former edition is superseded; enrolments stay with the one they have.
    The questions that the exam may draw are frozen with it. Locks the course's row; where the page asks
    for other courses before, first those of all courses, since only in turn can two that are published
    at once see that they would ask for each other. Raises `PublishRefused` with the reasons.
    """
    now = timezone.now()
    with transaction.atomic():
        if page.prerequisites.exists():
            list(Course.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        problems = blocking(page)
        if problems:
            raise PublishRefused(problems)
        course = _course_of(page)
        manifest = manifest_of(page)
        digest = digest_of(manifest)
        edition = course.editions.filter(digest=digest).first()
        former = course.current
        if edition is None:
            edition = _make(course, manifest, digest, former=former or _newest(course), by=by, now=now)
        if former is not None and former != edition:
            Edition.objects.filter(pk=former.pk, superseded_at__isnull=True).update(superseded_at=now)
        if edition.superseded_at or edition.withdrawn_at:
            edition.superseded_at = edition.withdrawn_at = None
            edition.save(update_fields=["superseded_at", "withdrawn_at"])
        course.current = edition
        course.topic_id = page.topic_id
        course.frozen_revision = page.live_revision_id
        course.save(update_fields=["current", "topic", "frozen_revision"])
        transcribe(edition=edition)
    return edition


def _course_of(page: CoursePage) -> Course:
    """Return the page's course, locked; one that lost its page is taken up again by its code."""
    courses = Course.objects.select_for_update()
    course = courses.filter(page=page).first() or courses.filter(code=page.code).first()
    if course is None:
        Course.objects.get_or_create(code=page.code, defaults={"topic_id": page.topic_id, "page": page})
        course = courses.get(code=page.code)
    if course.page_id != page.pk:
        course.page = page
        course.save(update_fields=["page"])
    return course


def _newest(course: Course) -> Edition | None:
    return course.editions.order_by("-published_at").first()


def _next_number(course: Course, now: datetime) -> str:
    year = timezone.localtime(now).year
    return f"{year}.{course.editions.filter(number__startswith=f'{year}.').count() + 1}"


def _make(
    course: Course,
    manifest: dict[str, Any],
    digest: str,
    *,
    former: Edition | None,
    by: Model | None,
    now: datetime,
) -> Edition:
    facts = manifest["course"]
    changes = compare(former.manifest, manifest) if former else []
    edition = Edition.objects.create(
        course=course,
        number=_next_number(course, now),
        title=facts["title"],
        title_en=facts["title_en"],
        credit_hours=facts["credit_hours"],
        is_mandatory=facts["is_mandatory"],
        validity_months=facts["validity_months"],
        policy=manifest["policy"],
        rule=manifest["rule"],
        manifest=manifest,
        digest=digest,
        published_at=now,
        published_by_id=by.pk if by is not None else None,
        change_class=weigh(changes) if former else Edition.ChangeClass.FIRST,
        changes=[change.to_dict() for change in changes],
    )
    EditionLesson.objects.bulk_create(lessons_from(manifest, edition))
    _make_questions(edition, manifest)
    if manifest["exam"]:
        _make_exam(edition, manifest["exam"])
    return edition


def lessons_from(manifest: dict[str, Any], edition: Edition | None) -> list[EditionLesson]:
    """Return the lessons that a manifest tells of, unsaved."""
    return [
        EditionLesson(
            edition=edition,
            key=lesson["key"],
            position=position,
            kind=lesson["kind"],
            title=lesson["title"],
            title_en=lesson["title_en"],
            summary=lesson["summary"],
            lecture_id=lesson["lecture"],
            encode_id=lesson["encode"],
            duration_ms=lesson["duration_ms"],
            minutes=lesson["minutes"],
            body=lesson["body"],
            document_id=lesson["document"],
        )
        for position, lesson in enumerate(manifest["lessons"], start=1)
    ]


def _make_questions(edition: Edition, manifest: dict[str, Any]) -> None:
    """Freeze what the lectures ask, with the wording of now."""
    asked = {lesson["key"]: lesson["questions"] for lesson in manifest["lessons"] if lesson.get("questions")}
    if not asked:
        return
    lessons = {str(lesson.key): lesson for lesson in edition.lessons.filter(key__in=asked)}
    rows = [
        EditionQuestion(lesson=lessons[key], key=one["key"], at_ms=one["at_ms"], version_id=one["version"])
        for key, listed in asked.items()
        for one in listed
    ]
    EditionQuestion.objects.bulk_create(rows)
    freeze(versions=QuestionVersion.objects.filter(pk__in=[row.version_id for row in rows]))


def _make_exam(edition: Edition, exam: dict[str, Any]) -> EditionExam:
    versions = [version for section in exam["sections"] for version in section["pool"]]
    freeze(versions=QuestionVersion.objects.filter(pk__in=versions))
    return EditionExam.objects.create(
        edition=edition,
        sections=[
            {name: section[name] for name in ("kind", "count", "points", "pool")}
            for section in exam["sections"]
        ],
        minutes=exam["minutes"],
        pass_mark=exam["pass_mark"],
        attempts_allowed=exam["attempts_allowed"],
        interval_minutes=exam["interval_minutes"],
        shows_answers=exam["shows_answers"],
    )


@transaction.atomic
def withdraw_edition(*, course: Course) -> Edition | None:
    """Stop teaching a course: nobody can enrol any more; those enrolled keep their edition.

    Returns the edition that was taught, or None. Locks the course's row. Publishing again brings
    the edition back.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    edition = course.current
    if edition is None:
        return None
    edition.withdrawn_at = timezone.now()
    edition.save(update_fields=["withdrawn_at"])
    course.current = None
    course.frozen_revision = None
    course.save(update_fields=["current", "frozen_revision"])
    index.remove_object(course)
    return edition


@transaction.atomic
def transcribe(*, edition: Edition) -> int:
    """Take over what the edition's lectures say and show, so that it can be searched; return how many passages.

    Each cue of the captions in the lecture's own language (or the first there is) is a passage, and each
    published slide of the encode that is taught. Repeats harmlessly.
    """
    # First: what changes while this reads makes the edition due again.
    edition.transcribed_at = timezone.now()
    edition.save(update_fields=["transcribed_at"])
    passages = []
    for lesson in edition.lessons.filter(lecture__isnull=False).select_related("lecture", "encode"):
        passages += _passages_of(lesson)
    edition.passages.all().delete()
    Passage.objects.bulk_create(passages, batch_size=500)
    course = Course.objects.select_related("current", "topic").get(pk=edition.course_id)
    if course.current_id == edition.pk:
        index.insert_or_update_object(course)
    return len(passages)


def _passages_of(lesson: EditionLesson) -> list[Passage]:
    """Return what is said in a lesson's lecture and what stands on its slides, with their times."""
    if lesson.lecture is None:
        return []
    tracks = captions_of(lesson.lecture)
    spoken = [(cue.start_ms, cue.end_ms, cue.text) for cue in (cues_of(tracks[0]) if tracks else [])]
    shown = [(slide.start_ms, slide.end_ms, slide.text) for slide in slides_of(lesson.lecture, lesson.encode)]
    return [
        Passage(
            edition_id=lesson.edition_id,
            lesson=lesson,
            start_ms=start,
            end_ms=end,
            text=" ".join(text.split()),
        )
        for start, end, text in [*spoken, *shown]
        if text.strip()
    ]


def words_changed(*, lessons: QuerySet[EditionLesson]) -> None:
    """Let the sweep take over anew what the editions of these lessons say."""
    Edition.objects.filter(pk__in=lessons.order_by().values("edition_id")).update(transcribed_at=None)


@transaction.atomic
def submit_for_review(*, page: CoursePage, by: Any) -> WorkflowState:
    """Submit the newest draft of a page for review. What is in review already stays as it is.

    Raises `MayNotSubmit`, and `PublishRefused` with the reasons.
    """
    if not page.permissions_for_user(by).can_edit():
        raise MayNotSubmit
    draft = page.get_latest_revision_as_object()
    problems = blocking(draft)
    if problems:
        raise PublishRefused(problems)
    if not page.latest_revision_id:
        page.save_revision(user=by)
    state = page.current_workflow_state
    if state is not None and state.status == WorkflowState.STATUS_NEEDS_CHANGES:
        state.resume(by)
    if state is not None:
        return state
    return page.get_workflow().start(page, by)


@transaction.atomic
def decide(*, page: CoursePage, by: Any, approves: bool, comment: str = "") -> None:
    """Approve what was submitted, which publishes it and freezes an edition, or ask for changes.

    Raises `NotUnderReview`, `MayNotReview` where the person is no reviewer or made or submitted it
    themselves, `ReasonMissing` where it goes back without a word, and `PublishRefused` where it became unfit meanwhile.
    """
    task_state = page.current_workflow_task_state
    if task_state is None:
        raise NotUnderReview
    action = "approve" if approves else "reject"
    if approves:
        problems = blocking(page.get_latest_revision_as_object())
        if problems:
            raise PublishRefused(problems)
    task = task_state.task.specific
    if action not in {name for name, _, _ in task.get_actions(page, by)}:
        raise MayNotReview
    task.on_action(task_state.specific, by, action, comment=comment)
