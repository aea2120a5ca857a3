"""The audit: who did what to whom, when, with what result."""

from typing import Any

from classroom.people.models import AuditEntry, User
from classroom.people.trace import request_id


def audit(
    *,
    actor: User | None,
    action: str,
    target: str = "",
    result: str = "ok",
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append an entry with the id of the request; entries are never changed.

    `action` is `room.verb`, `target` names a row as `model:key`; no secret and no document number
    may be in `detail`. Takes no lock; inside a transaction the entry lives or dies with it.
    """
    return AuditEntry.objects.create(
        actor=actor,
        action=action,
        target=target[:128],
        result=result,
        detail=detail or {},
        request_id=request_id.get(),
    )
