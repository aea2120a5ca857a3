"""What every answer carries, whoever asks: a strict policy, no sniffing, cookies that stay at home."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlparse

import pytest
from django.test import Client

from courses.catalogue.services import freeze_edition
from tests.factories.catalogue import CoursePageFactory
from tests.factories.people import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PUBLIC = [
    "/", "/courses/", "/courses/?q=认证", "/courses/?q=%00", "/help/", "/accessibility/", "/states/", "/sign-in/",
    "/verify/", "/v/nothing/", "/notices/", "/api/docs/", "/no/such/page/",
]  # fmt: skip
OTHERS = ["/healthz", "/api/schema/", "/api/courses/", "/posters/B1/B/4/full.svg", "/api/nothing/"]


class Page(HTMLParser):
    """Gathers what a strict policy would not run, and where a page gets its parts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.sources: list[str] = []
        self.posts: list[str] = []
        self.tokens = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.faults += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]
        if tag == "style":
            self.faults.append("<style>")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.faults.append("<script>")
        if (given.get("href") or "").startswith("javascript:"):
            self.faults.append("javascript:")
        if tag in {"script", "img", "source", "video", "audio", "iframe"} and given.get("src"):
            self.sources.append(str(given["src"]))
        if tag == "link":
            self.sources.append(str(given.get("href")))
        if tag == "form" and (given.get("method") or "").lower() == "post":
            self.posts.append(str(given.get("action", "")))
        if tag == "input" and given.get("name") == "csrfmiddlewaretoken":
            self.tokens += 1


def policy_of(response: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";") if part.strip()]
    return {part[0]: part[1:] for part in parts}


@pytest.mark.parametrize("address", [*PUBLIC, *OTHERS])
def test_every_answer_has_a_policy_that_runs_only_our_own(client: Client, address: str) -> None:
    if address == "/healthz":
        pytest.skip("asks the workers for a second; its headers come from the same middleware")
    response = client.get(address, follow=True)
    policy = policy_of(response)
    assert policy["default-src"] == ["'none'"]
    assert policy["object-src"] == ["'none'"]
    assert policy["base-uri"] == ["'self'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert {word for word in policy["script-src"] if not word.startswith("'nonce-")} == {"'self'"}
    assert not [
        word for words in policy.values() for word in words if word.startswith(("http", "*", "'unsafe"))
    ]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{32}", response["X-Request-ID"])
    assert "Server-Timing" not in response


@pytest.mark.parametrize("address", PUBLIC)
def test_no_page_needs_more_than_its_policy_allows(client: Client, address: str) -> None:
    page = Page(client.get(address, follow=True).content.decode())
    assert page.faults == []
    for source in page.sources:
        assert not urlparse(source).netloc, f"{address} asks another host for {source}"


@pytest.mark.parametrize("address", PUBLIC)
def test_every_form_that_writes_carries_its_token(client: Client, address: str) -> None:
    page = Page(client.get(address, follow=True).content.decode())
    assert page.tokens >= len(page.posts)


def test_a_course_page_keeps_to_the_same_policy(client: Client) -> None:
    course = CoursePageFactory(live=True)
    freeze_edition(page=course, by=None)
    response = client.get(course.url)
    assert response.status_code == 200
    page = Page(response.content.decode())
    assert page.faults == []
    assert not [source for source in page.sources if urlparse(source).netloc]
    assert policy_of(response)["default-src"] == ["'none'"]


@pytest.mark.parametrize("address", ["/", "/help/", "/courses/", "/verify/"])
def test_looking_costs_a_visitor_no_session(client: Client, address: str) -> None:
    response = client.get(address)
    assert "sessionid" not in response.cookies


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(client: Client) -> None:
    user = UserFactory()
    client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("is_cluster", [False, True])
def test_cookies_travel_in_the_clear_only_on_one_machine(
    client: Client, settings: Any, is_cluster: bool
) -> None:
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE"):
        setattr(settings, name, is_cluster)
    user = UserFactory()
    client.get("/sign-in/", secure=is_cluster)
    client.post("/sign-in/", {"username": user.email, "password": PASSWORD}, secure=is_cluster)
    client.post("/i18n/setlang/", {"language": "en"}, secure=is_cluster)
    client.post("/theme/", {"next": "/"}, secure=is_cluster)
    for name in ("sessionid", "csrftoken", "django_language", "theme"):
        assert bool(client.cookies[name]["secure"]) is is_cluster, name


class TestBehindTls:
    """A cluster's transport rules, on the real middleware."""

    @pytest.fixture(autouse=True)
    def _cluster(self, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_HSTS_SECONDS = 63072000
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
        settings.SECURE_HSTS_PRELOAD = True
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def test_plain_http_is_sent_to_https_with_its_whole_address(self) -> None:
        response = Client().get("/courses/?q=a&page=2")
        assert response.status_code == 301
        assert response["Location"] == "https://testserver/courses/?q=a&page=2"

    def test_another_address_than_the_probes_is_not_let_through(self) -> None:
        for path in ("/healthz/", "/healthz/x", "/x/healthz", "/help/?next=/healthz"):
            assert Client().get(path).status_code == 301

    def test_a_redirect_to_https_says_nothing_else(self) -> None:
        response = Client().get("/sign-in/")
        assert "csrftoken" not in response.cookies
        assert "Strict-Transport-Security" not in response

    def test_https_is_kept_for_two_years(self) -> None:
        response = Client().get("/help/", secure=True)
        assert response.status_code == 200
        assert response["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"

    def test_the_gateways_word_counts(self) -> None:
        response = Client().get("/help/", headers={"X-Forwarded-Proto": "https"})
        assert response.status_code == 200
        assert "Strict-Transport-Security" in response

    @pytest.mark.parametrize("word", ["http", "HTTPS ", "", "https,http"])
    def test_any_other_word_is_plain_http(self, word: str) -> None:
        if word.split(",")[0].strip() == "https":
            # Two gateways in a row each add theirs; the first, nearest to the browser, counts.
            assert Client().get("/help/", headers={"X-Forwarded-Proto": word}).status_code == 200
        else:
            assert Client().get("/help/", headers={"X-Forwarded-Proto": word}).status_code == 301


def test_on_one_machine_nobody_can_claim_tls(client: Client) -> None:
    response = client.get("/help/", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in response


def test_a_page_of_a_person_is_kept_by_nobody_on_the_way(client: Client) -> None:
    client.force_login(UserFactory())
    response = client.get("/help/")
    assert "Cookie" in response["Vary"]
    assert "public" not in response.get("Cache-Control", "")
