"""Links by which a person sets a first or a new password. They run out after three days and after use."""

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from classroom.people.models import User


def invitation_path(user: User) -> str:
    """Return the path of the page on which `user` sets a password."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("people:welcome", args=[key, default_token_generator.make_token(user)])


def invited(key: str, token: str) -> User | None:
    """Return whom a link invites, or None where it is broken, used or run out."""
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(key).decode()), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return user if user is not None and default_token_generator.check_token(user, token) else None
