"""Reads of people: one's own sign-ins, tokens and consents."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from classroom.people.demo import DEMO_ACCOUNTS
from classroom.people.models import AuditEntry, Consent, SignIn, Token, User

# The version of the privacy notice at /privacy/; a new text gets a new version.
PRIVACY_VERSION = "2026-02"


def live_sign_ins(user: User) -> QuerySet[SignIn]:
    """Return the sessions of the person that have not ended, newest first."""
    return SignIn.objects.filter(user=user, ended_at__isnull=True)


def live_tokens(user: User) -> QuerySet[Token]:
    """Return the person's tokens that still open the API, newest first."""
    return user.tokens.filter(revoked_at__isnull=True, expires_at__gt=timezone.now()).order_by("-created_at")


def consents_of(user: User) -> QuerySet[Consent]:
    """Return all that the person was told and agreed to, newest first."""
    return user.consents.order_by("-at", "-pk")


def has_read_privacy(user: User) -> bool:
    """Whether the person confirmed the privacy notice as it stands now."""
    return user.consents.filter(subject="privacy", version=PRIVACY_VERSION, granted=True).exists()


def demo_people() -> list[dict[str, str]]:
    """Return the demo's accounts that exist, in their order, with the words for their roles."""
    names = dict(
        User.objects.filter(
            email__in=[account.email for account in DEMO_ACCOUNTS], is_active=True
        ).values_list("email", "name")
    )
    return [
        {"email": account.email, "role": str(account.role), "name": names[account.email]}
        for account in DEMO_ACCOUNTS
        if account.email in names
    ]


def find_people(search: str) -> QuerySet[User]:
    """Return the accounts that operators keep, by name, mobile or e-mail; without superusers."""
    people = (
        User.objects.filter(is_superuser=False).prefetch_related("groups").order_by("-date_joined", "-pk")
    )
    # PostgreSQL refuses a text with a zero byte; no name holds one.
    search = search.replace("\x00", "")
    if search:
        people = people.filter(
            Q(name__icontains=search) | Q(mobile__startswith=search) | Q(email__icontains=search)
        )
    return people


def find_entries(action: str) -> QuerySet[AuditEntry]:
    """Return the audit, newest first; `action` narrows it to what begins so."""
    entries = AuditEntry.objects.select_related("actor")
    action = action.replace("\x00", "")
    return entries.filter(action__startswith=action) if action else entries
