"""What a learner may do in a lecture and what counts as watched. Pure; frozen with each edition."""

from dataclasses import asdict, dataclass, fields
from decimal import ROUND_DOWN, Decimal
from typing import Any

# The 45 minutes of the field.
CREDIT_HOUR_S = 2700


def hours_of(seconds: int | float, unit: int) -> Decimal:
    """Return the credit hours in so many seconds, `unit` seconds each, cut to a tenth."""
    return (Decimal(int(seconds)) / unit).quantize(Decimal("0.1"), rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of playing and crediting.

    `rate_cap`: the fastest playback that counts, 1.0 to 2.0. `free_seek`: whether one may skip ahead
    on first view. `coverage_percent`: the part of a lecture that counts as seen, 50 to 100.
    `presence_minutes`: minutes of credited time between presence checks, 0 for none.
    `offline_allowance_s`: seconds after the last contact that still count. `tolerance_ms`: how far
    beyond the furthest credited point a first view may begin. `hidden_pauses`: whether a hidden tab
    stops the credit. `credit_hour_seconds`: verified seconds that make one credit hour. `watermark`:
    whether the viewer's masked name is drawn over the picture.
    """

    rate_cap: float = 1.0
    free_seek: bool = False
    coverage_percent: int = 100
    presence_minutes: int = 0
    offline_allowance_s: int = 900
    tolerance_ms: int = 1500
    hidden_pauses: bool = True
    credit_hour_seconds: int = CREDIT_HOUR_S
    watermark: bool = False

    def __post_init__(self) -> None:
        """Refuse figures that would let anything or nothing count. Raises ValueError."""
        if not 1.0 <= self.rate_cap <= 2.0:
            raise ValueError("rate_cap is from 1.0 to 2.0")
        if not 50 <= self.coverage_percent <= 100:
            raise ValueError("coverage_percent is from 50 to 100")
        if min(self.presence_minutes, self.offline_allowance_s, self.tolerance_ms) < 0:
            raise ValueError("times are not negative")
        if self.credit_hour_seconds < 1:
            raise ValueError("a credit hour has at least one second")

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as JSON data, as `Edition.policy` keeps it.

        A watermark that is off is left out: what was frozen before there was one keeps its digest.
        """
        data = asdict(self)
        if not self.watermark:
            del data["watermark"]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Policy":
        """Read what `to_dict` wrote; a missing key takes its default, an unknown one is left aside.

        Raises ValueError for a figure out of range.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})
