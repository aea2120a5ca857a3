"""A task works under the id of the request that asked for it, and its lines name both."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import Task
from celery.app.trace import build_tracer
from kombu import Connection

from classroom.people.models import AuditEntry
from classroom.people.services import audit
from classroom.people.trace import request_id
from config.celery import app
from config.logs import JsonFormatter, RequestIdFilter

_log = logging.getLogger("tests.celery")


@pytest.fixture
def task() -> Iterator[Task[..., Any]]:
    """A task that says a line, does what it is told, and returns the id that it works under."""

    def say(fails: bool = False) -> str:
        _log.warning("working")
        if fails:
            raise RuntimeError("broken")
        return request_id.get()

    yield app.task(name="tests.say")(say)
    app.tasks.pop("tests.say")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the platform's root logger writes."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def headers_of(send: Callable[..., Any], queue: str = "default") -> dict[str, Any]:
    """Send a task over a broker in memory, and return what its message carries."""
    with Connection("memory://") as link:
        send(producer=app.amqp.Producer(link.channel()))
        with link.SimpleQueue(queue) as box:
            message = box.get(timeout=2)
            message.ack()
            return dict(message.headers)


def asked_by(name: str, send: Callable[..., Any], queue: str = "default") -> dict[str, Any]:
    """Send it within a request of this id."""
    token = request_id.set(name)
    try:
        return headers_of(send, queue)
    finally:
        request_id.reset(token)


def worked(task: Task[..., Any], headers: dict[str, Any], **kwargs: Any) -> Any:
    """Do with the message what a worker's process does, and return what the task returned."""
    return build_tracer(task.name, task, app=app)(headers.get("id", str(uuid4())), (), kwargs, headers)[0]


def test_a_message_carries_the_id_of_its_request(task: Task[..., Any]) -> None:
    assert asked_by("gateway-12345678", task.apply_async)["request_id"] == "gateway-12345678"
    assert "request_id" not in headers_of(task.apply_async)


def test_a_task_that_is_sent_by_its_name_carries_it_too() -> None:
    headers = asked_by(
        "gateway-12345678", lambda **to: app.send_task("media.work", queue="media", **to), "media"
    )
    assert headers["request_id"] == "gateway-12345678"


def test_what_a_sender_has_put_into_the_headers_stays(task: Task[..., Any]) -> None:
    headers = asked_by("gateway-12345678", lambda **to: task.apply_async(headers={"x": 1}, **to))
    assert (headers["x"], headers["request_id"]) == (1, "gateway-12345678")


def test_a_task_works_under_the_id_of_its_request_and_the_next_one_does_not(task: Task[..., Any]) -> None:
    assert worked(task, asked_by("gateway-12345678", task.apply_async)) == "gateway-12345678"
    assert request_id.get() == ""
    assert worked(task, headers_of(task.apply_async)) == ""


def test_each_line_of_a_task_names_it_and_its_request(
    task: Task[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    headers = asked_by("gateway-12345678", task.apply_async)
    worked(task, headers)
    (line,) = [line for line in lines() if line["logger"] == "tests.celery"]
    assert (line["task"], line["task_id"]) == ("tests.say", headers["id"])
    assert line["request_id"] == "gateway-12345678"


def test_a_tasks_failure_names_its_request_though_the_task_is_over(
    task: Task[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    worked(task, asked_by("gateway-12345678", task.apply_async), fails=True)
    (line,) = [line for line in lines() if line["level"] == "error"]
    assert "RuntimeError" in line["exception"]
    assert (line["task"], line["request_id"]) == ("tests.say", "gateway-12345678")
    assert request_id.get() == ""


def test_a_sweep_that_nobody_asked_for_names_its_task_alone(
    task: Task[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    worked(task, headers_of(task.apply_async))
    _log.warning("outside")
    inside, outside = [line for line in lines() if line["logger"] == "tests.celery"]
    assert inside["task"] == "tests.say"
    assert "request_id" not in inside
    assert not {"task", "task_id", "request_id"} & set(outside)


def test_a_task_that_is_called_as_a_function_is_part_of_its_caller(
    task: Task[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    token = request_id.set("gateway-12345678")
    try:
        assert task() == "gateway-12345678"
    finally:
        request_id.reset(token)
    (line,) = [line for line in lines() if line["logger"] == "tests.celery"]
    assert line["request_id"] == "gateway-12345678"


@pytest.mark.django_db
def test_what_a_task_writes_into_the_audit_names_the_request() -> None:
    @app.task(name="tests.note")
    def note() -> None:
        audit(actor=None, action="tests.noted")

    try:
        worked(note, asked_by("gateway-12345678", note.apply_async))
    finally:
        app.tasks.pop("tests.note")
    assert AuditEntry.objects.get(action="tests.noted").request_id == "gateway-12345678"


def test_every_task_of_the_rooms_is_traced() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert len(ours) >= 15
    assert [name for name, task in ours.items() if type(task).__call__ is Task.__call__] == []
