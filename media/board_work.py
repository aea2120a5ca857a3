"""What the operators' board lists of all kinds of work: what somebody is at, and what could not go on.

Pieces of encodes, their short steps, captions and the search for slides are rows of four tables; here each becomes
one line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from media.errors import Reason, reason_of
from media.models import CaptionJob, Chunk, Encode, SlideScan
from media.words import clock

_MOST = 100
_STEPS = (Encode.State.RECEIVED, Encode.State.PROBED, Encode.State.PACKAGING)

_Row = Encode | CaptionJob | SlideScan


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of work. `at` is until when its lease holds, or when it is tried again; `reason` why it waits, in words."""

    lecture_id: int
    title: str
    what: str
    attempts: int
    at: datetime | None
    worker: str = ""
    done_ms: int | None = None
    reason: str = ""
    detail: str = ""


def running(chunks: Iterable[Chunk], now: datetime) -> list[Line]:
    """Return the given pieces, then everything else that a worker holds now. Three queries."""
    live = Q(leased_until__gte=now)
    lines = [_piece(chunk, chunk.leased_until) for chunk in chunks]
    rows: list[_Row] = [*_steps().filter(live), *_captions().filter(live), *_scans().filter(live)]
    return lines + [_line(row, row.leased_until) for row in rows]


def held_up(now: datetime) -> list[Line]:
    """Return what failed last time and is tried again later, the soonest first. Four queries."""
    # A step whose time has come, or that went well, has nothing to wait for: what it said then is old.
    waits = Q(due_at__gt=now) & ~Q(detail="")
    chunks = Chunk.objects.filter(waits, state=Chunk.State.DUE).select_related("encode__lecture")
    lines = [_piece(chunk, chunk.due_at) for chunk in chunks.order_by("due_at", "pk")[:_MOST]]
    rows: list[_Row] = [
        *_steps().filter(waits)[:_MOST],
        *_captions().filter(waits, state=CaptionJob.State.DUE)[:_MOST],
        *_scans().filter(waits, state=SlideScan.State.DUE)[:_MOST],
    ]
    lines += [_line(row, row.due_at) for row in rows]
    return sorted(lines, key=lambda line: (line.at or now, line.lecture_id))


def failures(encodes: list[Encode]) -> list[tuple[Encode, Reason, bool]]:
    """Return failed encodes with their words, and whether trying again is still of use: none came after. One query."""
    newest = Encode.objects.filter(lecture__in=[encode.lecture_id for encode in encodes]).order_by()
    last = dict(newest.values_list("lecture").annotate(Max("number")))
    return [(one, reason_of(one.reason), last[one.lecture_id] == one.number) for one in encodes]


def _steps() -> QuerySet[Encode]:
    return Encode.objects.filter(state__in=_STEPS).select_related("lecture").order_by("due_at", "pk")


def _captions() -> QuerySet[CaptionJob]:
    return CaptionJob.objects.select_related("encode__lecture").order_by("due_at", "pk")


def _scans() -> QuerySet[SlideScan]:
    return SlideScan.objects.select_related("encode__lecture").order_by("due_at", "pk")


def _piece(chunk: Chunk, at: datetime | None) -> Line:
    what = f"{chunk.get_kind_display()} {clock(chunk.start_ms)}–{clock(chunk.end_ms)}"
    return _made(chunk.encode, chunk, at, what, done_ms=chunk.done_ms)


def _line(row: _Row, at: datetime | None) -> Line:
    if isinstance(row, Encode):
        return _made(row, row, at, _step_words(row))
    if isinstance(row, CaptionJob):
        return _made(row.encode, row, at, row.get_kind_display(), done_ms=row.done_ms)
    return _made(row.encode, row, at, _("reading slides") if row.is_found else _("looking for slides"))


def _made(encode: Encode, row: Any, at: datetime | None, what: str, **more: Any) -> Line:
    # Captions and slides keep no code of why they wait, only the detail.
    held = getattr(row, "held_reason", "")
    reason = str(reason_of(held).reason) if held else ""
    title, whose = encode.lecture.title, encode.lecture_id
    return Line(whose, title, what, row.attempts, at, row.worker, reason=reason, detail=row.detail, **more)


def _step_words(encode: Encode) -> str:
    said = {
        Encode.State.RECEIVED: _("checking the file"),
        Encode.State.PROBED: _("planning the encode"),
        Encode.State.PACKAGING: _("packaging and checking the whole"),
    }
    return said[Encode.State(encode.state)]
