"""The id of a request and the cost of an answer."""

import re
from typing import Any

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from classroom.people.models import User
from classroom.people.trace import request_id
from config.middleware import RequestIdMiddleware, ServerTimingMiddleware


def seen(given: str | None) -> tuple[str, str]:
    inside: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        inside.append(request_id.get())
        return HttpResponse()

    headers = {"X-Request-ID": given} if given is not None else {}
    response = RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    return inside[0], response["X-Request-ID"]


def test_a_gateways_id_is_kept() -> None:
    assert seen("gateway-12345678") == ("gateway-12345678", "gateway-12345678")


@pytest.mark.parametrize("given", [None, "", "short", "x" * 65, 'a"b\nc12345678'])
def test_an_odd_id_is_replaced(given: str | None) -> None:
    inside, outside = seen(given)
    assert inside == outside
    assert re.fullmatch(r"[0-9a-f]{32}", inside)


def test_the_id_ends_with_its_request() -> None:
    before = request_id.get()
    seen("gateway-12345678")
    assert request_id.get() == before


def test_the_cost_is_not_told_unless_asked_for(settings: Any) -> None:
    settings.SERVER_TIMING = False
    with pytest.raises(MiddlewareNotUsed):
        ServerTimingMiddleware(lambda request: HttpResponse())


@pytest.mark.django_db
def test_queries_are_counted(settings: Any) -> None:
    settings.SERVER_TIMING = True

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(User.objects.count() + User.objects.count()))

    header = ServerTimingMiddleware(view)(RequestFactory().get("/"))["Server-Timing"]
    assert re.fullmatch(r'app;dur=[\d.]+, db;dur=[\d.]+;desc="2"', header)
