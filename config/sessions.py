"""The session as the API's sign-in, with refusals in the reader's language."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.authentication import SessionScheme
from rest_framework import authentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request


class CsrfRefused(PermissionDenied):
    """A write without the token of its session: the framework's own words are English for everybody."""

    default_code = "csrf"
    default_detail = _("The page is out of date")

    def __init__(self) -> None:
        """Say what to do, whoever asks: a browser or a program."""
        super().__init__(
            _(
                "Nothing was changed: the request carries no valid CSRF token of this sign-in. Load the page again "
                "and repeat the step; a program signs in with a personal token instead."
            )
        )


class SessionAuthentication(authentication.SessionAuthentication):
    """The framework's, but for how it refuses."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise `CsrfRefused` where a write carries no valid token."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as refusal:
            raise CsrfRefused from refusal


class SessionAuthenticationScheme(SessionScheme):  # type: ignore[misc]  # the library has no types
    """Describes the session in the API's schema as the framework's own is described."""

    target_class = "config.sessions.SessionAuthentication"
