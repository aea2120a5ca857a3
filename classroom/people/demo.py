"""The demo's accounts, one for each role. They exist only where the demo was filled in."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DEMO_PASSWORD = "yunketang-2026"  # noqa: S105 - published on the demo's sign-in page


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Who one can be in the demo."""

    key: str
    email: str
    role: str | Promise


DEMO_ACCOUNTS = (
    DemoAccount("learner", "learner@demo.example", _("Learner")),
    DemoAccount("manager", "manager@demo.example", _("Training manager of an institution")),
    DemoAccount("district", "district@demo.example", _("Regulator, one district")),
    DemoAccount("city", "city@demo.example", _("Regulator, whole city")),
    DemoAccount("trainer", "trainer@demo.example", _("Trainer")),
    DemoAccount("reviewer", "reviewer@demo.example", _("Reviewer")),
    DemoAccount("operator", "operator@demo.example", _("Operator")),
)
