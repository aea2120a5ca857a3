"""Writes about people: accounts, audit."""

from typing import Any

from django.db import IntegrityError, transaction

from classroom.people.errors import IdentifierTaken, NoIdentifier
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
    """Append who did what to whom, with the id of the request; entries are never changed.

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


@transaction.atomic
def register_person(
    *,
    name: str,
    mobile: str | None = None,
    email: str | None = None,
    password: str | None = None,
    romanised_name: str = "",
    language: str = "zh-hans",
) -> User:
    """Make an account; without a password nobody can sign in to it until one is set.

    Raises `NoIdentifier` without mobile and e-mail, `IdentifierTaken` where either is in use.
    """
    mobile, email = (mobile or "").strip() or None, (email or "").strip().lower() or None
    if mobile is None and email is None:
        raise NoIdentifier
    person = User(
        name=name.strip(),
        mobile=mobile,
        email=email,
        romanised_name=romanised_name.strip(),
        language=language,
    )
    if password is None:
        person.set_unusable_password()
    else:
        person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise IdentifierTaken from error
    return person
