"""The right to a stream is renewed for who still learns, or still has to do with the lecture."""

import json
from typing import Any

import pytest
from django.test import Client

from classroom.enrolment.services import withdraw
from classroom.progress.services import open_session
from media import playback
from tests.factories.people import UserFactory
from tests.media.visitors import entered, member

pytestmark = pytest.mark.django_db


def renewed(client: Client, user: Any, encode: Any, session: str) -> Any:
    browser = playback.browser_of(client.get("/sign-in/").wsgi_request)
    old = playback.grant(encode=encode, person=str(user.pseudonym), session=session, browser=browser)
    body = json.dumps({"url": old.manifest_url})
    return client.post("/api/playback/renew/", body, content_type="application/json")


@pytest.fixture
def viewing(learner) -> Any:
    return open_session(enrolment=learner.enrolment, lesson=learner.lesson)


def test_who_learns_goes_on(api, learner, viewing):
    answer = renewed(api, learner.enrolment.user, viewing.encode, str(viewing.pk))
    assert answer.status_code == 200
    assert api.get(answer.json()["manifest_url"]).status_code != 403


def test_who_has_left_the_course_does_not(api, learner, viewing):
    withdraw(enrolment=learner.enrolment)
    answer = renewed(api, learner.enrolment.user, viewing.encode, str(viewing.pk))
    assert answer.status_code == 403
    assert answer.json()["detail"]


@pytest.mark.parametrize("session", ["preview", "00000000-0000-4000-8000-000000000000"])
def test_a_learner_needs_a_viewing_of_their_own(api, learner, viewing, session):
    assert renewed(api, learner.enrolment.user, viewing.encode, session).status_code == 403


def test_the_viewing_of_somebody_else_is_of_no_use(viewing):
    other = UserFactory()
    client = Client()
    client.force_login(other)
    assert renewed(client, other, viewing.encode, str(viewing.pk)).status_code == 403


def test_a_trainer_goes_on_with_an_own_lecture_while_a_trainer(viewing):
    trainer = member("Trainers")
    client = entered(trainer)
    lecture = viewing.encode.lecture
    assert renewed(client, trainer, viewing.encode, "preview").status_code == 403
    lecture.owner = trainer
    lecture.save(update_fields=["owner"])
    assert renewed(client, trainer, viewing.encode, "preview").status_code == 200
    trainer.groups.clear()
    assert renewed(client, trainer, viewing.encode, "preview").status_code == 403


def test_a_reviewer_sees_everyones(viewing):
    reviewer = member("Reviewers")
    assert renewed(entered(reviewer), reviewer, viewing.encode, "captions").status_code == 200
