"""`/healthz`: every engine by its name, 503 where one is down, and no word that helps a stranger."""

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client

from config import engines, health
from config.celery import app
from config.management.commands import serve
from tests.engines import Redis

pytestmark = pytest.mark.django_db
BOTH = {
    "worker@here": [{"name": "default"}],
    "encoder@here": [{"name": "media"}],
}


class Workers:
    """What the workers answer when they are asked for their queues."""

    def __init__(self, replies: dict[str, list[dict[str, str]]] | None) -> None:
        self.replies = replies
        self.asked = 0

    def inspect(self, timeout: float) -> "Workers":
        assert timeout <= 2, "a load balancer does not wait that long"
        return self

    def active_queues(self) -> dict[str, list[dict[str, str]]] | None:
        self.asked += 1
        return self.replies


class Link:
    """A broker's connection that is there."""

    transport = SimpleNamespace(driver_type="redis")

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def ensure_connection(self, max_retries: int, timeout: float) -> None:
        assert max_retries == 0


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Broker and workers as they are on a platform that is well; the tests start neither."""
    found = Workers(BOTH)
    monkeypatch.setattr(app, "control", found)
    monkeypatch.setattr(app, "connection_for_read", lambda connect_timeout: Link())
    return found


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/healthz")
    return response.status_code, json.loads(response.content)


def test_a_platform_that_is_well_says_what_each_engine_is(client: Client, workers: Workers) -> None:
    status, body = asked(client)
    assert status == 200
    assert body["ok"] is True
    assert list(body["engines"]) == ["database", "cache", "broker", "worker", "storage", "ffmpeg"]
    details = {name: engine["detail"] for name, engine in body["engines"].items()}
    assert details["database"] == connection.vendor
    assert details["worker"] == "default, media"
    assert details["broker"] == "redis"
    assert details["storage"] in {"FileSystemStorage", "Bucket"}
    assert details["ffmpeg"][0].isdigit() or details["ffmpeg"].startswith("n")
    assert all(engine["ok"] is True and engine["ms"] >= 0 for engine in body["engines"].values())


class Broken(Exception):
    """A fault whose message names a host and a password, as drivers' messages do."""


def broken(*args: object, **kwargs: object) -> Any:
    raise Broken("could not reach operator:dawn-kiln@10.0.0.7:5432")


@pytest.mark.parametrize("name", ["database", "cache", "broker", "storage", "ffmpeg"])
def test_each_engine_that_is_down_is_named_alone(
    client: Client, workers: Workers, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target: dict[str, tuple[object, str]] = {
        "database": (connection, "cursor"),
        "cache": (cache, "set"),
        "broker": (app, "connection_for_read"),
        "storage": (default_storage, "save"),
        "ffmpeg": (health.ffmpeg, "version"),
    }
    with monkeypatch.context() as patch:
        patch.setattr(*target[name], broken)
        status, body = asked(client)
    assert status == 503
    assert body["ok"] is False
    assert [key for key, engine in body["engines"].items() if not engine["ok"]] == [name]
    assert body["engines"][name]["detail"] == "Broken"
    assert "dawn-kiln" not in json.dumps(body)


@pytest.mark.parametrize(
    ("replies", "missing"),
    [
        (None, "default, media"),
        ({}, "default, media"),
        ({"worker@here": [{"name": "default"}]}, "media"),
        ({"encoder@here": [{"name": "media"}]}, "default"),
        ({"odd@here": [{"name": "reports"}]}, "default, media"),
    ],
)
def test_a_queue_that_nobody_serves_is_named(
    client: Client, workers: Workers, replies: dict[str, list[dict[str, str]]] | None, missing: str
) -> None:
    workers.replies = replies
    status, body = asked(client)
    assert status == 503
    assert body["engines"]["worker"] == {
        "ok": False,
        "detail": f"no worker serves: {missing}",
        "ms": body["engines"]["worker"]["ms"],
    }


def test_one_worker_may_serve_both_queues(client: Client, workers: Workers) -> None:
    workers.replies = {"all@here": [{"name": "media"}, {"name": "default"}, {"name": "other"}]}
    status, body = asked(client)
    assert status == 200
    assert body["engines"]["worker"]["detail"] == "default, media, other"


def test_a_fault_while_the_workers_are_asked_tells_only_its_kind(
    client: Client, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "active_queues", broken)
    status, body = asked(client)
    assert status == 503
    assert body["engines"]["worker"]["detail"] == "Broken"


def test_a_good_answer_of_the_workers_holds_for_a_moment_and_a_bad_one_does_not(
    client: Client, workers: Workers
) -> None:
    workers.replies = None
    assert asked(client)[0] == 503
    workers.replies = BOTH
    assert asked(client)[0] == 200
    assert asked(client)[0] == 200
    assert workers.asked == 2
    cache.clear()
    asked(client)
    assert workers.asked == 3


def test_a_cache_that_is_away_does_not_make_the_workers_look_dead(
    client: Client, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cache, "get", broken)
        patch.setattr(cache, "set", broken)
        _, body = asked(client)
    assert body["engines"]["worker"]["ok"] is True
    assert body["engines"]["cache"]["ok"] is False


def test_a_cache_that_forgets_at_once_is_down(
    client: Client, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cache, "get", lambda *args: None)
        _, body = asked(client)
    assert body["engines"]["cache"]["detail"] == "RuntimeError"


def test_a_storage_that_gives_back_something_else_is_down_and_left_clean(
    client: Client, workers: Workers, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.files.base import ContentFile

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "open", lambda name: ContentFile(b"something else"))
        _, body = asked(client)
    assert body["engines"]["storage"]["detail"] == "RuntimeError"
    assert default_storage.listdir("health")[1] == []


def test_nothing_stays_behind(client: Client, workers: Workers, settings: Any) -> None:
    for _ in range(3):
        asked(client)
    assert default_storage.listdir("health")[1] == []
    if "location" in settings.STORAGES["default"].get("OPTIONS", {}):
        folder = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
        assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_an_answer_is_never_kept_by_anybody_on_the_way(client: Client, workers: Workers) -> None:
    header = client.get("/healthz")["Cache-Control"]
    assert "no-store" in header
    assert "max-age=0" in header


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_only_reads(client: Client, workers: Workers, method: str) -> None:
    response = getattr(client, method)("/healthz")
    assert response.status_code == 405
    assert workers.asked == 0


def test_a_head_request_gets_the_status_without_the_words(client: Client, workers: Workers) -> None:
    workers.replies = None
    response = client.head("/healthz")
    assert response.status_code == 503
    assert response.content == b""


def test_being_asked_while_down_writes_no_error_into_the_log(
    client: Client, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    workers.replies = None
    with caplog.at_level("DEBUG", logger="django.request"):
        assert asked(client)[0] == 503
    assert [record for record in caplog.records if record.name == "django.request"] == []


def test_nobody_has_to_sign_in_and_no_session_is_made(client: Client, workers: Workers) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.cookies == {}


def test_time_is_told_for_each_engine(
    client: Client, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> str:
        time.sleep(0.05)
        return "6.0"

    monkeypatch.setattr(health.ffmpeg, "version", slow)
    _, body = asked(client)
    assert 50 <= body["engines"]["ffmpeg"]["ms"] < 5000


class Quiet(WSGIRequestHandler):
    """Answers without a line on the terminal."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class TestInACluster:
    """Load balancers ask each machine by its own address, in plain HTTP."""

    @pytest.fixture(autouse=True)
    def _cluster(self, settings: Any, workers: Workers) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        settings.ALLOWED_HOSTS = ["learn.example"]

    @pytest.mark.parametrize("host", ["10.0.0.7:8000", "127.0.0.1", "learn.example", "[fd00::7]:8000"])
    @pytest.mark.parametrize(("replies", "status"), [(BOTH, 200), (None, 503)])
    def test_a_probe_gets_its_answer(
        self, workers: Workers, host: str, replies: dict[str, list[dict[str, str]]] | None, status: int
    ) -> None:
        workers.replies = replies
        response = Client().get("/healthz", headers={"Host": host})
        assert response.status_code == status
        assert json.loads(response.content)["ok"] is (status == 200)
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_nothing_else_answers_to_a_host_that_is_not_ours(self) -> None:
        for path in ("/help/", "/api/courses/", "/healthz/"):
            response = Client().get(path, headers={"Host": "10.0.0.7", "X-Forwarded-Proto": "https"})
            assert response.status_code == 400

    def test_a_machine_that_starts_hears_its_own_site(self) -> None:
        with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet) as server:

            def answer() -> None:
                server.handle_request()
                connection.close()

            answering = threading.Thread(target=answer)
            answering.start()
            found = serve.Command._health(f"http://127.0.0.1:{server.server_port}")
            answering.join()
        assert list(found["engines"]) == list(health.ENGINES)
        assert found["engines"]["database"]["ok"] is True


@pytest.mark.parametrize("status", [200, 400, 502])
def test_a_site_that_answers_with_a_page_does_not_end_the_start(status: int) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<h1>no</h1>")

        def log_message(self, *args: object) -> None:
            return None

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        asking = threading.Thread(target=server.handle_request)
        asking.start()
        assert serve.Command._health(f"http://127.0.0.1:{server.server_address[1]}") == {"ok": False}
        asking.join()


class TestARealRedis:
    """The cache and the broker of a cluster, ended and started again."""

    @pytest.fixture
    def redis(self, settings: Any, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
        """A Redis that is both."""
        program = engines.redis_server()
        if program is None:
            pytest.skip("no Redis on this machine")
        server, before = Redis(program), settings.CACHES
        url = server.start()
        settings.CACHES = {
            "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"{url}/0"}
        }
        connection_of = type(app).connection_for_read
        monkeypatch.setattr(
            app,
            "connection_for_read",
            lambda connect_timeout: connection_of(app, f"{url}/1", connect_timeout=connect_timeout),
        )
        yield server
        settings.CACHES = before
        server.stop()

    def test_it_is_missed_when_it_ends_and_found_when_it_is_back(self, client: Client, redis: Redis) -> None:
        assert asked(client)[0] == 200
        redis.process.terminate()
        redis.process.wait(10)
        status, body = asked(client)
        assert status == 503
        assert [name for name, engine in body["engines"].items() if not engine["ok"]] == ["cache", "broker"]
        redis.process = subprocess.Popen(redis.process.args, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while asked(client)[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert asked(client)[0] == 200
