"""Listens to Wagtail (publishing a course page freezes an edition, unpublishing it withdraws it) and to lectures."""

import logging
from typing import Any

from django.dispatch import receiver
from wagtail.log_actions import log
from wagtail.signals import page_published, page_unpublished

from courses.catalogue.errors import PublishRefused
from courses.catalogue.models import Course, CoursePage, EditionLesson
from courses.catalogue.queries import approval_of, publisher_of
from courses.catalogue.services import freeze_edition, withdraw_edition, words_changed
from media.models import Encode, Lecture
from media.signals import captions_deleted, marks_decided

logger = logging.getLogger(__name__)

UNREVIEWED = "catalogue.publish_unreviewed"


@receiver(page_published, sender=CoursePage)
def freeze_published(instance: CoursePage, **kwargs: Any) -> None:
    """Freeze the edition. A page that became unfit stays due: the sweep tries again, the editor says why.

    Wagtail also calls a page published that was only given an hour: it is frozen when the hour has come.
    What was published without a review is told apart in the page's history: only superusers and
    programs can.
    """
    if not instance.live:
        return
    if approval_of(instance) is None:
        log(instance=instance, action=UNREVIEWED, revision=instance.live_revision)
    try:
        freeze_edition(page=instance, by=publisher_of(instance))
    except PublishRefused as refusal:
        logger.warning("course %s is live but cannot be frozen: %s", instance.code, refusal)


@receiver(page_unpublished, sender=CoursePage)
def withdraw_unpublished(instance: CoursePage, **kwargs: Any) -> None:
    """Stop teaching what its page no longer offers."""
    course = Course.objects.filter(page=instance).first()
    if course is not None:
        withdraw_edition(course=course)


@receiver(marks_decided)
def take_over_words(encode: Encode, **kwargs: Any) -> None:
    """What stands on a lecture's slides is searched in the courses that teach it."""
    words_changed(lessons=EditionLesson.objects.filter(encode=encode))


@receiver(captions_deleted)
def forget_words(lecture: Lecture, **kwargs: Any) -> None:
    """What a lecture no longer says is not found any more."""
    words_changed(lessons=EditionLesson.objects.filter(lecture=lecture))
