"""Whose request it is: behind proxies, without one, and whatever a visitor writes into a header."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.throttling import SimpleRateThrottle

from classroom.certificates import throttle
from classroom.people.models import User
from config.visitors import ProxiesMiddleware
from tests.factories.people import PASSWORD, UserFactory

PROXY = "10.0.0.5"


def seen(hops: int | None, forwarded: str | None, peer: str = PROXY) -> HttpRequest:
    """Return a request as the site sees it, which came from `peer` with this header."""
    found: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append(request)
        return HttpResponse()

    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with override_settings(PROXIES=hops):
        ProxiesMiddleware(view)(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))
    return found[0]


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, " 203.0.113.7 ", "203.0.113.7"),
        # What stands before the last was there when the request came in: anybody may have written it.
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (1, "127.0.0.1,10.0.0.1,203.0.113.7", "203.0.113.7"),
        (2, "203.0.113.7, 10.0.0.4", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7, 10.0.0.4", "203.0.113.7"),
        # Somebody inside came through the inner proxy alone.
        (2, "10.0.0.9", "10.0.0.9"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "2001:0DB8:0::7", "2001:db8::7"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "203.0.113.7:51234", "203.0.113.7"),
        (1, "[2001:db8::7]:51234", "2001:db8::7"),
        (1, "[2001:db8::7]", "2001:db8::7"),
        # No address, no claim.
        (1, None, PROXY),
        (1, "", PROXY),
        (1, "unknown", PROXY),
        (1, "203.0.113.7,", PROXY),
        (1, "203.0.113.7, evil", PROXY),
        (1, "203.0.113.777", PROXY),
        (1, "1' OR '1'='1", PROXY),
        (0, "203.0.113.7", PROXY),
        (None, "203.0.113.7", PROXY),
    ],
)
def test_the_visitor_is_whom_the_outermost_proxy_of_ours_saw(
    hops: int | None, forwarded: str | None, address: str
) -> None:
    assert seen(hops, forwarded).META["REMOTE_ADDR"] == address


@pytest.mark.parametrize("hops", [None, 0, 1, 2])
def test_the_header_goes_no_further(hops: int | None) -> None:
    request = seen(hops, "198.51.100.1, 203.0.113.7")
    assert "HTTP_X_FORWARDED_FOR" not in request.META
    assert "X-Forwarded-For" not in request.headers


@given(st.text("0123456789abcdef.:,[]% x", max_size=40), st.sampled_from(["203.0.113.7", "2001:db8::7"]))
def test_nothing_that_a_visitor_writes_moves_the_visitor(forged: str, visitor: str) -> None:
    assert seen(1, f"{forged}, {visitor}").META["REMOTE_ADDR"] == visitor


def test_the_site_sets_it_before_anything_else_asks(settings: Any) -> None:
    assert settings.MIDDLEWARE[0] == "config.visitors.ProxiesMiddleware"


@pytest.mark.django_db
class TestBehindOneProxy:
    """All come from one address; the proxy's header tells them apart."""

    @pytest.fixture(autouse=True)
    def _proxy(self, settings: Any) -> None:
        settings.PROXIES = 1

    def sign_in(self, user: User, forwarded: str, password: str = "wrong-dusk-9931") -> int:
        headers = {"X-Forwarded-For": forwarded}
        form = {"username": user.email, "password": password}
        return Client().post("/sign-in/", form, headers=headers, REMOTE_ADDR=PROXY).status_code

    def test_who_guesses_passwords_locks_nobody_out_elsewhere(self) -> None:
        user = UserFactory()
        for _ in range(9):
            self.sign_in(user, "203.0.113.7")
        assert self.sign_in(user, "203.0.113.7", PASSWORD) == 429
        assert self.sign_in(user, "203.0.113.8", PASSWORD) == 302

    def test_who_guesses_passwords_gets_no_fresh_tries_by_a_forged_header(self) -> None:
        user = UserFactory()
        for number in range(9):
            self.sign_in(user, f"198.51.100.{number}, 203.0.113.7")
        assert self.sign_in(user, "198.51.100.77, 203.0.113.7", PASSWORD) == 429

    def test_wrong_searches_hold_up_their_visitor_alone(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Misses are counted by the minute of the clock, which must not turn in the middle of a test.
        moment = timezone.now().replace(second=20)
        monkeypatch.setattr(throttle.timezone, "now", lambda: moment)
        rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "verify": "2/min"}
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

        def search(forwarded: str) -> int:
            form = {"number": "HJY-2026-B1-000999-0", "surname": "林"}
            headers = {"X-Forwarded-For": forwarded}
            answer = Client().post(reverse("certificates:verify"), form, headers=headers, REMOTE_ADDR=PROXY)
            return answer.status_code

        assert [search("203.0.113.7") for _ in range(3)] == [404, 404, 429]
        assert search("198.51.100.1, 203.0.113.7") == 429
        assert search("203.0.113.8") == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("hops", "forwarded"), [(0, "198.51.100.{}"), (1, "198.51.100.{}, 203.0.113.7")])
def test_a_program_cannot_get_round_the_limit_of_the_api_by_a_header(
    settings: Any, monkeypatch: pytest.MonkeyPatch, hops: int, forwarded: str
) -> None:
    settings.PROXIES = hops
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "3/min")
    client = Client()
    asked = [
        client.get("/api/courses/", headers={"X-Forwarded-For": forwarded.format(number)}).status_code
        for number in range(4)
    ]
    assert asked == [200, 200, 200, 429]


@pytest.mark.django_db
def test_two_programs_behind_one_proxy_have_a_limit_each(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROXIES = 1
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "1/min")
    client = Client()

    def ask(visitor: str) -> int:
        return client.get("/api/courses/", headers={"X-Forwarded-For": visitor}).status_code

    assert [ask("203.0.113.7"), ask("203.0.113.8"), ask("203.0.113.7")] == [200, 200, 429]
