"""Who may read what an authority supervises."""

from datetime import date

from django.db import IntegrityError, transaction

from classroom.institutions.errors import AlreadyThere, EndsBeforeStart, NotAllowed
from classroom.institutions.models import RegulatorGrant, SupervisingAuthority
from classroom.institutions.queries import forget_scope
from classroom.people.models import User
from classroom.people.permissions import is_operator
from classroom.people.services import audit


@transaction.atomic
def grant_regulator(
    *, user: User, authority: SupervisingAuthority, started_on: date, by: User | None
) -> RegulatorGrant:
    """Let a person read what an authority supervises; operators only. Audited.

    An operator may not grant oneself: whoever keeps the accounts does not read the records. Raises
    `NotAllowed`, `AlreadyThere`.
    """
    if by is not None and (not is_operator(by) or by.pk == user.pk):
        raise NotAllowed
    try:
        with transaction.atomic():
            grant = RegulatorGrant.objects.create(user=user, authority=authority, started_on=started_on)
    except IntegrityError as error:
        raise AlreadyThere from error
    forget_scope(user)
    audit(
        actor=by, action="institutions.grant", target=f"user:{user.pk}", detail={"authority": authority.code}
    )
    return grant


@transaction.atomic
def end_grant(*, grant: RegulatorGrant, on: date, by: User | None) -> RegulatorGrant:
    """End a regulator's grant; `on` is its last day. Locks its row. Audited.

    Raises `NotAllowed`, `EndsBeforeStart`.
    """
    if by is not None and not is_operator(by):
        raise NotAllowed
    row = RegulatorGrant.objects.select_for_update().get(pk=grant.pk)
    if on < row.started_on:
        raise EndsBeforeStart
    row.ended_on = on
    row.save(update_fields=["ended_on"])
    audit(
        actor=by,
        action="institutions.end_grant",
        target=f"user:{row.user_id}",
        detail={"authority": row.authority_id},
    )
    return row
