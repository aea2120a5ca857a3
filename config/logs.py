"""Structured logs: one JSON object a line, with the id of the request that caused it and the task that works."""

import json
import logging
from datetime import UTC, datetime

from celery import current_task

from classroom.people.trace import request_id

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request_id"}


class RequestIdFilter(logging.Filter):
    """Adds to a record the current request's id, and inside a task its name and its own id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: it only adds."""
        # Django logs a refusal when the request's own context has ended, and Celery a task's failure after the
        # task's: the request and the message still know the id.
        asked = getattr(record, "request", None)
        headers: dict[str, str] = {}
        if current_task and current_task.request.id:
            record.task, record.task_id = current_task.name, current_task.request.id
            headers = current_task.request.headers or {}
        record.request_id = (
            request_id.get() or getattr(asked, "request_id", "") or headers.get("request_id", "")
        )
        return True


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON; extra fields become members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a newline."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if getattr(record, "request_id", ""):
            line["request_id"] = record.request_id  # type: ignore[attr-defined]
        for key, value in record.__dict__.items():
            if key not in _STANDARD and not key.startswith("_"):
                line[key] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
