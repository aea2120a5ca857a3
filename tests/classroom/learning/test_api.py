"""The API of learning: strict about what it reads, kind in what it says, closed to everybody else."""

import json
import time
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from classroom.certificates.models import Certificate
from classroom.completion.models import Completion
from classroom.learning.api import heartbeat
from classroom.people.services import issue_token
from classroom.progress import verifier
from classroom.progress.models import Evidence, PlaySession
from classroom.progress.services import make_checkpoint, presence
from classroom.progress.terms import GRANT_MS
from media import playback
from tests.factories.institutions import ManagerFactory, RegulatorGrantFactory
from tests.factories.people import UserFactory

SESSIONS = "/api/learning/sessions/"


def post(client: Client, url: str, body, **extra):
    raw = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post(url, raw, content_type="application/json", **extra)


def opened(client: Client, learner, lesson=None) -> dict:
    body = {
        "enrolment": learner.enrolment.pk,
        "lesson": str((lesson or learner.lesson).key),
        "device": "Test",
    }
    answer = post(client, SESSIONS, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def since(session: str, seconds: float) -> None:
    """Pretend that the session was opened some seconds ago."""
    row = PlaySession.objects.get(pk=session)
    moment = row.opened_at - timedelta(seconds=seconds)
    clock, ms = row.clock, int(seconds * 1000)
    state = clock.sessions[session]
    state["heard"] = [[start - ms, end] for start, end in state["heard"]]
    clock.save()
    PlaySession.objects.filter(pk=session).update(opened_at=moment)


def beat(client: Client, session: str, seq: int, *spans, **more):
    named = [dict(zip(("s", "e", "t0", "t1", "rate"), span, strict=False)) for span in spans]
    return post(client, f"{SESSIONS}{session}/heartbeat/", {"seq": seq, "spans": named, **more})


def test_opening_grants_the_stream_and_says_what_counts(api, learner):
    grant = opened(api, learner)
    assert grant["manifest_url"].startswith("/stream/")
    assert grant["duration_ms"] == 180_000
    assert grant["coverage"] == []
    assert grant["missing"] == [[0, 180_000]]
    assert grant["policy"]["offline_allowance_s"] == 900
    assert (grant["position_ms"], grant["furthest_ms"], grant["lesson_completed"]) == (0, 0, False)


def test_the_stream_is_granted_for_as_long_as_the_viewing_counts(api, learner):
    """The player opens the next viewing before this one ends; a stream that ended first would break off."""
    before = int(time.time())
    claim = playback.claim_in(opened(api, learner)["manifest_url"])
    assert claim is not None
    assert before + GRANT_MS // 1000 <= claim.expiry <= time.time() + GRANT_MS // 1000


def test_a_report_is_credited_and_its_repeat_says_the_same(api, learner):
    session = opened(api, learner)["session"]
    since(session, 60)
    first = beat(api, session, 0, (0, 15_000, 0, 15_000, 1.0), position_ms=15_000)
    assert first.status_code == 200
    said = first.json()
    assert said["coverage"] == [[0, 15_000]]
    assert said["missing"] == [[15_000, 180_000]]
    assert (said["highest_seq"], said["has_lease"], said["presence"], said["refused"]) == (0, True, None, [])
    assert not said["lesson_completed"]
    assert beat(api, session, 0, (0, 15_000, 0, 15_000, 1.0), position_ms=15_000).json() == said
    assert opened(api, learner)["position_ms"] == 15_000


def test_refusals_are_told_in_the_readers_language(api, learner):
    session = opened(api, learner)["session"]
    since(session, 60)
    with translation.override("en"):
        said = beat(api, session, 0, (100_000, 115_000, 0, 15_000)).json()
    assert said["refused"][0]["rule"] == "first_view"
    assert said["refused"][0]["reason"]
    assert said["covered_ms"] == 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{",
        '{"seq": 0}',
        '{"seq": 0, "spans": {}}',
        '{"seq": true, "spans": []}',
        '{"seq": -1, "spans": []}',
        '{"seq": 1.0, "spans": []}',
        '{"seq": "1", "spans": []}',
        '{"seq": 99999999999999999999, "spans": []}',
        '{"seq": 0, "spans": [1]}',
        '{"seq": 0, "spans": [{"s": NaN, "e": 1, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": Infinity, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": -1, "e": 1, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": 0.5, "e": 1, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": 1, "e": 1, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 1, "t1": 0}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": 1e3, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": 9999999999999999999, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": "0", "e": 1, "t0": 0, "t1": 1}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 0, "t1": 1, "rate": 0}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 0, "t1": 1, "rate": 17}]}',
        '{"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 0, "t1": 1, "rate": true}]}',
        '{"seq": 0, "spans": [], "position_ms": -1}',
        '{"seq": 0, "spans": [], "position_ms": "x"}',
        json.dumps({"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 0, "t1": 1}] * 241}),
        "[" * 100_000,
        b"\xff\xfe",
        '{"seq": 0, "spans": [], "x": "' + "y" * 70_000 + '"}',
    ],
)
def test_what_is_no_report_is_refused_whole(api, learner, body):
    session = opened(api, learner)["session"]
    answer = post(api, f"{SESSIONS}{session}/heartbeat/", body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert Evidence.objects.unscoped("test").filter(kind="watch").count() == 0


def test_another_persons_session_is_not_found(api, learner):
    session = opened(api, learner)["session"]
    stranger = Client()
    stranger.force_login(UserFactory())
    assert beat(stranger, session, 0).status_code == 404
    assert beat(api, str(uuid.uuid4()), 0).status_code == 404


def test_signed_out_is_told_apart_from_refused(learner, api):
    session = opened(api, learner)["session"]
    answer = beat(Client(), session, 0)
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("signed_out")


def test_csrf_holds_for_sessions_and_not_for_tokens(learner, api):
    session = opened(api, learner)["session"]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(learner.enrolment.user)
    assert beat(strict, session, 0).status_code == 403
    assert post(strict, SESSIONS, {}).status_code == 403
    _, plain = issue_token(user=learner.enrolment.user, label="script", days=1)
    url = f"{SESSIONS}{session}/heartbeat/"
    body = {"seq": 0, "spans": []}
    assert (
        post(
            Client(enforce_csrf_checks=True), url, body, headers={"Authorization": f"Bearer {plain}"}
        ).status_code
        == 200
    )
    assert post(Client(), url, body, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_only_posts(api, learner):
    session = opened(api, learner)["session"]
    answer = api.get(f"{SESSIONS}{session}/heartbeat/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_flood_is_throttled(api, learner, settings):
    settings.HEARTBEATS_PER_MINUTE = 3
    cache.clear()
    session = opened(api, learner)["session"]
    statuses = [beat(api, session, number).status_code for number in range(8)]
    assert 429 in statuses
    answer = beat(api, session, 99)
    assert answer.status_code in (200, 429)
    assert heartbeat._PER_MINUTE == 600


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"enrolment": 10**9}, 404),
        ({"lesson": str(uuid.uuid4())}, 404),
        ({"lesson": "x"}, 400),
        ({"enrolment": "abc"}, 400),
        ({"enrolment": 2**70}, 400),
        ({"device": "x" * 65}, 400),
    ],
)
def test_opening_reads_strictly(api, learner, change, status):
    body = {"enrolment": learner.enrolment.pk, "lesson": str(learner.lesson.key), **change}
    assert post(api, SESSIONS, body).status_code == status


def test_nobody_opens_another_persons_lesson(learner, db):
    stranger = Client()
    stranger.force_login(UserFactory())
    body = {"enrolment": learner.enrolment.pk, "lesson": str(learner.lesson.key)}
    assert post(stranger, SESSIONS, body).status_code == 404
    assert post(Client(), SESSIONS, body).status_code in (401, 403)


def test_a_lesson_that_cannot_be_played_says_so(api, learner):
    from tests.factories.catalogue import EditionLessonFactory

    reading = EditionLessonFactory(edition=learner.enrolment.edition, reading=True)
    body = {"enrolment": learner.enrolment.pk, "lesson": str(reading.key)}
    answer = post(api, SESSIONS, body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_watching_everything_completes_the_course_and_awards(
    api, learner, django_capture_on_commit_callbacks
):
    for lesson in learner.enrolment.edition.lessons.all():
        session = opened(api, learner, lesson)["session"]
        since(session, 190 if lesson == learner.lesson else 185)
        if lesson != learner.lesson:
            learner_clock = PlaySession.objects.get(pk=session).clock
            learner_clock.life = []
            learner_clock.save()
        last = beat(api, session, 0, (0, 180_000, 0, 180_000)).json()
        assert last["lesson_completed"], last
    assert last["course_completed"]
    completion = Completion.objects.unscoped("test").get(enrolment=learner.enrolment)
    assert completion.verified_seconds == 360
    assert str(completion.credit_hours) == "0.1"
    assert completion.assurance == "A1"
    certificate = Certificate.objects.unscoped("test").get(completion=completion)
    assert last["certificate"] == certificate.number
    again = beat(api, session, 0, (0, 180_000, 0, 180_000)).json()
    assert again == last


def test_a_presence_check_is_answered_and_extended(api, learner, monkeypatch):
    monkeypatch.setattr(presence, "draw", lambda every: 10_000)
    edition = learner.enrolment.edition
    edition.policy = {**edition.policy, "presence_minutes": 10}
    edition.save()
    session = opened(api, learner)["session"]
    since(session, 30)
    asked = beat(api, session, 0, (0, 15_000, 0, 15_000)).json()["presence"]
    assert asked["seconds_left"] == 60
    url = f"{SESSIONS}{session}/presence/{asked['id']}/"
    more = post(api, url, {"action": "extend"})
    assert more.json()["seconds_left"] > 100
    assert post(api, url, {"action": "sing"}).status_code == 400
    stranger = Client()
    stranger.force_login(UserFactory())
    assert post(stranger, url, {"action": "answer"}).status_code == 404
    assert post(api, url, {"action": "answer"}).json() == {"id": asked["id"], "is_passed": True}


def test_the_place_where_one_stopped(api, learner):
    url = f"/api/learning/position/{learner.enrolment.pk}/{learner.lesson.key}/"
    assert api.get(url).json() == {"position_ms": 0}
    answer = api.put(url, {"position_ms": 61_000}, content_type="application/json")
    assert answer.json() == {"position_ms": 61_000}
    assert api.get(url).json() == {"position_ms": 61_000}
    assert api.put(url, {"position_ms": -1}, content_type="application/json").status_code == 400
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(url).status_code == 404


def test_learner_manager_and_regulator_read_the_same_outline(api, learner):
    url = f"/api/learning/enrolments/{learner.enrolment.pk}/outline/"
    own = api.get(url)
    assert own.status_code == 200
    assert [lesson["number"] for lesson in own.json()["lessons"]] == [1, 2]
    condition = own.json()["conditions"][0]
    assert condition["state"] == "not_begun"
    assert condition["next_step"]
    institution = learner.enrolment.institution
    manager = ManagerFactory(institution=institution).user
    regulator = RegulatorGrantFactory(
        authority=institution.supervising_authority, started_on=timezone.localdate()
    ).user
    for reader in (manager, regulator):
        client = Client()
        client.force_login(reader)
        assert client.get(url).json() == own.json()
    stranger = Client()
    stranger.force_login(ManagerFactory().user)
    assert stranger.get(url).status_code == 404


@pytest.mark.parametrize("lessons", [1, 3])
def test_an_outline_costs_the_same_for_one_and_three_lessons(lessons, django_assert_max_num_queries, db):
    from tests.learner import Learner

    learner = Learner.on_edition(videos=lessons)
    client = Client()
    client.force_login(learner.enrolment.user)
    url = f"/api/learning/enrolments/{learner.enrolment.pk}/outline/"
    with django_assert_max_num_queries(14):
        assert client.get(url).status_code == 200


def test_the_evidence_is_exported_and_verifies_with_the_public_key(api, learner):
    session = opened(api, learner)["session"]
    time.sleep(0.3)
    beat(api, session, 0, (0, 200, 0, 200), (100_000, 100_050, 200, 250))
    make_checkpoint()
    url = f"/api/learning/enrolments/{learner.enrolment.pk}/evidence/"
    raw = b"".join(api.get(url).streaming_content).decode()
    key = Client().get("/api/evidence/key/").json()["public_key"]
    report = verifier.verify(verifier.lines_of(raw.splitlines()), key)
    assert report.faults == []
    assert report.covered_ms == {str(learner.lesson.key): 200}
    assert learner.enrolment.user.name not in raw
    listed = Client().get("/api/evidence/checkpoints/").json()["results"]
    assert listed[0]["size"] == 1
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(url).status_code == 404
