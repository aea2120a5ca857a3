"""Readings that are confirmed, and the place where a lecture was left."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.progress import chain, errors
from classroom.progress.models import Evidence, LessonProgress
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.services.sessions import lock
from courses.catalogue.models import EditionLesson


@transaction.atomic
def acknowledge_reading(
    *, enrolment: Enrolment, lesson: EditionLesson, now: datetime | None = None
) -> LessonProgress:
    """Record that the person confirmed having read a lesson; the first time counts, a second changes nothing.

    Locks the lesson's progress row and the person's clock. Raises `NotLearning`, `LessonNotGranted`,
    `LessonNotReadable`.
    """
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise errors.NotLearning
    if lesson.edition_id != enrolment.edition_id:
        raise errors.LessonNotGranted
    if lesson.kind == EditionLesson.Kind.VIDEO:
        raise errors.LessonNotReadable
    progress, clock = lock(enrolment, lesson)
    if progress.acknowledged_at is not None:
        return progress
    received = to_ms(now or timezone.now())
    chain.ensure_chain(enrolment)
    chain.append(
        clock,
        chain.Entry(
            enrolment_id=enrolment.pk,
            lesson_id=lesson.pk,
            kind=Evidence.Kind.READ,
            received=received,
            facts={"lesson": str(lesson.key)},
        ),
    )
    clock.save(update_fields=["heads"])
    progress.acknowledged_at = progress.updated_at = from_ms(received)
    progress.save(update_fields=["acknowledged_at", "updated_at"])
    return progress


@transaction.atomic
def save_position(
    *, enrolment: Enrolment, lesson: EditionLesson, position_ms: int, now: datetime | None = None
) -> LessonProgress:
    """Remember where the lecture was left, for any device. It is no evidence and earns nothing.

    Locks the lesson's progress row; a place left later by another device stays. Raises `LessonNotGranted`.
    """
    if lesson.edition_id != enrolment.edition_id:
        raise errors.LessonNotGranted
    moment = now or timezone.now()
    LessonProgress.objects.get_or_create(enrolment=enrolment, lesson=lesson)
    progress = LessonProgress.objects.select_for_update(no_key=True).get(enrolment=enrolment, lesson=lesson)
    if progress.position_at is None or progress.position_at <= moment:
        progress.position_ms, progress.position_at = min(position_ms, lesson.duration_ms), moment
        progress.save(update_fields=["position_ms", "position_at"])
    return progress
