"""A question inside a lecture is answered once its moment was played: not before, and as late as one likes."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom.exams.models import LectureAnswer
from classroom.learning import services
from classroom.progress.errors import MomentNotReached
from classroom.progress.models import LessonProgress
from classroom.progress.services import presence
from courses.catalogue.models import EditionQuestion
from tests.factories.catalogue import ask
from tests.learner import Learner

pytestmark = pytest.mark.django_db


def asked(learner: Learner, at_s: float) -> EditionQuestion:
    (question,) = ask(learner.lesson, at_s)
    return question


def answer(learner: Learner, question: EditionQuestion) -> bool:
    """Answer now, in the viewing that is open; whether it was taken."""
    assert learner.session is not None
    before = LectureAnswer.rows.count()
    try:
        services.answer_question(
            user_id=learner.enrolment.user_id,
            session_id=learner.session.pk,
            key=question.key,
            choice=["A"],
            now=learner.now,
        )
    except MomentNotReached:
        assert LectureAnswer.rows.count() == before
        return False
    return True


def test_whoever_never_played_answers_nothing_however_long_the_viewing_stands_open(learner: Learner) -> None:
    question = asked(learner, 90)
    learner.open()
    assert not answer(learner, question)
    learner.wait(3600)
    assert not answer(learner, question)


def test_it_is_answered_when_its_moment_is_played_before_the_last_report_came(learner: Learner) -> None:
    question = asked(learner, 90)
    learner.open()
    learner.play(0, 60)
    assert not answer(learner, question)
    learner.wait(20)
    assert not answer(learner, question)
    learner.wait(8)
    assert answer(learner, question)


def test_a_late_answer_is_fine_from_any_viewing(learner: Learner) -> None:
    question = asked(learner, 30)
    learner.open()
    learner.play(0, 120)
    learner.wait(86_400)
    learner.open()
    assert answer(learner, question)


def test_what_another_lecture_showed_reaches_nothing_in_this_one(learner: Learner) -> None:
    first, second = learner.enrolment.edition.lessons.order_by("position")
    question = asked(learner, 90)
    learner.open(second)
    learner.play(0, 120)
    learner.open(first)
    assert not answer(learner, question)


def test_what_another_person_watched_reaches_nothing_for_oneself(learner: Learner) -> None:
    question = asked(learner, 90)
    learner.open()
    learner.play(0, 120)
    other = Learner.on_edition()
    other.enrolment.edition = learner.enrolment.edition
    other.enrolment.course = learner.enrolment.course
    other.enrolment.save()
    other.open(learner.lesson)
    assert not answer(other, question)


def test_a_part_that_waits_for_the_one_before_it_was_played_all_the_same(learner: Learner) -> None:
    question = asked(learner, 95)
    learner.open()
    learner.play(0, 30)
    learner.wait(60)
    late = learner.span(90, 10)
    learner.report(late)
    assert learner.progress.furthest_ms == 30_000
    assert answer(learner, question)


def test_a_course_of_free_seeking_asks_for_the_moment_and_not_for_the_end() -> None:
    learner = Learner.on_edition(policy={"free_seek": True})
    question = asked(learner, 60)
    learner.open()
    learner.play(120, 180)
    assert not answer(learner, question)
    learner.play(55, 62)
    assert answer(learner, question)


def test_what_a_presence_check_holds_was_played_and_what_it_let_go_was_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "draw", lambda every: 30_000)
    learner = Learner.on_edition(policy={"presence_minutes": 10})
    held, let_go = asked(learner, 58), asked(learner, 50)
    learner.open()
    learner.play(0, 30)
    learner.wait(0.1)
    learner.report()
    learner.play(30, 60)
    assert learner.progress.furthest_ms == 30_000
    assert answer(learner, held)
    learner.wait(61)
    learner.play(60, 70, step_s=10)
    assert not answer(learner, let_go)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "has not been played up to this question"), ("zh-hans", "还没有播放到这道题")],
)
def test_the_refusal_says_what_to_do_as_problem_details(
    api: Client, learner: Learner, language: str, words: str
) -> None:
    question = asked(learner, 90)
    learner.now = timezone.now()
    session = learner.open()
    path = reverse("api:learning-question", args=[session.pk, question.key])
    refused = api.post(
        path, {"choice": ["A"]}, content_type="application/json", headers={"accept-language": language}
    )
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert refused.json()["type"].endswith("moment_not_reached")
    assert words in refused.json()["detail"]
    LessonProgress.objects.update(coverage=[[0, 95_000]])
    again = api.post(path, {"choice": ["A"]}, content_type="application/json")
    assert (again.status_code, again.json()["is_right"]) == (200, True)
