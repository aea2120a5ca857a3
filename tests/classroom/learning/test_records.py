"""Outline, evidence, position, sessions and presence over the API: who reads what, in which words."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from classroom.completion.models import LessonCompletion
from classroom.enrolment.models import Enrolment
from classroom.learning.api.sessions import OpeningThrottle
from classroom.people.models import AuditEntry
from classroom.people.services import issue_token
from classroom.progress import keys, services, verifier
from classroom.progress.models import Evidence, LessonProgress, PlaySession
from courses.catalogue.models import Edition
from tests.factories.institutions import ManagerFactory, RegulatorGrantFactory
from tests.factories.people import UserFactory
from tests.factories.progress import LessonProgressFactory
from tests.learner import Learner

pytestmark = pytest.mark.django_db
SESSIONS = "/api/learning/sessions/"


def outline(enrolment: Enrolment) -> str:
    return f"/api/learning/enrolments/{enrolment.pk}/outline/"


def evidence(enrolment: Enrolment) -> str:
    return f"/api/learning/enrolments/{enrolment.pk}/evidence/"


def position(learner: Learner) -> str:
    return f"/api/learning/position/{learner.enrolment.pk}/{learner.lesson.key}/"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def is_problem(answer) -> bool:
    """Whether a refusal is told as problem details with words for a person."""
    body = answer.json()
    return (
        answer["Content-Type"] == "application/problem+json"
        and body["status"] == answer.status_code
        and bool(body["title"])
        and bool(body.get("detail") or body["errors"])
    )


# Outline.


def test_an_outline_says_of_each_lesson_what_is_there_and_what_is_missing(api, learner):
    learner.open()
    learner.play(0, 60)
    learner.report(Learner.span(learner, 90, 10))
    told = api.get(outline(learner.enrolment)).json()
    first, second = told["lessons"]
    assert first["covered_ms"] == 60_000
    assert first["coverage"] == [[0, 60_000]]
    assert first["missing"] == [[60_000, 180_000]]
    assert first["position_ms"] == 100_000
    assert (second["coverage"], second["missing"]) == ([], [[0, 180_000]])
    assert [one["is_complete"] for one in told["lessons"]] == [False, False]
    LessonCompletion.objects.create(enrolment=learner.enrolment, lesson=learner.lesson)
    assert api.get(outline(learner.enrolment)).json()["lessons"][0]["is_complete"]


@pytest.mark.parametrize(
    ("language", "title", "asks", "next_step"),
    [
        ("en", "Lecture one", "Watch all 2 lectures", "Begin “Lecture one” (03:00)."),
        ("zh-hans", "第1课 主体责任", "观看全部", "第1课 主体责任"),
    ],
)
def test_an_outline_speaks_the_readers_language(api, learner, language, title, asks, next_step):
    learner.lesson.title_en = "Lecture one"
    learner.lesson.save()
    user = learner.enrolment.user
    user.language = language
    user.save()
    with translation.override(language):
        told = api.get(outline(learner.enrolment), headers={"accept-language": language}).json()
    assert told["lessons"][0]["title"] == title
    condition = told["conditions"][0]
    assert asks in condition["title"]
    assert next_step in condition["next_step"]
    assert condition["keys"] == [one["key"] for one in told["lessons"]]


def test_what_was_done_is_no_reason_any_more(api, learner):
    for lesson in learner.enrolment.edition.lessons.order_by("position"):
        LessonProgressFactory(enrolment=learner.enrolment, lesson=lesson, covered=(0, 180_000))
    condition = api.get(outline(learner.enrolment)).json()["conditions"][0]
    assert (condition["state"], condition["next_step"], condition["keys"]) == ("met", "", [])


@pytest.mark.parametrize("videos", [1, 3, 200])
def test_an_outline_costs_the_same_for_any_number_of_lessons(videos):
    learner = Learner.on_edition(videos=videos)
    rows = [
        LessonProgress(enrolment=learner.enrolment, lesson=lesson, coverage=[[0, 60_000]], covered_ms=60_000)
        for lesson in learner.enrolment.edition.lessons.all()
    ]
    LessonProgress.objects.bulk_create(rows)
    client = signed_in(learner.enrolment.user)
    client.get(outline(learner.enrolment))
    with CaptureQueriesContext(connection) as queries:
        told = client.get(outline(learner.enrolment)).json()
    assert len(told["lessons"]) == videos
    assert len(queries) <= 14, [one["sql"][:80] for one in queries.captured_queries]


def test_who_may_see_an_enrolment_reads_it_and_nobody_else(learner):
    enrolment = learner.enrolment
    authority = enrolment.institution.supervising_authority
    ended = timezone.localdate() - timedelta(days=1)
    seen = {
        "own": enrolment.user,
        "manager": ManagerFactory(institution=enrolment.institution).user,
        "regulator": RegulatorGrantFactory(authority=authority, started_on=timezone.localdate()).user,
    }
    unseen = {
        "stranger": UserFactory(),
        "manager elsewhere": ManagerFactory().user,
        "regulator of before": RegulatorGrantFactory(
            authority=authority, started_on=ended - timedelta(days=9), ended_on=ended
        ).user,
    }
    for who, user in seen.items():
        assert signed_in(user).get(outline(enrolment)).status_code == 200, who
        assert signed_in(user).get(evidence(enrolment)).status_code == 200, who
    for who, user in unseen.items():
        for place in (outline(enrolment), evidence(enrolment)):
            answer = signed_in(user).get(place)
            assert answer.status_code == 404, who
            assert is_problem(answer)
    for place in (outline(enrolment), evidence(enrolment)):
        assert Client().get(place).status_code == 401


@pytest.mark.parametrize(
    ("origin", "mandatory", "there"),
    [("self", True, True), ("self", False, False), ("plan", False, True), ("manager", False, False)],
)
def test_a_regulator_reads_supervised_courses_only_here_too(learner, origin, mandatory, there):
    """The person's page kept to it, while outline and evidence told of courses that one took for oneself."""
    enrolment = learner.enrolment
    Edition.objects.filter(pk=enrolment.edition_id).update(is_mandatory=mandatory)
    enrolment.origin = origin
    enrolment.save()
    regulator = RegulatorGrantFactory(authority=enrolment.institution.supervising_authority).user
    manager = ManagerFactory(institution=enrolment.institution).user
    for place in (outline(enrolment), evidence(enrolment)):
        assert signed_in(regulator).get(place).status_code == (200 if there else 404)
        assert signed_in(manager).get(place).status_code == 200


def test_a_token_reads_as_its_person_does(learner):
    _, plain = issue_token(user=learner.enrolment.user, label="script", days=1)
    _, other = issue_token(user=UserFactory(), label="script", days=1)
    ask = lambda token: Client().get(outline(learner.enrolment), headers={"Authorization": f"Bearer {token}"})  # noqa: E731
    assert ask(plain).status_code == 200
    assert ask(other).status_code == 404
    assert ask("cc_nonsense").status_code == 401


# Evidence.


def test_an_export_is_lines_that_a_stranger_verifies_and_its_reading_is_noted(api, learner):
    learner.open()
    learner.play(0, 30)
    services.make_checkpoint()
    answer = api.get(evidence(learner.enrolment))
    raw = b"".join(answer.streaming_content).decode()
    assert answer["Content-Type"] == "application/x-ndjson"
    assert f'filename="evidence-{learner.enrolment.pk}.jsonl"' in answer["Content-Disposition"]
    kinds = [json.loads(line)["type"] for line in raw.splitlines()]
    assert kinds == ["genesis", "row", "row", "row", "progress", "checkpoint"]
    assert verifier.verify(verifier.lines_of(raw.splitlines()), keys.public_key()).faults == []
    entry = AuditEntry.objects.get(action="progress.export_evidence")
    assert (entry.actor, entry.target) == (learner.enrolment.user, f"enrolment:{learner.enrolment.pk}")


def test_without_evidence_the_export_is_empty(api, learner):
    assert b"".join(api.get(evidence(learner.enrolment)).streaming_content) == b""


def test_an_exports_queries_do_not_grow_with_its_rows(api, learner):
    learner.open()
    counts = []
    for end in (30, 120):
        learner.play(end - 30, end, step_s=3)
        with CaptureQueriesContext(connection) as queries:
            b"".join(api.get(evidence(learner.enrolment)).streaming_content)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_checkpoints_and_key_are_for_everybody(learner):
    learner.open()
    made = services.make_checkpoint()
    told = Client().get("/api/evidence/checkpoints/").json()["results"]
    assert [one["number"] for one in told] == [made.number]
    key = Client().get("/api/evidence/key/").json()
    assert key == {"id": made.key_id, "public_key": keys.public_key(), "former": []}
    assert verifier.is_signed(told[0], key["public_key"])


# Position.


@pytest.mark.parametrize(
    ("given", "status", "kept"),
    [(0, 200, 0), (61_000, 200, 61_000), (10**9, 200, 180_000), (-1, 400, 0), ("x", 400, 0), (None, 400, 0)],
)
def test_a_position_is_kept_within_the_lecture(api, learner, given, status, kept):
    answer = api.put(position(learner), {"position_ms": given}, content_type="application/json")
    assert answer.status_code == status
    assert status == 200 or is_problem(answer)
    assert api.get(position(learner)).json() == {"position_ms": kept}


def test_what_one_device_leaves_another_goes_on_with(learner):
    phone, desk = signed_in(learner.enrolment.user), signed_in(learner.enrolment.user)
    phone.put(position(learner), {"position_ms": 47_123}, content_type="application/json")
    grant = desk.post(
        SESSIONS,
        {"enrolment": learner.enrolment.pk, "lesson": str(learner.lesson.key)},
        content_type="application/json",
    ).json()
    assert grant["position_ms"] == 47_123


def test_a_position_earns_nothing(api, learner):
    api.put(position(learner), {"position_ms": 180_000}, content_type="application/json")
    assert (learner.progress.covered_ms, learner.progress.furthest_ms) == (0, 0)
    assert not Evidence.rows.exists()


def test_nobody_moves_anothers_position(learner):
    stranger = signed_in(UserFactory())
    answer = stranger.put(position(learner), {"position_ms": 5}, content_type="application/json")
    assert (answer.status_code, is_problem(answer)) == (404, True)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(learner.enrolment.user)
    answer = strict.put(position(learner), {"position_ms": 5}, content_type="application/json")
    assert (answer.status_code, is_problem(answer)) == (403, True)
    assert not LessonProgress.objects.exists()


# Sessions.


def opening(client: Client, learner: Learner, **changes: object):
    body = {"enrolment": learner.enrolment.pk, "lesson": str(learner.lesson.key), **changes}
    return client.post(SESSIONS, body, content_type="application/json")


def test_opening_again_elsewhere_takes_the_lease_and_tells_the_first(learner):
    first, second = (signed_in(learner.enrolment.user) for _ in range(2))
    one, two = (opening(client, learner).json()["session"] for client in (first, second))
    beat = lambda client, session: client.post(  # noqa: E731
        f"{SESSIONS}{session}/heartbeat/", {"seq": 0, "spans": []}, content_type="application/json"
    ).json()
    assert beat(first, one)["has_lease"] is False
    assert beat(second, two)["has_lease"] is True


def test_a_withdrawn_enrolment_opens_nothing(api, learner):
    Enrolment.objects.unscoped("test").filter(pk=learner.enrolment.pk).update(
        state="withdrawn", withdrawn_at=timezone.now()
    )
    answer = opening(api, learner)
    assert answer.status_code in (404, 409)
    assert is_problem(answer)
    assert not PlaySession.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"lesson": None},
        {"enrolment": None},
        {"enrolment": 0},
        {"enrolment": True, "lesson": "1"},
        {"device": "x" * 65},
    ],
)
def test_an_opening_that_makes_no_sense_is_a_problem_with_words(api, learner, changes):
    answer = opening(api, learner, **changes)
    assert (answer.status_code, is_problem(answer)) == (400, True)


def test_opening_too_often_is_slowed_down_and_says_when(api, learner, monkeypatch):
    monkeypatch.setattr(OpeningThrottle, "rate", "3/min")
    answers = [opening(api, learner) for _ in range(4)]
    assert [one.status_code for one in answers] == [201, 201, 201, 429]
    assert int(answers[3]["Retry-After"]) > 0


@pytest.mark.parametrize("action", ["answer", "extend"])
def test_a_question_that_is_nobodys_is_a_problem_with_words(api, learner, action):
    session = opening(api, learner).json()["session"]
    answer = api.post(
        f"{SESSIONS}{session}/presence/{uuid.uuid4()}/", {"action": action}, content_type="application/json"
    )
    assert (answer.status_code, is_problem(answer)) == (404, True)
