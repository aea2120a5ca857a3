"""The state of every engine, for people and for load balancers."""

import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Any, cast

from django.core.cache import cache, caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.celery import app
from media import ffmpeg

_QUEUES = {"default", "media"}


class Unserved(Exception):
    """Queues that no worker serves; the message names them and nothing else."""


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return connection.vendor


def _broker() -> str:
    with app.connection_for_read(connect_timeout=2) as link:
        link.ensure_connection(max_retries=0, timeout=2)
        return str(link.transport.driver_type)


def _worker() -> str:
    # Asking the workers takes a second, so a good answer holds for a few; without the cache it takes a second.
    served = _remembered()
    if served is None:
        replies = app.control.inspect(timeout=1).active_queues() or {}
        served = sorted({queue["name"] for queues in replies.values() for queue in queues})
        if set(served) >= _QUEUES:
            with contextlib.suppress(Exception):
                cache.set("health:queues", served, 5)
    missing = _QUEUES - set(served)
    if missing:
        raise Unserved(f"no worker serves: {', '.join(sorted(missing))}")
    return ", ".join(served)


def _remembered() -> list[str] | None:
    # A cache that is away is told under its own name, and is no fault of the worker.
    with contextlib.suppress(Exception):
        return cast("list[str] | None", cache.get("health:queues"))
    return None


def _cache() -> str:
    word = secrets.token_hex(8)
    cache.set(f"health:{word}", word, 10)
    if cache.get(f"health:{word}") != word:
        raise RuntimeError("what was kept could not be read back")
    cache.delete(f"health:{word}")
    return type(caches["default"]).__name__


def _storage() -> str:
    name = default_storage.save(f"health/{secrets.token_hex(8)}", ContentFile(b"ok"))
    try:
        with default_storage.open(name) as file:
            if file.read() != b"ok":
                raise RuntimeError("what was written could not be read back")
    finally:
        default_storage.delete(name)
    return type(default_storage._wrapped).__name__  # type: ignore[attr-defined]


def _ffmpeg() -> str:
    return ffmpeg.version()


ENGINES: dict[str, Callable[[], str]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "worker": _worker,
    "storage": _storage,
    "ffmpeg": _ffmpeg,
}


def look(name: str) -> dict[str, Any]:
    """Return the state of one engine: ok, milliseconds, and what it is or why it fails."""
    begin = time.perf_counter()
    try:
        found: dict[str, Any] = {"ok": True, "detail": ENGINES[name]()}
    except Exception as error:
        # The kind of error only: a message may carry an address or a user name.
        found = {"ok": False, "detail": str(error) if isinstance(error, Unserved) else type(error).__name__}
    found["ms"] = round((time.perf_counter() - begin) * 1000, 1)
    return found


class HealthMiddleware:
    """Answers `/healthz` before hosts are checked: a probe asks each machine by its own address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the state of every engine where that was asked for."""
        return healthz(request) if request.path_info == "/healthz" else self.get_response(request)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 with the state of every engine, 503 where one is down."""
    engines = {name: look(name) for name in ENGINES}
    ok = all(engine["ok"] for engine in engines.values())
    response = JsonResponse({"ok": ok, "engines": engines}, status=200 if ok else 503)
    # Django logs every 5xx as an error; whoever asks here learns more from the answer.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
