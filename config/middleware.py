"""What goes round every request: its id, and on wish its cost."""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from classroom.people.trace import request_id

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
