"""Deploy check: certificates can be signed."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from classroom.certificates import signing
from classroom.certificates.errors import NoSigningKey


@register(Tags.security, deploy=True)
def signing_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a signing key that is missing or cannot be read; no PDF could be made."""
    if settings.EMBEDDED:
        return []
    try:
        signing.identity()
    except (NoSigningKey, OSError, ValueError) as error:
        hint = (
            "Set SIGNING_CERT (leaf first, root last) and SIGNING_KEY to PEM files of an elliptic-curve key."
        )
        return [Error(f"Certificates cannot be signed: {error}", hint=hint, id="certificates.E001")]
    return []
