"""What goes wrong is told in the reader's language, with what to do, and gives nothing away."""

import json
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView

from config import errors
from config.urls import urlpatterns as real
from tests.factories.people import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.test_errors")]
RAISES: dict[str, Exception] = {
    "suspicious": SuspiciousOperation("dawn-kiln"),
    "fields": TooManyFieldsSent("dawn-kiln"),
    "big": RequestDataTooBig("dawn-kiln"),
    "refused": PermissionDenied(),
    "missing": Http404("dawn-kiln"),
    "broken": RuntimeError("dawn-kiln"),
}
STATUS = {"suspicious": 400, "fields": 400, "big": 413, "refused": 403, "missing": 404, "broken": 500}
HEADINGS = {
    400: ("请求无法识别", "cannot be read"),
    403: ("不能打开这个页面|无权|您不能", "may not open this page"),
    404: ("没有这个页面", "no such page|There is no"),
    413: ("文件太大|太大", "too large"),
    500: ("服务出了故障", "went wrong|fault|failed"),
}


@csrf_exempt
def fail(request: HttpRequest, kind: str) -> HttpResponse:
    raise RAISES[kind]


class Broken(APIView):
    """An endpoint with a fault of ours."""

    permission_classes = ()

    def get(self, request: Any) -> None:
        """Fail."""
        raise RuntimeError("dawn-kiln")


def post_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("a", ""))


urlpatterns = [
    path("fail/<slug:kind>/", fail),
    path("api/fail/<slug:kind>/", fail),
    path("api/broken/", Broken.as_view()),
    path("form/", post_only),
    path("api/form/", post_only),
    *real,
]
handler400, handler403 = "config.errors.bad_request", "config.errors.permission_denied"
handler404, handler500 = "config.errors.page_not_found", "config.errors.server_error"


@pytest.fixture
def quiet(client: Client) -> Client:
    """A browser to which a fault of ours is an answer and not an exception."""
    client.raise_request_exception = False
    return client


def heading(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)
    assert found, html[:300]
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip()


@pytest.mark.parametrize("kind", sorted(RAISES))
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_each_fault_has_its_page_in_the_readers_language(quiet: Client, kind: str, language: str) -> None:
    quiet.cookies["django_language"] = language
    response = quiet.get(f"/fail/{kind}/")
    html = response.content.decode()
    assert response.status_code == STATUS[kind]
    assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in html
    assert re.search(HEADINGS[STATUS[kind]][language == "en"], heading(html), re.I), heading(html)
    assert bool(re.search("[\u4e00-\u9fff]", heading(html))) == (language == "zh-hans")
    # Somebody who asks for help can name the request; nothing else of the inside is told.
    assert response["X-Request-ID"] in html
    assert "dawn-kiln" not in html
    assert "Traceback" not in html


@pytest.mark.parametrize("kind", sorted(RAISES))
def test_each_fault_leads_somewhere(quiet: Client, kind: str) -> None:
    html = quiet.get(f"/fail/{kind}/").content.decode()
    main = html.split("<main")[1].split("</main>")[0]
    assert re.search(r'<a class="btn[^"]*" href="/[^"]*"|<form[^>]*action="/courses/"', main), main


@pytest.mark.parametrize("kind", sorted(RAISES))
def test_each_fault_carries_the_same_safety_as_any_page(quiet: Client, kind: str) -> None:
    response = quiet.get(f"/fail/{kind}/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Referrer-Policy"] == "same-origin"
    html = response.content.decode()
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)
    assert "<script>" not in html


@pytest.mark.parametrize("kind", sorted(RAISES))
def test_a_program_gets_problem_details_in_place_of_a_page(quiet: Client, kind: str) -> None:
    response = quiet.get(f"/api/fail/{kind}/")
    assert response.status_code == STATUS[kind]
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == STATUS[kind]
    assert body["title"]
    assert body["instance"] == response["X-Request-ID"]
    assert "dawn-kiln" not in response.content.decode()


@pytest.mark.parametrize("kind", sorted(RAISES))
def test_a_program_is_told_what_to_do_in_the_readers_language(quiet: Client, kind: str) -> None:
    told = {}
    for language in ("zh-hans", "en"):
        quiet.cookies["django_language"] = language
        body = quiet.get(f"/api/fail/{kind}/").json()
        told[language] = (body["title"], body["detail"])
    assert all(re.search("[\u4e00-\u9fff]", words) for words in told["zh-hans"])
    assert not any(re.search("[\u4e00-\u9fff]", words) for words in told["en"])
    # A sentence that tells a next step, not the title once more.
    assert re.search(r"\b(again|[Ss]ign in|Send less|lists what there is)\b", told["en"][1])
    assert told["en"][0] not in told["en"][1]


def test_a_refusal_with_words_of_its_own_tells_them_to_a_program_too(
    quiet: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RAISES, "worded", PermissionDenied("Only its owner may."))
    assert quiet.get("/api/fail/worded/").json()["detail"] == "Only its owner may."


def test_a_fault_in_the_api_is_a_problem_and_is_logged_with_its_request(
    quiet: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("ERROR", logger="django.request"):
        response = quiet.get("/api/broken/", headers={"X-Request-ID": "gateway-12345678"})
    assert response.status_code == 500
    assert json.loads(response.content)["instance"] == "gateway-12345678"
    assert any(record.exc_info for record in caplog.records)


def test_a_host_that_is_not_ours_gets_a_page_and_no_second_fault(quiet: Client) -> None:
    response = quiet.get("/help/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "请求无法识别" in response.content.decode()
    assert "evil.example" not in response.content.decode()


def test_a_host_that_is_not_ours_gets_a_problem_from_the_api(quiet: Client) -> None:
    response = quiet.get("/api/courses/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert json.loads(response.content)["status"] == 400


def test_a_form_of_more_bytes_than_a_form_may_have_is_told_so(quiet: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    for size, status in ((900, 200), (1001, 413)):
        body = ("a=" + "x" * size)[:size]
        response = quiet.post("/form/", body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == status


def test_a_form_of_more_fields_than_a_form_may_have_is_refused(quiet: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    assert quiet.post("/form/", {str(n): "" for n in range(3)}).status_code == 200
    assert quiet.post("/form/", {str(n): "" for n in range(4)}).status_code == 400


@pytest.mark.parametrize(
    ("language", "says"), [("zh-hans", "这份表单已失效"), ("en", "This form is no longer valid|expired|form")]
)
def test_a_form_without_its_token_says_what_happened(language: str, says: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["django_language"] = language
    response = browser.post("/form/", {"a": "b"})
    assert response.status_code == 403
    assert re.search(says, heading(response.content.decode()))


def test_a_token_of_another_origin_is_refused_though_it_is_right(settings: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/sign-in/")
    token = browser.cookies["csrftoken"].value
    headers = {"X-CSRFToken": token, "Origin": "https://evil.example"}
    assert browser.post("/form/", {"a": "b"}, headers=headers).status_code == 403
    same = {"X-CSRFToken": token, "Origin": "http://testserver"}
    assert browser.post("/form/", {"a": "b"}, headers=same).status_code == 200


@pytest.mark.parametrize(("language", "says"), [("zh-hans", "重新载入页面"), ("en", "Load the page again")])
def test_an_api_without_its_token_is_a_problem(language: str, says: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["django_language"] = language
    response = browser.post("/api/form/", {"a": "b"})
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert says in response.json()["detail"]


def test_a_missing_page_offers_no_way_back_into_itself(client: Client) -> None:
    html = client.get("/fail/missing/").content.decode()
    assert 'href="/fail/missing/"' not in html


def test_an_address_is_never_printed_as_it_was_typed(client: Client) -> None:
    html = client.get("/nothing/%3Cscript%3Ealert(1)%3C/script%3E/").content.decode()
    assert "<script>alert" not in html


def test_who_is_signed_in_is_not_asked_to_sign_in(client: Client) -> None:
    client.force_login(UserFactory())
    html = client.get("/fail/refused/").content.decode().split("<main")[1]
    assert "/sign-in/" not in html.split("</main>")[0]
    client.logout()
    html = client.get("/fail/refused/").content.decode().split("<main")[1]
    assert "/sign-in/?next=/fail/refused/" in html.split("</main>")[0]


def test_too_many_requests_rounds_the_wait_up_and_says_it_twice(rf: Any) -> None:
    for seconds, minutes in ((1, 1), (60, 1), (61, 2), (3600, 60)):
        response = errors.too_many_requests(rf.get("/x/"), seconds)
        assert response["Retry-After"] == str(seconds)
        assert f"{minutes} 分钟" in response.content.decode()


def test_too_many_requests_without_a_known_wait_promises_none(rf: Any) -> None:
    response = errors.too_many_requests(rf.get("/x/"))
    assert response.status_code == 429
    assert "Retry-After" not in response
    assert "None" not in response.content.decode()


def test_a_head_request_gets_the_status_alone(quiet: Client) -> None:
    response = quiet.head("/fail/missing/")
    assert response.status_code == 404
    assert response.content == b""
