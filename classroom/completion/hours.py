"""Credit hours out of verified seconds. Pure.

The unit is 2700 s, the 45 minutes of the field, unless the edition's policy names
`credit_hour_seconds`. It is the edition's and not a setting of the site, so that the same evidence gives
the same hours for ever. Rounded down to a tenth, and never more than the course's nominal hours: a
short lecture honestly gives few.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from courses.catalogue.policy import CREDIT_HOUR_S, hours_of


def credit_hours(verified_seconds: int, nominal: Decimal, policy: Mapping[str, Any]) -> Decimal:
    """Return the hours that so many verified seconds earn."""
    unit = int(policy.get("credit_hour_seconds") or CREDIT_HOUR_S)
    return min(hours_of(verified_seconds, unit), nominal)


def verified_seconds(inputs: Mapping[str, Any]) -> int:
    """Return the whole seconds of lectures that the server verified, all lectures together."""
    return int(sum(fact["covered_ms"] for fact in inputs["lessons"]) // 1000)
