"""What goes round every request: its id, and on wish its cost."""

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.middleware.locale import LocaleMiddleware

from classroom.people.trace import request_id
from classroom.people.way_back import page_before
from config import errors
from media import stored

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Takes `X-Request-ID` from a gateway where it is well formed, makes one otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the id in `X-Request-ID`."""
        given = request.headers.get("X-Request-ID", "")
        name = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(name)
        request.request_id = name  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = name
            return response
        finally:
            request_id.reset(token)


class LanguageMiddleware(LocaleMiddleware):
    """Django's, but pictures and films are the same in every language, or their address names it.

    A cache in between that were told otherwise would keep one of each for every way to write the languages that
    somebody reads, or none.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say what the answer depends on."""
        before = response.get("Vary")
        response = super().process_response(request, response)
        if response.get("Content-Type", "").startswith(("image/", "video/", "audio/")):
            del response["Vary"]
            if before:
                response["Vary"] = before
        return response


class UnfinishedDraftMiddleware:
    """Answers 200 where the editor's own save cannot keep a form as it stands; the body says so.

    Wagtail answers 400, which browsers log as a failure of the page. It is none: a code half typed, or a
    page that the trainer's own click has saved a moment before. The editor's script reads the body alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the editor does, with a status that is no alarm."""
        response = self.get_response(request)
        if (
            response.status_code == 400
            and isinstance(response, JsonResponse)
            and request.path.startswith("/admin/pages/")
            and json.loads(response.content).get("error_code") in {"validation_error", "invalid_revision"}
        ):
            response.status_code = 200
        return response


class WrongMethodMiddleware:
    """Gives the bare answer 405 its page: somebody opened an address that only takes what a form sends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page, which leads back; an answer that has words of its own keeps them."""
        response = self.get_response(request)
        is_bare = isinstance(response, HttpResponseNotAllowed) and not response.content
        if not is_bare or request.path.startswith("/api/"):
            return response
        before = page_before(request)
        back = before if urlsplit(before).path != request.path else ""
        page = errors.answer(request, 405, context={"back": back})
        response.content, response["Content-Type"] = page.content, page["Content-Type"]
        return response


class StoreAwayMiddleware:
    """Answers where a page met a file store that is away or full: not a fault of the page, and it passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the page does."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Ask the reader to come back, and tell the operators; any other fault stays one."""
        code = stored.reason_to_wait(error)
        if not code:
            return None
        stored.tell_away(error, asked=f"{request.method} {request.path}")
        response = errors.store_away(request, code, stored.AGAIN_S)
        # Said once, in our own words.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


class ServerTimingMiddleware:
    """Tells each answer's cost in `Server-Timing`: milliseconds in all, and in how many queries.

    Only with `SERVER_TIMING=yes`: how long an answer took can tell a stranger what lies behind it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.SERVER_TIMING:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the header."""
        count, spent = 0, 0.0

        def measured(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal count, spent
            begin = time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                count += 1
                spent += time.perf_counter() - begin

        begin = time.perf_counter()
        with connection.execute_wrapper(measured):
            response = self.get_response(request)
        total = time.perf_counter() - begin
        response["Server-Timing"] = f'app;dur={total * 1000:.1f}, db;dur={spent * 1000:.1f};desc="{count}"'
        return response
