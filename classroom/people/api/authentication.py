"""Personal tokens for the API: `Authorization: Bearer <token>`."""

import hashlib
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from classroom.people.models import Token, User


class PersonalTokenAuthentication(BaseAuthentication):
    """Looks the token's digest up; a revoked or expired token is refused."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """Return the person and the token, or None where the request carries none.

        A token that is not good is refused even beside a good session: whoever sends one means it.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        secret = words[1] if len(words) == 2 else b""
        digest = hashlib.sha256(secret).hexdigest()
        token = Token.objects.select_related("user").filter(digest=digest, revoked_at__isnull=True).first()
        now = timezone.now()
        if token is None or (token.expires_at and token.expires_at <= now) or not token.user.is_active:
            raise AuthenticationFailed(_("This token is unknown, revoked or expired."))
        # To the minute is enough to see whether a token is in use, and saves a write a request.
        if token.last_used_at is None or token.last_used_at < now - timedelta(minutes=1):
            Token.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of RFC 6750, so that a missing or bad token answers 401."""
        if get_authorization_header(request).lower().startswith(b"bearer"):
            return 'Bearer realm="api", error="invalid_token"'
        return 'Bearer realm="api"'


class PersonalTokenScheme(OpenApiAuthenticationExtension):
    """Describes the token in the API's schema."""

    target_class = PersonalTokenAuthentication
    name = "personalToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the scheme: a bearer token, made on one's account page."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token, made on one's account page at /me/.",
        }
