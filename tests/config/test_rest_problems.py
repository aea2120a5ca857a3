"""Every kind of error of the API is a problem that a program can act on, over real requests."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied as DjangoRefusal
from django.http import Http404
from django.test import Client
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from classroom.people.models import User
from config.rest import Pages, only_our_own
from config.urls import urlpatterns as real
from tests.factories.people import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.test_rest_problems")]


class Gone(exceptions.APIException):
    """An error of a room, with a word of its own and more to say."""

    status_code = 410
    default_code = "gone"
    default_detail = "The upload was forgotten."

    def __init__(self) -> None:
        super().__init__()
        self.extra = {"expired_at": "2026-11-23", "seconds": 7}


RAISES: dict[str, Exception] = {
    "missing": Http404("dawn-kiln"),
    "refused": DjangoRefusal("dawn-kiln"),
    "not-found": exceptions.NotFound("No such lecture."),
    "denied": exceptions.PermissionDenied("Only its owner may."),
    "coded": exceptions.PermissionDenied("The lease is held.", code="lease_held"),
    "unread": exceptions.ParseError(),
    "gone": Gone(),
    "list": exceptions.ValidationError(["one", "two"]),
    "word": exceptions.ValidationError("one"),
}


class Fails(APIView):
    """Raises what it is asked for."""

    permission_classes = (AllowAny,)

    def get(self, request: Request, kind: str) -> Response:
        """Raise."""
        raise RAISES[kind]


class Row(serializers.Serializer[Any]):
    """A member of a list inside the body."""

    start = serializers.IntegerField(min_value=0)
    label = serializers.CharField(max_length=5)


class Body(serializers.Serializer[Any]):
    """A body with a list and a member inside."""

    title = serializers.CharField()
    rows = Row(many=True)
    owner = Row(required=False)


class Takes(APIView):
    """Checks a body."""

    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        """Answer what was understood."""
        body = Body(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(body.validated_data)


class Once(SimpleRateThrottle):
    """One request a minute."""

    rate = "1/min"
    scope = "once"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count everybody together."""
        return "throttle-once"


class Slow(APIView):
    """May be asked once a minute."""

    permission_classes = (AllowAny,)
    throttle_classes = (Once,)

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({})


class Mine(APIView):
    """For who is signed in."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({})

    post = get


class Everybody(APIView):
    """A list in pages."""

    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Answer a page of names."""
        pages = Pages()
        rows = pages.paginate_queryset(User.objects.order_by("pk"), request, self)
        return pages.get_paginated_response([row.name for row in rows or ()])


urlpatterns = [
    path("api/fails/<slug:kind>/", Fails.as_view()),
    path("api/takes/", Takes.as_view()),
    path("api/slow/", Slow.as_view()),
    path("api/mine/", Mine.as_view()),
    path("api/everybody/", Everybody.as_view()),
    *real,
]
handler404, handler500 = "config.errors.page_not_found", "config.errors.server_error"


def problem(response: Any, status: int) -> dict[str, Any]:
    """Return the body of an answer that is a problem of this status in every respect."""
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/problem+json")
    body = json.loads(response.content)
    assert body["status"] == status
    assert body["instance"] == response["X-Request-ID"]
    assert body["title"]
    assert body["type"] == "about:blank" or body["type"].startswith("urn:cloud-classroom:problem:")
    return dict(body)


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("missing", 404, "not_found"),
        ("not-found", 404, "not_found"),
        ("denied", 403, "permission_denied"),
        ("coded", 403, "lease_held"),
        ("unread", 400, "parse_error"),
        ("gone", 410, "gone"),
        ("list", 400, "invalid"),
        ("word", 400, "invalid"),
    ],
)
def test_each_error_has_a_word_that_a_program_can_test(
    client: Client, kind: str, status: int, word: str
) -> None:
    body = problem(client.get(f"/api/fails/{kind}/"), status)
    assert body["type"] == f"urn:cloud-classroom:problem:{word}"
    assert "dawn-kiln" not in json.dumps(body)


def test_a_refusal_of_djangos_is_a_refusal_and_not_a_missing_thing(client: Client) -> None:
    body = problem(client.get("/api/fails/refused/"), 403)
    assert body["type"].endswith(":permission_denied")
    assert body["title"] != problem(client.get("/api/fails/missing/"), 404)["title"]


def test_the_words_of_an_error_reach_its_reader(client: Client) -> None:
    assert problem(client.get("/api/fails/denied/"), 403)["detail"] == "Only its owner may."
    assert problem(client.get("/api/fails/not-found/"), 404)["detail"] == "No such lecture."


def test_what_an_error_has_more_to_say_is_beside_it_and_hides_nothing(client: Client) -> None:
    body = problem(client.get("/api/fails/gone/"), 410)
    assert (body["expired_at"], body["seconds"]) == ("2026-11-23", 7)
    assert body["detail"] == "The upload was forgotten."


def test_errors_without_a_field_are_a_list(client: Client) -> None:
    assert problem(client.get("/api/fails/list/"), 400)["errors"] == ["one", "two"]
    assert problem(client.get("/api/fails/word/"), 400)["errors"] == ["one"]


def test_each_field_of_a_body_is_named_where_it_stands(client: Client) -> None:
    body = {
        "rows": [{"start": 0, "label": "ok"}, {"start": -1, "label": "too long"}],
        "owner": {"start": "x"},
    }
    found = problem(client.post("/api/takes/", body, content_type="application/json"), 400)["errors"]
    assert set(found) == {"title", "rows", "owner"}
    rows = dict(enumerate(found["rows"])) if isinstance(found["rows"], list) else found["rows"]
    assert {int(number) for number, errors in rows.items() if errors} == {1}
    assert {name for errors in rows.values() for name in errors} == {"start", "label"}
    assert set(found["owner"]) == {"start", "label"}


def test_messages_are_in_the_readers_language(client: Client) -> None:
    texts = []
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        response = client.post("/api/takes/", {}, content_type="application/json")
        texts.append(str(problem(response, 400)["errors"]["title"]))
    assert texts[0] != texts[1]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in texts[0])


@pytest.mark.parametrize("raw", ["{", "[1,", "\x00", "{'a': 1}"])
def test_a_body_that_is_no_json_is_told_so(client: Client, raw: str) -> None:
    body = problem(client.post("/api/takes/", raw, content_type="application/json"), 400)
    assert body["type"].endswith(":parse_error")
    assert "JSON" in body["detail"]


@pytest.mark.parametrize("raw", ["[]", "3", '"text"', "null"])
def test_json_that_is_no_object_is_told_so(client: Client, raw: str) -> None:
    response = client.post("/api/takes/", raw, content_type="application/json")
    assert problem(response, 400)["errors"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/xml"])
def test_another_kind_of_body_is_415_and_named(client: Client, kind: str) -> None:
    body = problem(client.post("/api/takes/", "a=b", content_type=kind), 415)
    assert body["type"].endswith(":unsupported_media_type")
    assert kind in body["detail"]
    assert kind in body["title"]


def test_another_verb_is_405_with_those_that_are_allowed(client: Client) -> None:
    response = client.delete("/api/takes/")
    body = problem(response, 405)
    assert body["type"].endswith(":method_not_allowed")
    assert "POST" in response["Allow"]
    assert "DELETE" in body["detail"]
    assert "DELETE" in body["title"]


def test_a_kind_of_answer_that_there_is_not_is_406(client: Client) -> None:
    response = client.get("/api/everybody/", headers={"Accept": "text/csv"})
    assert problem(response, 406)["type"].endswith(":not_acceptable")


def test_who_asks_too_often_learns_how_long_to_wait(client: Client) -> None:
    cache.clear()
    assert client.get("/api/slow/").status_code == 200
    response = client.get("/api/slow/")
    body = problem(response, 429)
    assert body["type"].endswith(":throttled")
    assert 1 <= body["retry_after"] <= 60
    assert response["Retry-After"] == str(body["retry_after"])


def test_who_is_not_signed_in_is_told_to_sign_in(client: Client) -> None:
    response = client.get("/api/mine/")
    body = problem(response, response.status_code)
    assert response.status_code in {401, 403}
    assert body["type"].endswith(":not_authenticated")


@pytest.mark.parametrize(
    ("language", "title", "says"),
    [("zh-hans", "页面已过期", "重新载入页面"), ("en", "The page is out of date", "Load the page again")],
)
def test_a_signed_in_browser_needs_its_token_to_write(language: str, title: str, says: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory())
    browser.cookies["django_language"] = language
    assert browser.get("/api/mine/").status_code == 200
    body = problem(browser.post("/api/mine/", {}, content_type="application/json"), 403)
    assert body["type"].endswith(":csrf")
    assert body["title"] == title
    assert says in body["detail"]
    # What Django says of it is English for everybody, and for programmers.
    assert "CSRF Failed" not in json.dumps(body, ensure_ascii=False)
    browser.get("/help/")
    token = browser.cookies["csrftoken"].value
    answer = browser.post("/api/mine/", {}, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200


def test_the_schema_says_that_a_session_signs_in(client: Client) -> None:
    schema = client.get("/api/schema/?format=json").json()
    assert schema["components"]["securitySchemes"]["cookieAuth"]["in"] == "cookie"
    assert {"cookieAuth": []} in schema["paths"]["/api/me/"]["get"]["security"]


def test_an_address_that_there_is_not_is_a_problem_too(client: Client) -> None:
    for address in ("/api/nothing/", "/api/nothing", "/api/courses/no/such/thing/"):
        assert problem(client.get(address, follow=True), 404)


class TestPages:
    """Lists come in pages of 50."""

    def names(self, client: Client, query: str) -> dict[str, Any]:
        return dict(client.get(f"/api/everybody/{query}").json())

    def test_a_page_has_fifty_unless_asked_for_another_number(self, client: Client) -> None:
        UserFactory.create_batch(53)
        everybody = User.objects.count()
        assert len(self.names(client, "")["results"]) == 50
        assert len(self.names(client, "?page_size=7")["results"]) == 7
        assert self.names(client, "")["count"] == everybody

    def test_nobody_gets_everything_at_once(self, client: Client) -> None:
        User.objects.bulk_create(
            User(name=f"学员{n}", email=f"many{n}@example.test", password="!") for n in range(201)
        )
        assert len(self.names(client, "?page_size=100000")["results"]) == 200

    @pytest.mark.parametrize("query", ["?page_size=0", "?page_size=-1", "?page_size=x"])
    def test_an_odd_size_is_the_usual_one(self, client: Client, query: str) -> None:
        UserFactory.create_batch(53)
        assert len(self.names(client, query)["results"]) == 50

    @pytest.mark.parametrize("query", ["?page=0", "?page=99", "?page=x", "?page=-1"])
    def test_a_page_that_there_is_not_is_missing(self, client: Client, query: str) -> None:
        assert problem(client.get(f"/api/everybody/{query}"), 404)

    def test_pages_lead_to_each_other_and_cover_everything_once(self, client: Client) -> None:
        UserFactory.create_batch(5)
        found, address = [], "/api/everybody/?page_size=2"
        while address:
            body = client.get(address).json()
            found += body["results"]
            address = body["next"]
        assert found == list(User.objects.order_by("pk").values_list("name", flat=True))


def test_the_schema_holds_our_own_endpoints_and_no_others(client: Client) -> None:
    assert only_our_own([("/api/courses/", "x"), ("/admin/api/main/pages/", "x"), ("/", "x")]) == [  # type: ignore[list-item]
        ("/api/courses/", "x")
    ]
    paths = client.get("/api/schema/?format=json").json()["paths"]
    assert paths
    assert all(address.startswith("/api/") for address in paths)
