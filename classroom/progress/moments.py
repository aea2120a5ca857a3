"""Moments as whole milliseconds since 1970, exactly: floating seconds would lose some. Pure."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return an aware moment in milliseconds, rounded down."""
    return (moment - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Return the moment of these milliseconds, in UTC."""
    return _EPOCH + ms * _MS
