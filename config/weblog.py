"""Gunicorn's own log in the form of the platform's: `gunicorn --logger-class config.weblog.JsonLogger`."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # the library has no types

from config.logs import JsonFormatter, RequestIdFilter


class JsonLogger(Logger):
    """Gunicorn's logger, whose lines are JSON objects; level and files are given to gunicorn as ever."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up as gunicorn does, then give each the platform's form."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(JsonFormatter())
                handler.addFilter(RequestIdFilter())
