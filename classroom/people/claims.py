"""Who a session says to be, before the person's row is read.

A request that reads a row of the person anyway need not read the person twice: it takes the claim, reads, and
asks whether the claim holds. What is asked is what Django asks of `request.user`: the same person, the same
password and keys as at sign-in, and still active.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from classroom.people.models import User


@dataclass(frozen=True, slots=True)
class Claim:
    """A person, and the digest that their row must lead to."""

    user_id: int
    digest: str

    def holds(self, user: User) -> bool:
        """Whether the row is that of an active person whose password is the one of the sign-in."""
        return (
            user.pk == self.user_id
            and user.is_active
            and constant_time_compare(self.digest, user.get_session_auth_hash())
        )


def claim_of(session: SessionBase) -> Claim | None:
    """Return what a session claims; None where only `request.user` can tell: nobody, or another way of sign-in."""
    backend, digest = session.get(BACKEND_SESSION_KEY), session.get(HASH_SESSION_KEY)
    if not digest or backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    if type(load_backend(backend)).get_user is not ModelBackend.get_user:
        return None
    return Claim(int(session[SESSION_KEY]), digest)
