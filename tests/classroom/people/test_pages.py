"""Sign-in and one's own account, through the browser's door."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from classroom.people import services
from classroom.people.demo import DEMO_PASSWORD
from classroom.people.invitations import invitation_path
from classroom.people.models import AuditEntry, SignIn, User
from tests.factories.people import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


@pytest.fixture(autouse=True)
def _english() -> object:
    with translation.override("en"):
        yield


@pytest.fixture
def person() -> User:
    return UserFactory(name="陈思远", mobile="13812341234", email="chen@lab.example")


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str) -> object:
    return client.post(
        SIGN_IN, {"username": username, "password": password, **extra}, HTTP_ACCEPT_LANGUAGE="en"
    )


@pytest.mark.parametrize("username", ["13812341234", "chen@lab.example", "CHEN@lab.example", " 13812341234 "])
def test_either_identifier_signs_in(client: Client, person: User, username: str) -> None:
    response = sign_in(client, username)
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert SignIn.objects.get(user=person).session_key == client.session.session_key
    assert AuditEntry.objects.get(action="people.sign_in").result == "ok"


def test_the_session_key_is_new_after_sign_in(client: Client, person: User) -> None:
    session = client.session
    session["x"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key
    sign_in(client, person.mobile)
    assert client.session.session_key != session.session_key
    assert not Session.objects.filter(pk=session.session_key).exists()


@pytest.mark.parametrize(
    ("username", "password"), [("13812341234", "wrong"), ("nobody@lab.example", PASSWORD)]
)
def test_a_failure_says_the_same_for_name_and_password(
    client: Client, person: User, username: str, password: str
) -> None:
    response = sign_in(client, username, password)
    assert response.status_code == 401
    assert b"The name or the password is not right" in response.content
    entry = AuditEntry.objects.get(action="people.sign_in")
    assert (entry.actor, entry.result) == (None, "refused")
    assert username not in entry.target


@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/courses/b1/", "/courses/b1/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_leads_nowhere_else(client: Client, person: User, target: str, lands: str) -> None:
    assert sign_in(client, person.mobile, next=target).headers["Location"] == lands


def test_after_eight_failures_a_page_says_when_to_come_back(client: Client, person: User) -> None:
    answers = [sign_in(client, person.mobile, "wrong") for _ in range(9)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "900"
    assert b"15 minutes" in answers[-1].content
    assert sign_in(client, person.mobile).status_code == 429
    assert AuditEntry.objects.filter(result="locked").exists()
    cache.clear()


def test_sign_in_needs_a_csrf_token(person: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(SIGN_IN, {"username": person.mobile, "password": PASSWORD}).status_code == 403
    assert "_auth_user_id" not in strict.session


def test_closed_accounts_do_not_open(client: Client, person: User) -> None:
    services.close_account(user=person, by=person)
    assert sign_in(client, "13812341234").status_code == 401


def test_demo_accounts_are_shown_only_in_a_demo(client: Client, settings: object) -> None:
    UserFactory(email="manager@demo.example", name="沈佳怡")
    settings.DEMO = True
    assert DEMO_PASSWORD.encode() in client.get(SIGN_IN).content
    settings.DEMO = False
    page = client.get(SIGN_IN).content
    assert DEMO_PASSWORD.encode() not in page
    assert b"manager@demo.example" not in page


def test_sign_out_ends_the_session_and_only_by_post(client: Client, person: User) -> None:
    sign_in(client, person.mobile)
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert "_auth_user_id" not in client.session
    assert SignIn.objects.get(user=person).ended_at is not None


@pytest.mark.parametrize("name", ["me", "password", "close"])
def test_ones_account_asks_strangers_to_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(f"people:{name}"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(SIGN_IN)


def test_the_account_page_shows_sessions_tokens_and_consents(client: Client, person: User) -> None:
    sign_in(client, person.mobile)
    services.issue_token(user=person, label="备份脚本", days=30)
    page = client.get("/me/").content.decode()
    assert "备份脚本" in page
    assert "tag--ok" in page
    assert 'value="13812341234"' in page


def test_the_account_page_asks_as_many_queries_for_three_as_for_one(client: Client, person: User) -> None:
    client.force_login(person)
    counts = []
    for number in range(3):
        services.open_session(user=person, session_key=f"key{number}", device="", address="")
        services.issue_token(user=person, label="x", days=30)
        services.record_consent(user=person, subject="privacy", version="1", basis="duty")
        client.get("/me/")
        with CaptureQueriesContext(connection) as caught:
            client.get("/me/")
        counts.append(len(caught))
    assert counts[0] == counts[2]
    assert counts[0] <= 16


def test_a_profile_is_saved_and_the_language_remembered(client: Client, person: User) -> None:
    client.force_login(person)
    data = {"name": "陈思源", "romanised_name": "", "mobile": "13812341234", "email": "", "language": "en"}
    response = client.post("/me/", data)
    assert response.status_code == 302
    assert response.cookies["django_language"].value == "en"
    person.refresh_from_db()
    assert (person.name, person.email) == ("陈思源", None)


@pytest.mark.parametrize(
    "change",
    [{"mobile": "12"}, {"mobile": "", "email": ""}, {"name": ""}, {"email": "x"}, {"language": "fr"}],
)
def test_a_bad_profile_changes_nothing(client: Client, person: User, change: dict[str, str]) -> None:
    client.force_login(person)
    data = {"name": "别名", "mobile": "13812341234", "email": "chen@lab.example", "language": "en"}
    assert client.post("/me/", data | change).status_code == 400
    person.refresh_from_db()
    assert person.name == "陈思远"


def test_a_password_is_changed_with_the_old_one(client: Client, person: User) -> None:
    sign_in(client, person.mobile)
    other = Client()
    sign_in(other, person.mobile)
    data = {"old": "wrong", "new": "harbour-crane-77", "again": "harbour-crane-77"}
    assert client.post("/me/password/", data).status_code == 400
    assert client.post("/me/password/", data | {"old": PASSWORD}).status_code == 302
    person.refresh_from_db()
    assert person.check_password("harbour-crane-77")
    assert client.get("/me/").status_code == 200
    assert other.get("/me/").status_code == 302


@pytest.mark.parametrize(
    ("new", "again"), [("short", "short"), ("1234567890", "1234567890"), ("harbour-crane", "x")]
)
def test_a_weak_password_is_refused(client: Client, person: User, new: str, again: str) -> None:
    client.force_login(person)
    response = client.post("/me/password/", {"old": PASSWORD, "new": new, "again": again})
    assert response.status_code == 400


def test_a_token_is_shown_once_and_opens_the_api(client: Client, person: User) -> None:
    client.force_login(person)
    page = client.post("/me/tokens/", {"label": "脚本", "days": "30"})
    assert page.status_code == 201
    found = re.search(r"cc_[\w-]{20,}", page.content.decode())
    assert found is not None
    assert found.group() not in client.get("/me/").content.decode()
    fresh = Client()
    answer = fresh.get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {found.group()}")
    assert answer.json()["name"] == "陈思远"
    client.post(f"/me/tokens/{person.tokens.get().pk}/revoke/")
    refused = fresh.get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {found.group()}")
    assert refused.status_code in {401, 403}
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_privacy_is_confirmed_once(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/me/privacy/")
    client.post("/me/privacy/")
    assert person.consents.count() == 1
    assert Client().get("/privacy/").status_code == 200


def test_closure_needs_the_password(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.post("/me/close/", {"password": "wrong"}).status_code == 400
    person.refresh_from_db()
    assert person.close_requested_at is None
    assert client.post("/me/close/", {"password": PASSWORD}).status_code == 302
    person.refresh_from_db()
    assert person.close_requested_at is not None


def test_an_invitation_works_once(client: Client) -> None:
    person = services.register_person(name="新人", mobile="13900000001")
    path = invitation_path(person)
    assert "新人" in client.get(path).content.decode()
    data = {"new": "harbour-crane-77", "again": "harbour-crane-77"}
    assert client.post(path, data).status_code == 302
    assert client.get("/me/").status_code == 200
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("path", ["/welcome/MQ/abc-def/", "/welcome/!!/x/", "/welcome/MTI5/ab-cd/"])
def test_a_broken_invitation_says_so(client: Client, path: str) -> None:
    assert client.get(path).status_code == 410
