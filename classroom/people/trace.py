"""The id of the request that is being answered; the middleware sets it, logs and audit read it."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
