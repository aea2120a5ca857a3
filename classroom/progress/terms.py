"""What an edition's policy means in whole numbers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from classroom.progress.spans import Terms

# A viewing that lasts longer than this opens a new session: a grant is for a sitting, not for ever.
GRANT_MS = 12 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Policy:
    """The part of `courses.catalogue.policy` that decides what counts. Times are milliseconds."""

    cap: int
    free_seek: bool
    coverage_percent: int
    presence: int
    allowance: int
    tolerance: int


def policy_of(raw: Mapping[str, Any]) -> Policy:
    """Read an edition's policy; what it leaves out has the usual defaults of the field."""
    return Policy(
        cap=round(float(raw.get("rate_cap", 1.0)) * 1000),
        free_seek=bool(raw.get("free_seek", False)),
        coverage_percent=int(raw.get("coverage_percent", 100)),
        presence=int(raw.get("presence_minutes", 0)) * 60_000,
        allowance=int(raw.get("offline_allowance_s", 900)) * 1000,
        tolerance=int(raw.get("tolerance_ms", 1500)),
    )


def facts_of(policy: Policy) -> dict[str, Any]:
    """Return the policy as the evidence records it: no fractions."""
    return {
        "rate_cap_thousandths": policy.cap,
        "free_seek": policy.free_seek,
        "coverage_percent": policy.coverage_percent,
        "presence_ms": policy.presence,
        "offline_allowance_ms": policy.allowance,
        "tolerance_ms": policy.tolerance,
    }


def terms_of(policy: Policy, session: str, duration: int, opened: int, *ends: int) -> Terms:
    """Return what a session that was opened at `opened` is granted; it ends at the earliest of `ends`."""
    return Terms(
        duration=duration,
        opened=opened,
        until=min(opened + GRANT_MS, *ends) if ends else opened + GRANT_MS,
        cap=policy.cap,
        tolerance=policy.tolerance,
        allowance=policy.allowance,
        free_seek=policy.free_seek,
        session=session,
    )
