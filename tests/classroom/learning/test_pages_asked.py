"""Lessons that are offered and not asked for, and corrections by hand, on the learner's own pages."""

import pytest
from django.test import Client

from classroom.completion.models import LessonCompletion
from classroom.completion.services import propose, settle
from classroom.enrolment.models import Enrolment
from classroom.learning.exam_flow import admission_of
from classroom.learning.pages import courses_of
from classroom.learning.services import enrol_in
from classroom.progress.models import LessonProgress
from tests.factories.catalogue import EditionFactory, complete_edition
from tests.factories.completion import CorrectionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import InstitutionFactory, RegulatorGrantFactory

pytestmark = pytest.mark.django_db


def half_asked() -> Enrolment:
    """An enrolment of a course with three lectures and an exam, of which the second lecture alone is asked for."""
    edition = complete_edition(videos=3, reading=False)
    key = str(edition.lessons.get(position=2).key)
    edition.rule["all"][0]["keys"] = [key]
    edition.save()
    return EnrolmentFactory(edition=edition)


def test_what_is_offered_is_neither_the_next_step_nor_in_the_way_of_the_exam() -> None:
    enrolment = half_asked()
    (taken,) = courses_of(enrolment.user)
    assert [line.number for line in taken.lines] == [1, 2, 3]
    assert ([line.number for line in taken.asked], taken.current) == ([2], taken.lines[1])
    assert (taken.left_ms, taken.lessons_done) == (180_000, False)
    lesson = taken.lines[1].lesson
    LessonProgress.objects.create(
        enrolment=enrolment, lesson=lesson, coverage=[[0, 180_000]], covered_ms=180_000
    )
    settle(enrolment=enrolment)
    assert LessonCompletion.objects.get(enrolment=enrolment).lesson == lesson
    (taken,) = courses_of(enrolment.user)
    assert (taken.lessons_done, taken.left_ms, taken.step.kind) == (True, 0, "exam")
    assert admission_of(enrolment).is_met


def test_a_new_edition_gives_no_second_enrolment_to_whoever_is_under_way() -> None:
    held = EnrolmentFactory()
    newer = EditionFactory(course=held.course)
    assert enrol_in(user=held.user, course=newer.course) == held
    held.state = Enrolment.State.WITHDRAWN
    held.save()
    assert enrol_in(user=held.user, course=newer.course).edition == newer


def test_my_learning_tells_of_ones_own_corrections_and_of_nobody_elses(client: Client) -> None:
    enrolment = EnrolmentFactory(institution=InstitutionFactory())
    regulator = RegulatorGrantFactory(user__name="周志远").user
    CorrectionFactory(text="别人的理由")
    mine = CorrectionFactory.build(enrolment=None, proposed_by=None)
    propose(
        enrolment=enrolment,
        by=regulator,
        kind=mine.kind,
        reason=mine.reason,
        text="机房断电",
        note="内部备注",
        hours=mine.hours,
        key=mine.key,
    )
    client.force_login(enrolment.user)
    text = client.get("/learn/").content.decode()
    for words in ("周志远", "机房断电", f"/overview/person/{enrolment.pk}/"):
        assert words in text
    for words in ("内部备注", "别人的理由"):
        assert words not in text
    english = client.get("/learn/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert f">{enrolment.course.code} {enrolment.edition.title_en}</a></p>" in english
