"""The lock after too many failures, and its end."""

from axes.utils import reset

from classroom.people.models import User


def forget_failures(*, user: User, address: str | None = None) -> None:
    """Forget failed sign-ins under either identifier, from one network address or from all.

    Axes forgets by itself only those under the e-mail address.
    """
    for identifier in filter(None, (user.mobile, user.email)):
        reset(username=identifier, ip=address)
