"""Personal API tokens: shown once, kept as a digest."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from classroom.people.errors import TooManyTokens, UnknownToken
from classroom.people.models import Token, User
from classroom.people.services.audits import audit

MOST = 10
_MARK = "cc_"


@transaction.atomic
def issue_token(*, user: User, label: str, days: int) -> tuple[Token, str]:
    """Make a token that is good for `days` days; return its row and the secret, which is not kept.

    Raises `TooManyTokens` past ten live ones. Locks the person's row while they are counted.
    """
    User.objects.select_for_update().get(pk=user.pk)
    now = timezone.now()
    if user.tokens.filter(revoked_at__isnull=True, expires_at__gt=now).count() >= MOST:
        raise TooManyTokens
    secret = _MARK + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        label=label.strip(),
        prefix=secret[:8],
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        expires_at=now + timedelta(days=days),
    )
    audit(actor=user, action="people.issue_token", target=f"token:{token.pk}", detail={"days": days})
    return token, secret


@transaction.atomic
def revoke_token(*, user: User, token_id: int) -> None:
    """Revoke one's own token; twice changes nothing. Raises `UnknownToken` for anybody else's."""
    token = user.tokens.select_for_update().filter(pk=token_id).first()
    if token is None:
        raise UnknownToken
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit(actor=user, action="people.revoke_token", target=f"token:{token.pk}")
