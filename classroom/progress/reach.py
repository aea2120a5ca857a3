"""Whether a moment of a lecture was played, as far as the server can know. Pure: it reads no clock and no row."""

from collections.abc import Iterable

from classroom.progress.intervals import union

# What a player has shown and not told yet: it closes a span every 5 s and reports every 15 s and at each pause,
# and a report may have to be sent twice. What is older waits on the device and has to come first.
SPAN_MS = 5_000
UNTOLD_AT_MOST_MS = 30_000


def was_reached(
    moment: int, shown: Iterable[tuple[int, int]], *, quiet: int, cap: int, tolerance: int
) -> bool:
    """Whether `moment` was shown: within the tolerance of what was told, or of what may not be told yet.

    `shown` is the media that was credited, is held by a presence check, or waits for what lies before it; a
    lecture begins at 0. `quiet` is how long (ms) the server has not heard from the viewing: meanwhile it may
    have shown as much as `cap` (thousandths) allows behind any of these, and no more than that is taken on trust.
    """
    untold = min(max(quiet, 0) + SPAN_MS, UNTOLD_AT_MOST_MS) * cap // 1000
    return any(s - tolerance <= moment <= e + untold + tolerance for s, e in union([(0, 1), *shown]))
