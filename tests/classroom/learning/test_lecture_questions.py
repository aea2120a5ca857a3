"""Questions inside a lecture over the API: no key before an answer, nobody else's, and what a right one leads to."""

import json
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import withdraw
from classroom.exams.models import LectureAnswer
from classroom.learning import services, settling
from classroom.learning.api.questions import AnswerThrottle
from classroom.learning.pages import courses_of
from classroom.learning.pages_course import conditions
from classroom.progress.models import Evidence, LessonProgress
from classroom.reports.personal_data import personal_data
from tests.factories.catalogue import ask
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory

SESSIONS = "/api/learning/sessions/"


def post(client, url, body, **extra):
    return client.post(url, json.dumps(body), content_type="application/json", **extra)


def opened(client, learner, lesson=None):
    body = {"enrolment": learner.enrolment.pk, "lesson": str((lesson or learner.lesson).key)}
    answer = post(client, SESSIONS, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def address(session, key):
    return f"{SESSIONS}{session}/questions/{key}/"


@pytest.fixture
def questions(learner):
    return ask(learner.lesson, 30, 90)


@pytest.fixture
def session(api, learner, questions):
    """A viewing of a lecture that was played past both its questions before."""
    LessonProgressFactory(enrolment=learner.enrolment, lesson=learner.lesson, covered=(0, 100_000))
    return opened(api, learner)["session"]


def answers():
    return LectureAnswer.objects.unscoped("test").order_by("pk")


def watch(enrolment, *lessons):
    for lesson in lessons or enrolment.edition.lessons.all():
        LessonProgress.objects.update_or_create(
            enrolment=enrolment,
            lesson=lesson,
            defaults={"coverage": [[0, lesson.duration_ms]], "covered_ms": lesson.duration_ms},
        )


def test_a_viewing_is_told_what_is_asked_and_never_what_is_right(api, learner, questions):
    grant = opened(api, learner)
    assert [(one["key"], one["at_ms"], one["kind"]) for one in grant["questions"]] == [
        (str(questions[0].key), 30_000, "single"),
        (str(questions[1].key), 90_000, "single"),
    ]
    assert set(grant["questions"][0]) == {"key", "at_ms", "kind", "stem", "options", "tries", "is_answered"}
    assert set(grant["questions"][0]["options"][0]) == {"key", "text"}
    page = api.get(
        reverse("learning:player", args=[learner.enrolment.pk, learner.lesson.key])
    ).content.decode()
    for text in (json.dumps(grant, ensure_ascii=False), page):
        assert questions[0].version.explanation not in text
        assert questions[0].version.legal_basis not in text


def test_a_wrong_try_is_told_with_its_grounds_and_the_next_may_be_right(api, session, questions, learner):
    first = post(api, address(session, questions[0].key), {"choice": ["B"], "number": 1})
    assert first.status_code == 200
    said = first.json()
    assert (said["is_right"], said["number"], said["course_completed"], said["certificate"]) == (
        False, 1, False, None,
    )  # fmt: skip
    assert said["explanation"] == questions[0].version.explanation
    assert "answers" not in said
    second = post(api, address(session, questions[0].key), {"choice": ["A"], "number": 2}).json()
    assert (second["is_right"], second["number"]) == (True, 2)
    again = opened(api, learner)["questions"]
    assert [(one["tries"], one["is_answered"]) for one in again] == [(2, True), (0, False)]


def test_the_same_request_twice_is_one_try(api, session, questions):
    said = [
        post(api, address(session, questions[0].key), {"choice": ["B"], "number": 1}).json() for _ in "ab"
    ]
    assert said[0] == said[1]
    assert answers().count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"choice": []},
        {"choice": "A"},
        {"choice": [["A"]]},
        {"choice": ["A", "B"]},
        {"choice": ["Z"]},
        {"choice": ["A" * 9]},
        {"choice": ["A"] * 27},
        {"choice": ["A"], "number": 0},
        {"choice": ["A"], "number": 2**31},
        {"choice": ["A"], "number": "first"},
    ],
)
def test_what_is_no_answer_is_refused_with_problem_details_and_not_kept(api, session, questions, body):
    refused = post(api, address(session, questions[0].key), body)
    assert refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert not answers().exists()


def test_another_person_another_lecture_and_another_key_are_not_found(api, session, questions, learner):
    stranger = Client()
    stranger.force_login(UserFactory())
    second = learner.enrolment.edition.lessons.order_by("position")[1]
    elsewhere = opened(api, learner, second)["session"]
    for client, place in (
        (stranger, address(session, questions[0].key)),
        (api, address(uuid.uuid4(), questions[0].key)),
        (api, address(session, uuid.uuid4())),
        (api, address(elsewhere, questions[0].key)),
    ):
        missing = post(client, place, {"choice": ["A"]})
        assert missing.status_code == 404, place
        assert missing.json()["detail"]
    assert not answers().exists()


def test_signed_out_and_without_a_token_nothing_is_taken(session, questions, learner):
    place = address(session, questions[0].key)
    assert post(Client(), place, {"choice": ["A"]}).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(learner.enrolment.user)
    assert post(strict, place, {"choice": ["A"]}).status_code == 403
    assert strict.get(place).status_code == 405
    assert not answers().exists()


def test_who_left_the_course_is_told_so(api, session, questions, learner):
    withdraw(enrolment=learner.enrolment, by=learner.enrolment.user)
    told = post(api, address(session, questions[0].key), {"choice": ["A"]}, headers={"accept-language": "en"})
    assert told.status_code == 409
    assert "no longer enrolled" in told.json()["detail"]
    assert not answers().exists()


def test_after_the_completion_an_answer_is_graded_and_says_that_the_course_is_complete(api, questions):
    enrolment = EnrolmentFactory(edition=questions[0].lesson.edition, completed=True)
    client = Client()
    client.force_login(enrolment.user)
    watch(enrolment, questions[0].lesson)
    body = {"enrolment": enrolment.pk, "lesson": str(questions[0].lesson.key)}
    session = post(client, SESSIONS, body).json()["session"]
    said = post(client, address(session, questions[0].key), {"choice": ["B"]}).json()
    assert (said["is_right"], said["course_completed"]) == (False, True)


def test_the_last_right_answer_completes_the_course_with_its_certificate(api, session, questions, learner):
    watch(learner.enrolment)
    rows = Evidence.objects.unscoped("test").filter(enrolment=learner.enrolment).count()
    said = post(api, address(session, questions[0].key), {"choice": ["A"]}).json()
    assert not said["course_completed"]
    assert post(api, address(session, questions[1].key), {"choice": ["B"]}).json()["certificate"] is None
    said = post(api, address(session, questions[1].key), {"choice": ["A"]}).json()
    number = Certificate.objects.unscoped("test").get().number
    assert (said["course_completed"], said["certificate"]) == (True, number)
    enrolment = Enrolment.objects.unscoped("test").get(pk=learner.enrolment.pk)
    assert enrolment.state == Enrolment.State.COMPLETED
    told = Evidence.objects.unscoped("test").filter(enrolment=enrolment).exclude(kind="decision")
    assert told.count() == rows, "answers are no watched seconds"


def test_a_settling_that_fails_keeps_no_half(api, session, questions, learner, monkeypatch):
    watch(learner.enrolment)
    services.answer_question(
        user_id=learner.enrolment.user_id, session_id=session, key=questions[0].key, choice=["A"]
    )

    def broken(**_):
        raise RuntimeError("full disk")

    monkeypatch.setattr(settling, "settle", broken)
    with pytest.raises(RuntimeError, match="full disk"):
        services.answer_question(
            user_id=learner.enrolment.user_id, session_id=session, key=questions[1].key, choice=["A"]
        )
    assert answers().count() == 1
    assert not Completion.objects.unscoped("test").exists()


def test_who_blocks_the_request_has_watched_everything_and_completed_nothing(session, questions, learner):
    watch(learner.enrolment)
    services._settle(learner.enrolment.pk)
    assert not Completion.objects.unscoped("test").exists()
    assert LessonProgress.objects.filter(enrolment=learner.enrolment, covered_ms=180_000).count() == 2


def test_a_script_that_tries_without_pause_is_slowed_down(api, session, questions, monkeypatch):
    monkeypatch.setattr(AnswerThrottle, "rate", "3/min")
    cache.clear()
    codes = [post(api, address(session, questions[0].key), {"choice": ["B"]}).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


def test_an_answer_costs_the_same_after_one_try_and_after_ten(
    api, session, questions, django_assert_max_num_queries
):
    place = address(session, questions[0].key)
    post(api, place, {"choice": ["B"]})
    with django_assert_max_num_queries(30) as few:
        post(api, place, {"choice": ["B"]})
    most = len(few)
    for _ in range(8):
        post(api, place, {"choice": ["B"]})
    with django_assert_max_num_queries(most):
        post(api, place, {"choice": ["B"]})


@pytest.mark.parametrize(("at_s", "link"), [(90, "?at=88000"), (1, "?at=0")])
def test_why_the_course_is_not_complete_leads_to_the_moment(client, learner, at_s, link):
    ask(learner.lesson, at_s)
    client.force_login(learner.enrolment.user)
    outline = reverse("api:learning-outline", args=[learner.enrolment.pk])
    told = client.get(outline, headers={"accept-language": "en"}).json()["conditions"]
    assert [one["kind"] for one in told] == ["lessons", "questions"]
    assert told[1]["keys"] == [f"{learner.lesson.key}@{at_s * 1000}"]
    taken = courses_of(learner.enrolment.user)[0]
    place = reverse("learning:player", args=[learner.enrolment.pk, learner.lesson.key])
    assert conditions(taken)[1].address == f"{place}{link}"


def test_ones_own_tries_are_in_ones_own_export(api, session, questions, learner):
    post(api, address(session, questions[0].key), {"choice": ["B"]})
    (row,) = personal_data(learner.enrolment.user)["lecture_answers"]
    assert (row["number"], row["choice"], row["is_right"]) == (1, ["B"], False)
