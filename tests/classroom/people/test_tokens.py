"""Personal tokens: shown once, good until they are revoked or run out, and 401 to all others."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIRequestFactory

from classroom.people import errors, queries, services
from classroom.people.api.authentication import PersonalTokenAuthentication
from classroom.people.models import AuditEntry, Token, User
from tests.factories.people import TokenFactory, UserFactory

pytestmark = pytest.mark.django_db
ME = "/api/me/"


def ask(secret: str, *, path: str = ME, client: Client | None = None) -> Any:
    return (client or Client()).get(path, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def secret(person: User) -> str:
    return services.issue_token(user=person, label="脚本", days=30)[1]


def of(secret: str) -> Token:
    return Token.objects.get(digest=hashlib.sha256(secret.encode()).hexdigest())


def set_expiry(secret: str, at: datetime | None) -> None:
    Token.objects.filter(pk=of(secret).pk).update(expires_at=at)


def refused(answer: Any) -> bool:
    """Whether it is a 401 with problem details and the challenge of RFC 6750."""
    return (
        answer.status_code == 401
        and answer.headers["Content-Type"] == "application/problem+json"
        and answer.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
        and answer.json()["status"] == 401
    )


def test_a_good_token_reads_in_ones_own_name(person: User, secret: str) -> None:
    answer = ask(secret)
    assert answer.status_code == 200
    assert answer.json()["pseudonym"] == str(person.pseudonym)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_in_any_case(secret: str, scheme: str) -> None:
    answer = Client().get(ME, headers={"Authorization": f"{scheme} {secret}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        "Bearer two words",
        "bearer cc_" + "A" * 43,
        "Bearer " + "x" * 5000,
        "Bearer ключ",
    ],
)
def test_what_is_no_token_answers_401_with_a_challenge(person: User, header: str) -> None:
    assert refused(Client().get(ME, headers={"Authorization": header.encode().decode("latin-1")}))


def test_a_revoked_token_answers_401_at_once(person: User, secret: str) -> None:
    assert ask(secret).status_code == 200
    services.revoke_token(user=person, token_id=of(secret).pk)
    assert refused(ask(secret))


@pytest.mark.parametrize(("seconds", "is_good"), [(60, True), (0, False), (-1, False)])
def test_a_token_ends_at_its_moment(secret: str, seconds: int, is_good: bool) -> None:
    set_expiry(secret, timezone.now() + timedelta(seconds=seconds))
    assert (ask(secret).status_code == 200) is is_good


def test_the_token_of_a_closed_account_opens_nothing(person: User, secret: str, operator: User) -> None:
    services.close_account(user=person, by=operator)
    assert refused(ask(secret))


def test_a_paused_account_is_refused_and_comes_back(person: User, secret: str) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert refused(ask(secret))
    User.objects.filter(pk=person.pk).update(is_active=True)
    assert ask(secret).status_code == 200


def test_a_bad_token_is_not_helped_by_a_good_session(client: Client, person: User) -> None:
    """A script that lost its token must not go on under the session of a browser beside it."""
    client.force_login(person)
    assert refused(ask("wrong", client=client))
    assert client.get(ME).status_code == 200


def test_the_token_and_not_the_session_says_who_asks(client: Client, secret: str, person: User) -> None:
    client.force_login(UserFactory(name="另一人"))
    assert ask(secret, client=client).json()["name"] == person.name


def test_nobody_at_all_answers_401_and_is_told_how() -> None:
    answer = Client().get(ME)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_another_scheme_is_nobody() -> None:
    answer = Client().get(ME, headers={"Authorization": "Basic YTpi"})
    assert answer.status_code == 401
    assert "invalid_token" not in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_refusal_is_in_the_readers_language(language: str) -> None:
    answer = Client().get(
        ME, headers={"Authorization": "Bearer x", "Accept-Language": language, "Accept": "application/json"}
    )
    words = {"en": "unknown, revoked or expired", "zh-hans": "令牌"}[language]
    assert words in answer.json()["detail"]


def test_a_token_opens_no_page(secret: str) -> None:
    """It is for the API; pages know the session only."""
    answer = ask(secret, path="/me/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/")


def test_a_token_makes_no_session(secret: str) -> None:
    client = Client()
    ask(secret, client=client)
    assert client.get(ME).status_code == 401
    assert "sessionid" not in client.cookies


def test_a_token_needs_no_csrf_token_but_a_session_does(person: User, secret: str) -> None:
    """A browser cannot be made to send the header, so a forged form has no token to ride on."""
    strict = Client(enforce_csrf_checks=True)
    path = "/api/playback/renew/"
    body = {"data": {"url": "nonsense"}, "content_type": "application/json"}
    by_token = strict.post(path, **body, headers={"Authorization": f"Bearer {secret}"})
    assert "CSRF" not in by_token.content.decode()
    strict.force_login(person)
    by_session = strict.post(path, **body)
    assert by_session.status_code == 403
    assert "CSRF" in by_session.content.decode()


@pytest.mark.parametrize("group", ["Trainers", "Reviewers", "Operators"])
def test_a_token_reaches_no_further_than_its_person(group: str) -> None:
    person = UserFactory()
    person.groups.add(Group.objects.get(name=group))
    _, secret = services.issue_token(user=person, label="x", days=30)
    assert ask(secret, path="/api/reports/overview/").status_code == 403


def test_use_is_noted_to_the_minute(secret: str, django_assert_num_queries: Callable[[int], Any]) -> None:
    assert of(secret).last_used_at is None
    ask(secret)
    first = of(secret).last_used_at
    assert first is not None
    ask(secret)
    assert of(secret).last_used_at == first
    Token.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    ask(secret)
    assert timezone.now() - of(secret).last_used_at < timedelta(seconds=30)


def test_a_refused_token_is_not_noted_as_used(person: User, secret: str) -> None:
    services.revoke_token(user=person, token_id=of(secret).pk)
    ask(secret)
    assert of(secret).last_used_at is None


def test_checking_a_token_costs_one_query(
    secret: str, django_assert_num_queries: Callable[[int], Any]
) -> None:
    Token.objects.update(last_used_at=timezone.now())
    request = APIRequestFactory().get(ME, headers={"authorization": f"Bearer {secret}"})
    with django_assert_num_queries(1):
        user, token = PersonalTokenAuthentication().authenticate(request)  # type: ignore[misc]
    assert token.user == user


@given(st.binary(max_size=60))
def test_no_header_makes_it_fall_over(header: bytes) -> None:
    request = APIRequestFactory().get(ME)
    request.META["HTTP_AUTHORIZATION"] = b"Bearer " + header
    with pytest.raises(AuthenticationFailed):
        PersonalTokenAuthentication().authenticate(request)  # type: ignore[arg-type]


def test_the_secret_is_in_no_table(person: User, secret: str) -> None:
    everything = str(list(Token.objects.values())) + str(list(AuditEntry.objects.values()))
    assert secret not in everything
    assert secret[8:] not in everything
    assert of(secret).prefix == secret[:8]


def test_two_tokens_are_never_alike(person: User) -> None:
    secrets = {services.issue_token(user=person, label="x", days=1)[1] for _ in range(10)}
    assert len(secrets) == 10
    assert min(len(secret) for secret in secrets) >= 40


def test_only_live_tokens_count_towards_ten(person: User) -> None:
    later, earlier = timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=1)
    TokenFactory.create_batch(9, user=person, expires_at=later)
    TokenFactory(user=person, expires_at=earlier)
    TokenFactory(user=person, expires_at=later, revoked_at=earlier)
    TokenFactory(expires_at=later)
    services.issue_token(user=person, label="the tenth", days=30)
    with pytest.raises(errors.TooManyTokens):
        services.issue_token(user=person, label="the eleventh", days=30)
    services.revoke_token(user=person, token_id=queries.live_tokens(person)[0].pk)
    services.issue_token(user=person, label="in its place", days=30)


def test_an_eleventh_is_refused_on_the_page(client: Client, person: User) -> None:
    client.force_login(person)
    TokenFactory.create_batch(10, user=person, expires_at=timezone.now() + timedelta(days=1))
    answer = client.post("/me/tokens/", {"label": "脚本", "days": "30"}, HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 409
    assert "Revoke one that you no longer use" in answer.content.decode()
    assert person.tokens.count() == 10


@pytest.mark.parametrize(
    "data",
    [
        {"label": "", "days": "30"},
        {"label": "   ", "days": "30"},
        {"label": "x" * 65, "days": "30"},
        {"label": "x", "days": "31"},
        {"label": "x", "days": "36500"},
        {"label": "x", "days": "-1"},
        {"label": "x"},
    ],
)
def test_a_token_has_a_purpose_and_one_of_three_terms(
    client: Client, person: User, data: dict[str, str]
) -> None:
    client.force_login(person)
    answer = client.post("/me/tokens/", data)
    assert answer.status_code == 400
    assert b"cc_" not in answer.content
    assert not person.tokens.exists()


@pytest.mark.parametrize("days", [30, 90, 365])
def test_a_term_is_kept(client: Client, person: User, days: int) -> None:
    client.force_login(person)
    client.post("/me/tokens/", {"label": "脚本", "days": str(days)})
    ends = person.tokens.get().expires_at
    assert abs(ends - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


def test_the_page_that_shows_the_secret_is_not_kept(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post("/me/tokens/", {"label": "脚本", "days": "30"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_label_is_shown_as_text(client: Client, person: User) -> None:
    client.force_login(person)
    services.issue_token(user=person, label="<b onclick=x>", days=30)
    page = client.get("/me/").content.decode()
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;" in page


def test_nobody_revokes_anothers_on_the_page(client: Client, person: User, secret: str) -> None:
    client.force_login(UserFactory())
    answer = client.post(f"/me/tokens/{of(secret).pk}/revoke/", follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "not among yours" in answer.content.decode()
    assert ask(secret).status_code == 200
    assert client.get(f"/me/tokens/{of(secret).pk}/revoke/").status_code == 405


def test_live_tokens_are_listed_newest_first(person: User) -> None:
    now = timezone.now()
    rows = [
        TokenFactory(user=person, created_at=now - timedelta(days=days), expires_at=now + timedelta(days=1))
        for days in (2, 0, 1)
    ]
    TokenFactory(user=person, expires_at=now)
    TokenFactory(expires_at=now + timedelta(days=1))
    assert list(queries.live_tokens(person)) == [rows[1], rows[2], rows[0]]
