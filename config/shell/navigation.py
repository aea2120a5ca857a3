"""What the header offers, by role. Only addresses that the site really has are shown."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from classroom.institutions.permissions import is_manager, is_regulator
from classroom.people.permissions import is_operator, is_trainer

# The catalogue is a page of the tree, not a view.
_CATALOGUE = "courses/"


@dataclass(frozen=True)
class Item:
    """One entry of the header."""

    label: str
    address: str
    is_current: bool


def _address(name: str) -> str:
    try:
        return reverse("wagtail_serve", args=[name]) if name.endswith("/") else reverse(name)
    except NoReverseMatch:
        return ""


def _is_signed_in(user: Any) -> bool:
    return user is not None and user.is_authenticated


def navigation(request: HttpRequest) -> list[Item]:
    """Return the header's entries for who asks, in their order."""
    user = getattr(request, "user", None)
    entries: list[tuple[str, str]] = []
    if _is_signed_in(user):
        entries.append((gettext("My learning"), "learning:my_learning"))
    entries.append((gettext("Courses"), _CATALOGUE))
    if _is_signed_in(user):
        entries.append((gettext("Certificates"), "certificates:mine"))
        if is_manager(user):
            entries.append((gettext("Our people"), "reports:people"))
        if is_regulator(user):
            entries.append((gettext("Overview"), "reports:overview"))
        if user is not None and (user.is_staff or is_trainer(user)):
            entries.append((gettext("Admin"), "wagtailadmin_home"))
    else:
        entries.append((gettext("Verification"), "certificates:verify"))
    entries.append((gettext("Notices"), "catalogue:notices"))
    if not _is_signed_in(user):
        entries.append((gettext("Help"), "shell:help"))
    found = [(label, _address(name)) for label, name in entries]
    here = request.path
    return [
        Item(label, address, is_current=here == address or (address != "/" and here.startswith(address)))
        for label, address in found
        if address
    ]


def role_of(user: Any) -> str:
    """Return the word under a person's name: the widest role that is held today."""
    if not _is_signed_in(user):
        return ""
    if is_regulator(user):
        return gettext("Supervisor")
    if is_manager(user):
        return gettext("Training manager")
    if is_trainer(user):
        return gettext("Trainer")
    if is_operator(user):
        return gettext("Operator")
    return gettext("Learner")
