"""An address used the wrong way: a form's address opened as a page, a page sent a form."""

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from config.urls import urlpatterns as real

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.test_wrong_method")]


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("a", ""))


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [
    path("forms-only/", require_POST(answer)),
    path("visits-only/", require_GET(answer)),
    path("api/forms-only/", require_POST(answer)),
    path("broken/", broken),
    *real,
]
handler400, handler403 = "config.errors.bad_request", "config.errors.permission_denied"
handler404, handler500 = "config.errors.page_not_found", "config.errors.server_error"


def heading(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)
    assert found, html[:300]
    return found[1].strip()


@pytest.mark.parametrize(
    ("language", "heading_says", "visit", "form"),
    [
        ("zh-hans", "这个地址不能这样使用", "只接收表单", "不接收表单"),
        ("en", "does not work that way", "only takes what a form sends", "takes no forms"),
    ],
)
def test_an_address_used_the_wrong_way_has_a_page_that_says_which_is_the_right_one(
    client: Client, language: str, heading_says: str, visit: str, form: str
) -> None:
    client.cookies["django_language"] = language
    for response, says, allowed in (
        (client.get("/forms-only/"), visit, "POST"),
        (client.post("/visits-only/"), form, "GET"),
    ):
        html = response.content.decode()
        assert (response.status_code, response["Allow"]) == (405, allowed)
        assert response["Content-Type"] == "text/html; charset=utf-8"
        assert heading_says in heading(html)
        assert says in html
        assert response["X-Request-ID"] in html
        assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("sender", "leads"),
    [("/courses/?q=1", True), ("/forms-only/", False), ("/forms-only/?x", False), ("", False)],
)
def test_it_leads_back_to_the_page_before_but_never_to_itself(
    client: Client, sender: str, leads: bool
) -> None:
    headers = {"referer": f"http://testserver{sender}"} if sender else {}
    main = client.get("/forms-only/", headers=headers).content.decode().split("<main")[1].split("</main>")[0]
    assert (f'href="{sender}"' in main) == leads
    assert '<a class="btn btn--main" href="/' in main
    assert 'href="/forms-only/' not in main


def test_an_api_that_knows_no_such_verb_gets_no_page(client: Client) -> None:
    response = client.get("/api/forms-only/")
    assert response.status_code == 405
    assert b"<html" not in response.content


@pytest.mark.parametrize(
    ("sender", "again"),
    [("http://testserver/help/?a=b", "/help/?a=b"), ("http://evil.example/", "/"), ("", "/")],
)
@pytest.mark.parametrize("has_token", [True, False])
def test_load_again_after_a_form_leads_to_its_page_and_never_to_where_it_was_sent(
    sender: str, again: str, has_token: bool
) -> None:
    """One fault is ours, the other a token of a former sign-in."""
    browser = Client(enforce_csrf_checks=not has_token, raise_request_exception=False)
    response = browser.post("/broken/", headers={"referer": sender})
    assert response.status_code == (500 if has_token else 403)
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    assert f'<a class="btn btn--main" href="{again}">' in main
    assert 'href="/broken/"' not in main
