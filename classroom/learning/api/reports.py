"""Reading a report off the wire, strictly: what is no report is refused whole, before anything is done."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from classroom.progress.spans import Span

# A report of 15 s has a few spans; a minute of seeking has some dozens.
SPANS_AT_MOST = 240
BYTES_AT_MOST = 64 * 1024
_MS_AT_MOST = 2**45
_SEQ_AT_MOST = 2**31 - 1
_RATE_AT_MOST = 16


class BadReport(ValueError):
    """The body is no report; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report as it was sent."""

    seq: int
    spans: list[Span]
    position_ms: int | None


def _no_constant(name: str) -> NoReturn:
    raise BadReport(_("%(name)s is not a number that counts.") % {"name": name})


def read_report(raw: bytes) -> Report:
    """Return the report in a request's body. Raises `BadReport`."""
    if len(raw) > BYTES_AT_MOST:
        raise BadReport(_("The report is too large."))
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except BadReport:
        raise
    except (ValueError, RecursionError) as error:
        raise BadReport(_("The report is not JSON.")) from error
    if not isinstance(body, dict):
        raise BadReport(_("The report must be a JSON object."))
    spans = body.get("spans")
    if not isinstance(spans, list) or len(spans) > SPANS_AT_MOST:
        raise BadReport(_("spans must be a list of at most %(most)d.") % {"most": SPANS_AT_MOST})
    return Report(
        seq=_whole(body, "seq", "seq", _SEQ_AT_MOST),
        spans=[_span(span, f"spans[{number}]") for number, span in enumerate(spans)],
        position_ms=_position(body.get("position_ms")),
    )


def _whole(body: dict[str, Any], name: str, where: str, most: int) -> int:
    value = body.get(name)
    # A bool is an int to Python, but no number to a reader of JSON.
    if type(value) is not int or not 0 <= value <= most:
        raise BadReport(
            _("%(where)s must be a whole number from 0 to %(most)d.") % {"where": where, "most": most}
        )
    return value


def _span(body: Any, where: str) -> Span:
    if not isinstance(body, dict):
        raise BadReport(_("%(where)s must be an object with s, e, t0, t1 and rate.") % {"where": where})
    s, e, t0, t1 = (_whole(body, name, f"{where}.{name}", _MS_AT_MOST) for name in ("s", "e", "t0", "t1"))
    if s >= e or t0 >= t1:
        raise BadReport(_("%(where)s must end after it begins.") % {"where": where})
    rate = body.get("rate", 1)
    if type(rate) not in (int, float) or not 0 < rate <= _RATE_AT_MOST:
        raise BadReport(_("%(where)s.rate must be above 0 and at most 16.") % {"where": where})
    return Span(s, e, t0, t1, max(1, round(rate * 1000)))


def _position(value: Any) -> int | None:
    """Return where the player stands. It earns nothing, so a fraction is rounded and not refused."""
    if value is None:
        return None
    # Infinity is in no range, so it need not be asked for: of a whole number of 400 digits that is an error.
    if type(value) not in (int, float) or not 0 <= value <= _MS_AT_MOST:
        raise BadReport(_("position_ms must be a number of milliseconds from 0 on."))
    return int(value)
