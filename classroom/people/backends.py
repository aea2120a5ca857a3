"""Sign-in by mobile or e-mail, and the answer to too many failures."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from classroom.people.ids import normal_identifier
from classroom.people.models import User

# The cool-off of AXES_COOLOFF_TIME, in seconds, for the Retry-After header.
_RETRY_AFTER_S = 15 * 60


class IdentifierBackend(ModelBackend):
    """Accepts either identifier with the password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the person whose mobile or e-mail is `username` and whose password fits, else None.

        A wrong identifier costs as much time as a wrong password, so that none can be probed.
        """
        identifier = normal_identifier(username or kwargs.get("email") or "")
        if not identifier or password is None:
            return None
        user = User.objects.filter(Q(mobile=identifier) | Q(email__iexact=identifier)).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None


def lock_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the name under which failures are counted: one, however the identifier is written.

    Otherwise each way of writing an address (`A@b.cn`, `a@B.cn`) would give eight more guesses.
    """
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return normal_identifier(str(given))[:255]


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, *args: Any, **kwargs: Any
) -> HttpResponse:
    """Answer 429 after too many failures: what happened and when to try again."""
    answer = render(request, "people/locked_out.html", {"minutes": _RETRY_AFTER_S // 60}, status=429)
    answer["Retry-After"] = str(_RETRY_AFTER_S)
    return answer
