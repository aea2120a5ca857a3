"""Sets of whole milliseconds as sorted, disjoint, half-open intervals `[start, end)`. Pure."""

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
Intervals = list[Interval]


def intervals(raw: Iterable[Sequence[int]]) -> Intervals:
    """Return what JSON holds as lists, as intervals."""
    return [(start, end) for start, end in raw]


def union(some: Iterable[Interval]) -> Intervals:
    """Return the union of intervals in any order; empty ones vanish, touching ones join."""
    out: Intervals = []
    for start, end in sorted(some):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def insert(base: Intervals, start: int, end: int) -> Intervals:
    """Return `base` with one interval added; the common case, growing at its end, costs no sort."""
    if start >= end:
        return base
    if not base or start > base[-1][1]:
        return [*base, (start, end)]
    if start >= base[-1][0]:
        return [*base[:-1], (base[-1][0], max(base[-1][1], end))]
    return union([*base, (start, end)])


def minus(piece: Interval, others: Intervals) -> Intervals:
    """Return the parts of `piece` outside `others`."""
    parts: Intervals = []
    start, end = piece
    for other_start, other_end in others:
        if other_end <= start:
            continue
        if other_start >= end:
            break
        if start < other_start:
            parts.append((start, other_start))
        start = max(start, other_end)
    if start < end:
        parts.append((start, end))
    return parts


def both(piece: Interval, others: Intervals) -> Intervals:
    """Return the parts of `piece` inside `others`."""
    start, end = piece
    return [(max(start, a), min(end, b)) for a, b in others if max(start, a) < min(end, b)]


def size(some: Iterable[Interval]) -> int:
    """Return how many milliseconds the intervals hold together; they must be disjoint."""
    return sum(end - start for start, end in some)


def holes(covered: Intervals, end: int) -> Intervals:
    """Return what of `[0, end)` is not covered."""
    return minus((0, end), covered)
