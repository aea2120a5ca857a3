"""Logs are one JSON object a line, know their request, and keep secrets to themselves."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from classroom.people.trace import request_id
from config.logs import JsonFormatter, RequestIdFilter
from tests.factories.people import PASSWORD, UserFactory


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger set up as the platform's are."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    logger = logging.getLogger("tests.logs")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel("DEBUG")
    yield logger, stream
    logger.handlers = []


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_whatever_is_said(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning('two\nlines and "marks" and 样品 %s', {"a": 1})
    assert len(stream.getvalue().splitlines()) == 1
    line = lines(stream)[0]
    assert line["message"] == "two\nlines and \"marks\" and 样品 {'a': 1}"
    assert line["level"] == "warning"
    assert line["logger"] == "tests.logs"
    assert "样品" in stream.getvalue()


def test_a_moment_has_its_zone(log: tuple[logging.Logger, io.StringIO]) -> None:
    from datetime import UTC, datetime, timedelta

    logger, stream = log
    logger.info("now")
    at = datetime.fromisoformat(lines(stream)[0]["at"])
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(seconds=5)


def test_the_request_is_named_inside_one_and_only_there(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    token = request_id.set("gateway-12345678")
    try:
        logger.info("inside")
    finally:
        request_id.reset(token)
    logger.info("outside")
    inside, outside = lines(stream)
    assert inside["request_id"] == "gateway-12345678"
    assert "request_id" not in outside


def test_what_is_given_beside_the_words_becomes_members(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.info("encoded", extra={"lecture": 7, "seconds": 1.5, "path": object, "_inner": "x"})
    line = lines(stream)[0]
    assert (line["lecture"], line["seconds"]) == (7, 1.5)
    assert "object" in line["path"]
    assert "_inner" not in line
    assert not {"args", "msg", "levelno", "pathname", "threadName", "taskName"} & set(line)


def test_an_exception_is_in_its_line_and_not_below_it(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("failed")
    assert len(stream.getvalue().splitlines()) == 1
    line = lines(stream)[0]
    assert line["message"] == "failed"
    assert line["exception"].startswith("Traceback")
    assert "ValueError: broken" in line["exception"]


def test_exc_info_of_no_exception_does_no_harm(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.error("nothing was raised", exc_info=sys.exc_info())
    assert lines(stream)[0]["message"] == "nothing was raised"


def test_the_platforms_loggers_are_set_up_so() -> None:
    handler = settings.LOGGING["handlers"]["console"]
    assert handler["formatter"] == "json"
    assert handler["filters"] == ["request_id"]
    assert settings.LOGGING["root"]["handlers"] == ["console"]
    assert settings.LOGGING["disable_existing_loggers"] is False


@pytest.fixture
def everything() -> Iterator[io.StringIO]:
    """All that the platform writes, down to the last word."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.django_db
class TestSecrets:
    @pytest.mark.parametrize("password", [PASSWORD, "wrong-dusk-kiln-9931"])
    def test_no_password_is_written_right_or_wrong(
        self, client: Client, everything: io.StringIO, password: str
    ) -> None:
        user = UserFactory()
        client.post("/sign-in/", {"username": user.email, "password": password})
        assert password not in everything.getvalue()

    def test_no_session_and_no_token_is_written(self, client: Client, everything: io.StringIO) -> None:
        user = UserFactory()
        client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
        session = client.cookies["sessionid"].value
        client.get("/no/such/page/", headers={"Authorization": "Token cc_dawnkilndawnkiln"})
        client.get("/api/me/", headers={"Authorization": "Bearer cc_dawnkilndawnkiln"})
        written = everything.getvalue()
        assert session not in written
        assert "dawnkiln" not in written

    def test_a_form_that_is_refused_is_not_copied_into_the_log(self, everything: io.StringIO) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.post("/sign-in/", {"username": "13900000001", "password": PASSWORD})
        assert PASSWORD not in everything.getvalue()
        assert "13900000001" not in everything.getvalue()

    def test_every_warning_of_a_request_carries_its_id(self, client: Client, everything: io.StringIO) -> None:
        response = client.get("/no/such/page/")
        written = [line for line in lines(everything) if line["logger"] == "django.request"]
        assert written
        assert {line["request_id"] for line in written} == {response["X-Request-ID"]}
