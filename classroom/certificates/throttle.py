"""How often one address may be wrong. Only misses count: honest people behind one address share nothing.

A token cannot be guessed, so right links always answer; searches by number stop once an address has
missed thirty times in a minute.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

WINDOW_S = 60


def _limit() -> int:
    rates: dict[str, str] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]  # type: ignore[assignment]
    return int(rates["verify"].partition("/")[0])


def _key(request: Any) -> str:
    address = request.META.get("REMOTE_ADDR", "")
    window = int(timezone.now().timestamp()) // WINDOW_S
    return "verify:" + hashlib.sha256(f"{address}:{window}".encode()).hexdigest()[:32]


def is_exhausted(request: Any) -> bool:
    """Whether this address has used up its misses of the minute."""
    return int(cache.get(_key(request), 0)) >= _limit()


def count_miss(request: Any) -> None:
    """Count one miss; the count ends with the minute."""
    key = _key(request)
    cache.add(key, 0, timeout=2 * WINDOW_S)
    try:
        cache.incr(key)
    except ValueError:
        # The entry ended between the two calls: the minute is over.
        cache.set(key, 1, timeout=2 * WINDOW_S)


def seconds_left() -> int:
    """Return the seconds until the next minute begins, for `Retry-After`."""
    return WINDOW_S - int(timezone.now().timestamp()) % WINDOW_S
