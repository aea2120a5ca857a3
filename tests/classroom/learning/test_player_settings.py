"""Speed and captions follow a person to every device: the newest choice stands, and nobody else's is touched."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from drf_spectacular.generators import SchemaGenerator

from classroom.learning.api.player_settings import ChoiceThrottle, PlayerSettingsView
from classroom.learning.models import PlayerSettings
from classroom.learning.player_settings import OLDEST, RATES, choose, settings_of, told
from classroom.people.models import User
from classroom.people.services import issue_token
from classroom.reports.personal_data import personal_data
from tests.classroom.learning.test_pages_views import script_data
from tests.factories.media import TrackFactory
from tests.factories.people import UserFactory
from tests.learner import Learner
from tests.threads import in_threads

SETTINGS = "/api/learning/settings/"
NOTHING = {"rate": None, "rate_at_ms": 0, "captions": None, "captions_at_ms": 0}
NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


def second(number: float) -> datetime:
    return NOON + timedelta(seconds=number)


def signed_in(user: User, **more) -> Client:
    client = Client(**more)
    client.force_login(user)
    return client


def patch(client: Client, body, **more):
    raw = body if isinstance(body, str) else json.dumps(body)
    return client.patch(SETTINGS, raw, content_type="application/json", **more)


def kept(user: User) -> tuple[float | None, str] | None:
    return PlayerSettings.objects.filter(user=user).values_list("rate", "captions").first()


def page_of(learner: Learner) -> str:
    return f"/learn/{learner.enrolment.pk}/{learner.lesson.key}/"


def problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.json()


def open_viewing(client: Client, learner: Learner) -> dict:
    body = {"enrolment": learner.enrolment.pk, "lesson": str(learner.lesson.key)}
    answer = client.post("/api/learning/sessions/", body, content_type="application/json")
    assert answer.status_code == 201
    return answer.json()


@pytest.fixture
def person(db) -> User:
    return UserFactory()


@pytest.fixture
def device(person) -> Client:
    return signed_in(person)


# From one device to the other.


def test_what_was_never_chosen_is_said_to_be_nothing(api, learner):
    assert api.get(SETTINGS).json() == NOTHING
    assert open_viewing(api, learner)["settings"] == NOTHING
    assert script_data(api.get(page_of(learner)).content.decode())["settings"] == NOTHING


def test_a_choice_is_there_on_another_device_in_another_course(api, learner):
    said = patch(api, {"rate": 1.5, "captions": "en"}).json()
    assert (said["rate"], said["captions"]) == (1.5, "en")
    other = Learner.on_edition()
    other.enrolment.user = learner.enrolment.user
    other.enrolment.save()
    phone = signed_in(learner.enrolment.user)
    data = script_data(phone.get(page_of(other)).content.decode())
    assert data["settings"] == said
    assert data["addresses"]["settings"] == SETTINGS
    assert open_viewing(phone, other)["settings"] == said


def test_captions_off_are_a_choice_and_not_the_lack_of_one(api, learner):
    patch(api, {"captions": "off"})
    assert open_viewing(api, learner)["settings"]["captions"] == "off"


def test_a_course_that_allows_less_holds_the_speed_and_leaves_the_wish(api, learner):
    edition = learner.enrolment.edition
    edition.policy = {**edition.policy, "rate_cap": 1.0}
    edition.save()
    patch(api, {"rate": 2})
    grant = open_viewing(api, learner)
    assert (grant["policy"]["rate_cap"], grant["settings"]["rate"]) == (1.0, 2.0)
    assert kept(learner.enrolment.user) == (2.0, "")


# The newest stands.


def test_in_whatever_order_choices_arrive_the_newest_stands(db):
    choices = [(0, 0.5, "en"), (1, 1.25, "off"), (2, 2.0, "zh-Hans")]
    for arrivals in permutations(choices):
        user = UserFactory()
        for at, rate, captions in arrivals:
            choose(user=user, rate=rate, captions=captions, age=second(60) - second(at), now=second(60))
        assert kept(user) == (2.0, "zh-Hans"), arrivals


def test_an_old_choice_of_a_device_that_was_away_does_not_undo_a_newer_one(device, person):
    patch(device, {"rate": 1.25})
    late = patch(device, {"rate": 0.5, "age_ms": 3_600_000}).json()
    assert late["rate"] == 1.25
    assert patch(device, {"rate": 0.5}).json()["rate"] == 0.5


def test_of_two_choices_at_one_moment_the_last_to_arrive_stands(db):
    user = UserFactory()
    choose(user=user, rate=1.5, now=NOON)
    assert choose(user=user, rate=0.75, now=NOON).rate == 0.75


def test_speed_and_captions_are_chosen_apart(db):
    user = UserFactory()
    choose(user=user, captions="en", now=second(10))
    choose(user=user, rate=1.5, now=second(20))
    # Newer than the captions, older than the speed.
    row = choose(user=user, rate=1.0, captions="off", now=second(15))
    assert (row.rate, row.rate_at, row.captions, row.captions_at) == (1.5, second(20), "off", second(15))
    assert told(settings_of(User.objects.get(pk=user.pk)))["captions_at_ms"] == second(15).timestamp() * 1000


@pytest.mark.django_db(transaction=True)
def test_two_devices_at_once_leave_one_row_and_lose_neither_choice():
    user = UserFactory()
    given = [{"rate": 1.5}, {"captions": "en"}, {"rate": 1.5}, {"captions": "en"}]
    assert in_threads(4, lambda n: choose(user=user, **given[n])) == []
    assert kept(user) == (1.5, "en")


# What is no choice.


@pytest.mark.parametrize("rate", RATES)
def test_each_speed_of_the_player_can_be_chosen(device, person, rate):
    assert patch(device, {"rate": rate}).json()["rate"] == rate


@pytest.mark.parametrize(
    "body",
    [
        *(f'{{"rate": {raw}}}' for raw in ("0", "-1", "0.6", "2.25", "16", "1e400", "true", '"1.5"', "[1]")),
        *(f'{{"rate": {raw}}}' for raw in ("NaN", "Infinity", "-Infinity", "null", "1" * 400)),
        *(f'{{"captions": "{raw}"}}' for raw in ("tlh", "", "  ", "OFF", "en_US", "<b>", "e" * 17)),
        *(f'{{"captions": {raw}}}' for raw in ("null", "5", "true", '["en"]', r'"en\u0000"', r'"\ud800"')),
        *(f'{{"rate": 1, "age_ms": {raw}}}' for raw in ("-1", "1.5", '"x"', "null", "31622400001", "9" * 30)),
        '{"rate": 1.5, "captions": "tlh"}',
        '{"rate": 1.5, "person": "somebody"}',
        '{"volume": 1}',
        "{}",
        "[]",
        "null",
        "",
    ],
)
def test_what_is_no_choice_is_refused_whole_and_says_why(device, person, body):
    said = problem(patch(device, body), 400)
    assert said["errors"] if "errors" in said else said["detail"]
    assert kept(person) is None


def test_the_oldest_age_is_taken_and_loses_to_anything(device, person):
    year = OLDEST // timedelta(milliseconds=1)
    assert patch(device, {"rate": 1.5, "age_ms": year}).json()["rate"] == 1.5
    assert patch(device, {"rate": 0.5, "age_ms": year - 60_000}).json()["rate"] == 0.5


def test_a_language_is_known_as_soon_as_a_lecture_has_captions_in_it(device, person):
    assert patch(device, {"captions": "ug-Arab"}).status_code == 400
    TrackFactory(language="ug-Arab")
    assert patch(device, {"captions": "ug-Arab"}).json()["captions"] == "ug-Arab"


@pytest.mark.parametrize(("language", "is_chinese"), [("zh-hans", True), ("en", False)])
@pytest.mark.parametrize(
    ("body", "where"), [({"rate": 3}, "rate"), ({"captions": "tlh"}, "captions"), ({}, "non_field_errors")]
)
def test_a_refusal_is_in_the_readers_language(device, person, language, is_chinese, body, where):
    device.cookies["django_language"] = language
    said = problem(patch(device, body), 400)
    for words in (said["title"], said["errors"][where][0]):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in words) is is_chinese, words


def test_a_refused_speed_is_told_with_those_that_there_are(device, person):
    assert "0.5, 0.75, 1, 1.25, 1.5, 1.75, 2" in problem(patch(device, {"rate": 3}), 400)["errors"]["rate"][0]


# Who may.


def test_nobody_without_a_sign_in_reads_or_chooses(db):
    assert problem(Client().get(SETTINGS), 401)["type"].endswith("not_authenticated")
    assert problem(patch(Client(), {"rate": 1.5}), 401)
    assert not PlayerSettings.objects.exists()


def test_a_browser_needs_its_csrf_token_and_a_program_its_own(learner):
    user = learner.enrolment.user
    strict = signed_in(user, enforce_csrf_checks=True)
    problem(patch(strict, {"rate": 1.5}), 403)
    assert kept(user) is None
    strict.get(page_of(learner))
    token = strict.cookies["csrftoken"].value
    assert patch(strict, {"rate": 1.5}, headers={"X-CSRFToken": token}).status_code == 200
    _, secret = issue_token(user=user, label="script", days=1)
    program = Client(enforce_csrf_checks=True)
    assert patch(program, {"rate": 2}, headers={"Authorization": f"Bearer {secret}"}).json()["rate"] == 2.0


@pytest.mark.parametrize(("language", "is_chinese"), [("zh-hans", True), ("en", False)])
def test_a_choice_left_on_a_shared_device_is_not_taken_for_who_came_after(
    device, person, language, is_chinese
):
    before = UserFactory()
    device.cookies["django_language"] = language
    said = problem(patch(device, {"rate": 1.5, "person": str(before.pseudonym)}), 403)
    assert said["type"].endswith("another_person")
    assert any("\u4e00" <= sign <= "\u9fff" for sign in said["detail"]) is is_chinese
    assert not PlayerSettings.objects.exists()
    own = str(person.pseudonym)
    assert patch(device, {"rate": 1.5, "person": own}).status_code == 200


def test_one_person_never_sees_or_changes_what_another_chose(device, person):
    other = UserFactory()
    choose(user=other, rate=0.5, captions="en")
    patch(device, {"rate": 1.5, "user": other.pk, "user_id": other.pk})
    assert kept(other) == (0.5, "en")
    assert kept(person) == (1.5, "")
    assert device.get(SETTINGS).json()["captions"] is None


@pytest.mark.parametrize("verb", ["post", "put", "delete"])
def test_settings_are_read_and_chosen_and_nothing_else(device, person, verb):
    problem(getattr(device, verb)(SETTINGS, {"rate": 1.5}, content_type="application/json"), 405)
    assert kept(person) is None


def test_who_chooses_without_end_is_told_to_wait(device, person, monkeypatch):
    monkeypatch.setattr(ChoiceThrottle, "rate", "2/min")
    answers = [patch(device, {"rate": 1.5}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0


# What it costs.


@pytest.mark.parametrize("chosen", [False, True])
def test_the_page_brings_them_without_a_query_of_their_own(api, learner, chosen):
    if chosen:
        choose(user=learner.enrolment.user, rate=1.5, captions="en")
    api.get(page_of(learner))
    with CaptureQueriesContext(connection) as queries:
        data = script_data(api.get(page_of(learner)).content.decode())
    assert (data["settings"]["rate"] == 1.5) is chosen
    asked = [one["sql"] for one in queries if "learning_playersettings" in one["sql"]]
    assert len(asked) == 1
    assert 'FROM "enrolment_enrolment"' in asked[0]


def test_a_heartbeat_knows_nothing_of_them(api, learner):
    choose(user=learner.enrolment.user, rate=1.5, captions="en")
    session = open_viewing(api, learner)["session"]
    with CaptureQueriesContext(connection) as queries:
        body = {"seq": 0, "spans": [{"s": 0, "e": 1, "t0": 0, "t1": 1}]}
        url = f"/api/learning/sessions/{session}/heartbeat/"
        assert api.post(url, body, content_type="application/json").status_code == 200
    assert queries.captured_queries
    assert [one for one in queries if "playersettings" in one["sql"]] == []


def test_a_choice_is_one_locked_read_and_one_write(db):
    user = UserFactory()
    choose(user=user, rate=1.5)
    with CaptureQueriesContext(connection) as queries:
        choose(user=user, rate=2.0, captions="en")
    words = [one["sql"].split()[0] for one in queries]
    assert [word for word in words if word in {"SELECT", "INSERT", "UPDATE"}] == ["SELECT", "UPDATE"]


# What is kept, and what is told of it.


@pytest.mark.parametrize(
    "fields",
    [
        {"rate": 1.5},
        {"rate_at": NOON},
        {"rate": 2.25, "rate_at": NOON},
        {"rate": 0.25, "rate_at": NOON},
        {"captions": "en"},
        {"captions_at": NOON},
    ],
)
def test_the_database_holds_no_choice_without_its_moment_and_no_odd_speed(db, fields):
    user = UserFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        PlayerSettings.objects.create(user=user, **fields)


def test_they_are_in_the_data_that_a_person_takes_along_and_nobody_elses_are(db):
    user = UserFactory()
    choose(user=UserFactory(), rate=0.5)
    choose(user=user, rate=1.5, captions="off", now=NOON)
    assert personal_data(user)["player_settings"] == [
        {"rate": 1.5, "rate_at": NOON, "captions": "off", "captions_at": NOON}
    ]


def test_the_schema_says_what_can_be_chosen():
    generator = SchemaGenerator(patterns=[path("api/learning/settings/", PlayerSettingsView.as_view())])
    schema = generator.get_schema(public=True)
    doors = schema["paths"][SETTINGS]
    assert {"get", "patch"} <= doors.keys()
    assert {"200", "400", "403", "413", "429"} <= doors["patch"]["responses"].keys()
    parts = schema["components"]["schemas"]
    chosen = parts["PatchedPlayerSettingsChoiceRequest"]["properties"]
    assert parts["RateEnum"]["enum"] == list(RATES)
    assert "RateEnum" in str(chosen["rate"])
    assert (chosen["captions"]["maxLength"], chosen["age_ms"]["minimum"]) == (16, 0)
