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
# Pages that lie under no entry's address, and the entries that they belong to: the first that the reader has.
_CONSOLES = ("reports:overview", "reports:people")
_BELONGS = {
    "/plans/": _CONSOLES,
    "/exports/": _CONSOLES,
    "/overview/": _CONSOLES,
    "/institution/": ("reports:people",),
    "/exam/": ("learning:my_learning",),
    "/v/": ("certificates:verify",),
}


@dataclass(frozen=True)
class Item:
    """One entry of the header."""

    label: str
    address: str
    # What `aria-current` says: `page` of the page itself, `true` where it belongs to this part of the site.
    current: str


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
    shown = [(label, address) for label, address in found if address]
    within = _part_of(request.path, [address for _, address in shown])
    return [
        Item(label, address, "page" if request.path == address else "true" if address == within else "")
        for label, address in shown
    ]


def _part_of(here: str, shown: list[str]) -> str:
    """Return the address of the entry that a page belongs to; "" for a page of no entry that is shown."""
    for name, homes in _BELONGS.items():
        if here.startswith(name):
            return next((address for address in map(_address, homes) if address in shown), "")
    return next((address for address in shown if address != "/" and here.startswith(address)), "")


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
