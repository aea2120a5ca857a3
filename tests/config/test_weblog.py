"""Gunicorn's own lines are JSON objects like all others, wherever the platform starts it."""

import json
import logging
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from config.management.commands import serve
from tests.environment import ROOT


@pytest.fixture
def logger_of() -> Iterator[Callable[..., Logger]]:
    """Make gunicorn's logger by its settings, and leave the process's loggers as they were."""
    loggers = [logging.getLogger(f"gunicorn.{name}") for name in ("error", "access")]
    before = [(log.handlers[:], log.level, log.propagate) for log in loggers]

    def make(**values: str) -> Logger:
        cfg = Config()
        for name, value in {"logger_class": "config.weblog.JsonLogger", **values}.items():
            cfg.set(name, value)
        return cfg.logger_class(cfg)

    yield make
    for log, (handlers, level, propagate) in zip(loggers, before, strict=True):
        log.handlers, log.propagate = handlers, propagate
        log.setLevel(level)


def test_what_gunicorn_says_is_one_object_a_line(
    logger_of: Callable[..., Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logger_of()
    logger.error("Worker (pid:%s) was sent %s!", 7, "SIGKILL")
    try:
        raise OSError("in use")
    except OSError:
        logger.exception("Can't connect")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["logger"]) == ("error", "gunicorn.error")
    assert first["message"] == "Worker (pid:7) was sent SIGKILL!"
    assert "OSError: in use" in second["exception"]


def test_the_level_is_gunicorns_own_setting(
    logger_of: Callable[..., Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logger_of(loglevel="warning")
    logger.info("Booting worker")
    logger.warning("Worker exiting")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "Worker exiting"


def test_setting_it_up_again_says_nothing_twice(
    logger_of: Callable[..., Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logger_of()
    logger.setup(logger.cfg)
    logger.warning("once")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "once"


@pytest.mark.parametrize("where", ["-", ""])
def test_answers_are_logged_where_that_was_asked_for(
    logger_of: Callable[..., Logger], capsys: pytest.CaptureFixture[str], where: str
) -> None:
    logger = logger_of(**({"accesslog": where} if where else {}))
    environ = {
        "REQUEST_METHOD": "GET", "RAW_URI": "/courses/?q=x", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.7",
    }  # fmt: skip
    response, request = SimpleNamespace(status="200 OK", sent=12, headers=[]), SimpleNamespace(headers=[])
    logger.access(response, request, environ, timedelta(milliseconds=3))
    written = capsys.readouterr()
    said = [json.loads(line) for line in (written.out + written.err).splitlines()]
    assert len(said) == (1 if where else 0)
    for line in said:
        assert line["logger"] == "gunicorn.access"
        assert '"GET /courses/?q=x HTTP/1.1" 200 12' in line["message"]
        assert "203.0.113.7" in line["message"]


def test_both_ways_to_start_it_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: Any = SimpleNamespace(
        CELERY_BROKER_URL="redis://broker.example/0",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    )
    monkeypatch.setattr(serve, "settings", given)
    web = next(program for program in serve.Command()._programs(8123, False) if program.name == "web")
    words = list(web.command)
    scaled = re.search(r"^    gunicorn (.+)$", (ROOT / "README.md").read_text(), re.M)
    assert scaled
    for line in (words[words.index("gunicorn") + 1 :], shlex.split(scaled[1])):
        assert Config().parser().parse_args(line).logger_class == "config.weblog.JsonLogger"
