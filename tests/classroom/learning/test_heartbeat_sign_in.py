"""A heartbeat reads its person once, with the session: every sign-in that does not hold is refused all the same."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom.people.models import User
from classroom.people.services import issue_token
from classroom.progress.models import Evidence
from tests.factories.people import UserFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db


@pytest.fixture
def learner(db) -> Learner:
    made = Learner.on_edition()
    made.now = timezone.now() - timedelta(minutes=5)
    made.open()
    return made


@pytest.fixture
def person(learner) -> Client:
    client = Client()
    client.force_login(learner.enrolment.user)
    return client


def beat(client: Client, learner: Learner, seq: int = 0, **more):
    body = {
        "seq": seq,
        "spans": [{"s": seq * 1000, "e": seq * 1000 + 1000, "t0": seq * 1000, "t1": seq * 1000 + 1000}],
    }
    url = f"/api/learning/sessions/{learner.session.pk}/heartbeat/"
    return client.post(url, json.dumps(body), content_type="application/json", **more)


def reports() -> int:
    return Evidence.objects.unscoped("test").filter(kind="watch").count()


def change_password(user: User, client: Client) -> None:
    user.set_password("another-4821-word")
    user.save()


def deactivate(user: User, client: Client) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def sign_out(user: User, client: Client) -> None:
    client.session.flush()


def forge_person(user: User, client: Client) -> None:
    """Let the session name another person, as one whose store was written to could."""
    session = client.session
    session["_auth_user_id"] = str(UserFactory().pk)
    session.save()


def forge_backend(user: User, client: Client) -> None:
    session = client.session
    session["_auth_user_backend"] = "elsewhere.Backend"
    session.save()


def forget_digest(user: User, client: Client) -> None:
    session = client.session
    del session["_auth_user_hash"]
    session.save()


@pytest.mark.parametrize(
    "end", [change_password, deactivate, sign_out, forge_person, forge_backend, forget_digest]
)
def test_a_sign_in_that_does_not_hold_any_more_earns_nothing_and_is_told_so(learner, person, end):
    assert beat(person, learner).status_code == 200
    end(learner.enrolment.user, person)
    answer = beat(person, learner, 1)
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (401, "signed_out")
    assert reports() == 1
    assert learner.progress.covered_ms == 1000


def test_whoever_is_signed_out_does_not_learn_whether_a_viewing_exists(learner, person):
    stranger = UserFactory()
    client = Client()
    client.force_login(stranger)
    assert beat(client, learner).status_code == 404
    change_password(stranger, client)
    assert beat(client, learner).status_code == 401


def test_a_changed_password_ends_the_session_for_good(learner, person):
    user = learner.enrolment.user
    old = user.password
    change_password(user, person)
    assert beat(person, learner).status_code == 401
    User.objects.filter(pk=user.pk).update(password=old)
    assert beat(person, learner).status_code == 401


def test_a_new_secret_key_costs_no_report_while_the_former_is_known(learner, person, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-new-key-for-the-test", [settings.SECRET_KEY]
    assert beat(person, learner).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert beat(person, learner, 1).status_code == 200, "the session was moved to the new key"
    assert reports() == 2


def test_a_new_secret_key_without_the_former_signs_everybody_out(learner, person, settings):
    settings.SECRET_KEY = "a-new-key-for-the-test"
    assert beat(person, learner).status_code == 401


def test_a_token_of_a_person_who_left_is_refused_though_the_session_would_do(learner, person):
    _, plain = issue_token(user=learner.enrolment.user, label="script", days=1)
    headers = {"Authorization": f"Bearer {plain}"}
    assert beat(Client(), learner, headers=headers).status_code == 200
    deactivate(learner.enrolment.user, person)
    assert beat(person, learner, 1, headers=headers).status_code == 401


@pytest.mark.parametrize("rows", [1, 30])
def test_a_heartbeat_reads_once_and_writes_three_times_however_much_there_is(learner, person, rows):
    for seq in range(rows):
        beat(person, learner, seq)
    with CaptureQueriesContext(connection) as caught:
        assert beat(person, learner, rows).status_code == 200
    sent = [one["sql"] for one in caught.captured_queries if "SAVEPOINT" not in one["sql"]]
    assert len(sent) == (2 if connection.vendor == "postgresql" else 4)
    verbs = [statement.split()[0] for sql in sent for statement in sql.split("; ")]
    assert verbs == ["SELECT", "INSERT", "UPDATE", "UPDATE"]
