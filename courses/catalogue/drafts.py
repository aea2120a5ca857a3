"""A draft as its trainer and its reviewer try it: what can be watched, what it asks, what its exam draws from.

Nothing here writes. Lessons and exam are rows that were never saved and never are.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone

from courses.catalogue.asked import asked_in
from courses.catalogue.manifest import policy_of
from courses.catalogue.models import Course, CoursePage, Edition, EditionExam, EditionLesson
from courses.catalogue.queries import lectures_in, outline_of_draft
from courses.catalogue.readiness import drawn
from courses.questions.models import QuestionVersion
from courses.questions.queries import pool
from media.models import Encode, Lecture
from media.queries import LectureState, is_watchable_early, newest_encodes, newest_first, state_from


@dataclass(frozen=True, slots=True)
class DraftLesson:
    """A lesson of a draft. `state` says how far its lecture is where learners could not watch it yet.

    `lesson.encode` is what can be watched now, be it only the part that is made so far (`is_early`); None
    where nothing can.
    """

    lesson: EditionLesson
    state: LectureState | None = None
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """A question that a draft's lecture puts, in its wording of now."""

    key: uuid.UUID
    at_ms: int
    version: QuestionVersion


def draft_for(user: Any, page_id: int) -> CoursePage | None:
    """Return the newest draft of a course to whoever may edit or review it, None to anybody else."""
    page = CoursePage.objects.filter(pk=page_id).first()
    if page is None or not page.permissions_for_user(user).can_edit():
        return None
    draft: CoursePage = page.get_latest_revision_as_object()
    return draft


def edition_of(page: CoursePage) -> Edition:
    """Return what learners' pages read of an edition, as the draft would freeze it; it has no lessons."""
    return Edition(
        course=Course(code=page.code, page_id=page.pk),
        title=page.title,
        title_en=page.title_en,
        policy=policy_of(page).to_dict(),
        rule={"version": 1, "all": []},
        manifest={"course": {"teacher": page.teacher}},
    )


def lessons_of(page: CoursePage) -> list[DraftLesson]:
    """Return the lessons of a draft, numbered from 1 (a constant number of queries)."""
    prefetch_related_objects(lectures_in(page), "current", newest_encodes())
    return [_tried(lesson) for lesson in outline_of_draft(page)]


def _tried(lesson: EditionLesson) -> DraftLesson:
    # Pages tell lessons apart by their keys of rows; these have none, so their places serve.
    lesson.pk = lesson.position
    lecture = lesson.lecture
    if lesson.encode is not None and lecture is not None:
        lesson.encode.lecture = lecture
    if lesson.encode is not None or lesson.kind != EditionLesson.Kind.VIDEO:
        return DraftLesson(lesson)
    if lecture is None or lecture.trashed_at is not None:
        return DraftLesson(lesson, LectureState("uploading"))
    encodes = newest_first(lecture)
    early = next((encode for encode in encodes if is_watchable_early(encode)), None)
    state = state_from(lecture, next(iter(encodes), None), timezone.now())
    return DraftLesson(_with(lesson, lecture, early), state, is_early=early is not None)


def _with(lesson: EditionLesson, lecture: Lecture, early: Encode | None) -> EditionLesson:
    if early is not None:
        early.lecture = lecture
        lesson.encode, lesson.duration_ms = early, early.duration_ms
        lesson.minutes = max(1, -(-early.duration_ms // 60_000))
    return lesson


def questions_of(page: CoursePage, lesson: EditionLesson) -> list[DraftQuestion]:
    """Return what a draft's lecture can ask: what has a moment inside it and a question in use.

    The rest is told by `readiness.problems_of`. A constant number of queries.
    """
    block = next((one for one in page.lessons if str(one.id) == str(lesson.key)), None)
    asked = [one for one in asked_in(block) if one.is_usable] if block is not None else []
    prefetch_related_objects([one.question for one in asked if one.question is not None], "current__question")
    return [
        DraftQuestion(uuid.UUID(one.key), one.at_ms, one.question.current)
        for one in asked
        if one.question is not None and one.question.current is not None
        if one.at_ms is not None and one.at_ms < lesson.duration_ms
    ]


def exam_of(page: CoursePage) -> EditionExam | None:
    """Return the exam as the draft would freeze it now, its pools too small perhaps; None without one.

    A query a kind of question.
    """
    counts = drawn(page)
    if not counts or page.question_bank is None:
        return None
    return EditionExam(
        sections=[
            {
                "kind": kind,
                "count": count,
                "points": 1,
                "pool": list(pool(page.question_bank, kind).order_by("pk").values_list("pk", flat=True)),
            }
            for kind, count in counts.items()
        ],
        minutes=page.exam_minutes,
        pass_mark=page.pass_mark,
        attempts_allowed=page.exam_attempts,
        interval_minutes=page.exam_interval_minutes,
        shows_answers=page.shows_answers,
    )
