"""The tables of an MP4 or QuickTime file (ISO/IEC 14496-12): when each frame is shown, without listing packets.

Two hours have half a million packets, and who waits to watch waits for their list. The tables say the same
at once, in files as recorders and encoders write them. Whatever is unusual (fragments, cuts by an edit list,
several descriptions, samples beyond the end of the file) is left to the list.
"""

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from operator import add
from pathlib import Path

from media import fmp4
from media.errors import OutputBroken
from media.packets import Packets

_MOST_BYTES = 64 << 20
# What ffmpeg itself takes for nonsense in a table of composition times.
_FURTHEST = 1 << 28


class _UnusualError(Exception):
    """The file is not of the plain kind."""


@dataclass(frozen=True)
class _Edit:
    """How a track lies on the timeline, in its own ticks: shown from `delay` on, from `begin` to `end` of it."""

    begin: int
    end: int | None
    delay: int


def read(path: Path, ids: dict[int, int], *, picture: int | None) -> dict[int, Packets] | None:
    """Return the packets of some streams, or None where the tables do not tell all.

    `ids` are track numbers by the index of the stream; `picture` is the index of the one whose frames count:
    of the others only the first time and the end are told.
    """
    try:
        moov = _moov(path)
        tracks = dict(_tracks(moov))
        size = path.stat().st_size
        pace = _movie_pace(moov)
        return {
            index: _Track(moov, tracks[number], pace, size).packets(each=index == picture)
            for index, number in ids.items()
        }
    except (_UnusualError, OutputBroken, KeyError, ValueError, IndexError, struct.error):
        return None


def _moov(path: Path) -> bytes:
    found = b""
    size = path.stat().st_size
    with path.open("rb") as file:
        for kind, start, end in fmp4.top_level(file, size):
            if kind == b"moof":
                raise _UnusualError
            if kind == b"moov":
                if found or end - start > _MOST_BYTES:
                    raise _UnusualError
                file.seek(start)
                found = file.read(end - start)
    return found


def _movie_pace(moov: bytes) -> int:
    box = next(box for box in fmp4.walk(moov) if box.kind == b"mvhd")
    return int(struct.unpack_from(">I", moov, box.body + (20 if moov[box.body] == 1 else 12))[0])


def _tracks(moov: bytes) -> Iterator[tuple[int, dict[bytes, fmp4.Box]]]:
    """Yield number and boxes of each track."""
    for trak in fmp4.walk(moov):
        if trak.kind == b"mvex":
            raise _UnusualError
        if trak.kind != b"trak":
            continue
        boxes = {}
        for box in fmp4.walk(moov, trak.body, trak.end):
            if box.kind == b"sbgp" and moov[box.body + 4 : box.body + 8] == b"rap ":
                raise _UnusualError
            boxes[box.kind] = box
        head = boxes[b"tkhd"]
        yield struct.unpack_from(">I", moov, head.body + (20 if moov[head.body] == 1 else 12))[0], boxes


def _reaches_back(times: "array[float]", keys: Sequence[int]) -> bool:
    """Whether a frame is shown before the keyframe that it follows in the file; `keys` are places in `times`."""
    ends = [*keys[1:], len(times) - 1]
    # Up to the next keyframe and with it.
    return any(
        min(times[key : end + 1]) < times[key] - 1e-4
        for key, end in zip(keys, ends, strict=True)
        if end > key
    )


class _Track:
    """One track's tables."""

    def __init__(self, moov: bytes, boxes: dict[bytes, fmp4.Box], pace: int, size: int) -> None:
        self.moov, self.boxes, self.size = moov, boxes, size
        head = boxes[b"mdhd"]
        self.timescale = int(
            struct.unpack_from(">I", moov, head.body + (20 if moov[head.body] == 1 else 12))[0]
        )
        if not self.timescale or not pace or b"stps" in boxes or self._number(b"stsd", 4) != 1:
            raise _UnusualError
        self.sizes, self.count = self._sample_sizes()
        if not self.count:
            raise _UnusualError
        self.runs = self._runs(b"stts", "I")
        self.edit = self._edit(pace)
        if self._end_of_samples() > size:
            raise _UnusualError

    def packets(self, *, each: bool) -> Packets:
        """Return all of its packets, or only the first with the end of the last."""
        return self._every() if each else self._ends()

    def _every(self) -> Packets:
        shifts = [(self.count, 0)]
        if b"ctts" in self.boxes:
            shifts = self._runs(b"ctts", "i")
        # Whole tables at a time: two hours have a quarter of a million frames, and someone waits.
        decoded = accumulate(chain.from_iterable(repeat(ticks, many) for many, ticks in self.runs), initial=0)
        ticks = array("q", map(add, decoded, chain.from_iterable(repeat(by, many) for many, by in shifts)))
        if min(ticks) < self.edit.begin or (self.edit.end is not None and max(ticks) >= self.edit.end):
            raise _UnusualError
        last = at = 0
        for many, length in self.runs:
            last = max(last, max(ticks[at : at + many], default=0) + min(length, 10 * self.timescale))
            at += many
        begin, pace = self.edit.begin - self.edit.delay, self.timescale
        times = array("d", [round((tick - begin) / pace, 6) for tick in ticks])
        keys: Sequence[int] = range(len(times))
        if b"stss" in self.boxes:
            keys = [number - 1 for number in sorted(set(self._list(b"stss", "I"))) if number <= len(times)]
        return Packets(
            times=times,
            keys=[times[key] for key in keys],
            last=self._last(last),
            bytes=sum(self.sizes),
            open_gop=_reaches_back(times, keys),
        )

    def _ends(self) -> Packets:
        if b"ctts" in self.boxes:
            raise _UnusualError
        total = sum(many * ticks for many, ticks in self.runs)
        latest = total - next(ticks for many, ticks in reversed(self.runs) if many)
        if self.edit.end is not None and latest >= self.edit.end:
            raise _UnusualError
        at = 0
        for many, ticks in self.runs:
            # What lies wholly before the edit is dropped: the silence that an encoder begins with.
            skipped = min(many, max(0, (self.edit.begin - at) // ticks)) if ticks else 0
            at += skipped * ticks
            if skipped < many:
                break
        return Packets(times=array("d", [self._moment(at)]), last=self._last(total), bytes=sum(self.sizes))

    def _moment(self, ticks: float) -> float:
        """Return seconds on the file's timeline, to the microsecond as ffprobe writes them."""
        return round((ticks - self.edit.begin + self.edit.delay) / self.timescale, 6)

    def _last(self, ticks: float) -> float:
        """Return when the last packet ends, which the edit list may cut short."""
        return self._moment(ticks if self.edit.end is None else min(ticks, self.edit.end))

    def _number(self, kind: bytes, offset: int) -> int:
        return int(struct.unpack_from(">I", self.moov, self.boxes[kind].body + offset)[0])

    def _values(self, start: int, count: int, code: str) -> "array[int]":
        values: array[int] = array(code)
        values.frombytes(self.moov[start : start + count * values.itemsize])
        if len(values) != count:
            raise _UnusualError
        if sys.byteorder == "little":
            values.byteswap()
        return values

    def _list(self, kind: bytes, code: str, width: int = 1) -> "array[int]":
        """Return the entries of a table of numbers, `width` to an entry."""
        body = self.boxes[kind].body
        count = self._number(kind, 4)
        if body + 8 + 4 * width * count > self.boxes[kind].end:
            raise _UnusualError
        return self._values(body + 8, count * width, code)

    def _runs(self, kind: bytes, code: str) -> list[tuple[int, int]]:
        """Return how many samples in a row have which ticks; all samples, and none of them too far off."""
        values = self._list(kind, code, width=2)
        many, ticks = values[::2], values[1::2]
        if sum(many) != self.count or not -_FURTHEST < min(ticks) <= max(ticks) < _FURTHEST:
            raise _UnusualError
        return list(zip(many, ticks, strict=True))

    def _sample_sizes(self) -> tuple["array[int]", int]:
        if self._number(b"stsz", 4):
            raise _UnusualError  # all alike: bare samples, which are read many at a time
        count = self._number(b"stsz", 8)
        body = self.boxes[b"stsz"].body
        return self._values(body + 12, count, "I"), count

    def _end_of_samples(self) -> int:
        """Return where in the file the chunk ends that begins last."""
        if b"co64" in self.boxes:
            body = self.boxes[b"co64"].body
            starts = self._values(body + 8, self._number(b"co64", 4), "Q")
        else:
            starts = self._list(b"stco", "I")
        last = starts.index(max(starts))
        rules = self._list(b"stsc", "I", width=3)
        before = 0
        firsts = [*rules[::3], len(starts) + 1]
        for (first, following), each in zip(pairwise(firsts), rules[1::3], strict=True):
            if first <= last + 1 < following:
                before += (last + 1 - first) * each
                return int(starts[last] + sum(self.sizes[before : before + each]))
            before += (following - first) * each
        raise _UnusualError

    def _edit(self, pace: int) -> _Edit:
        if b"edts" not in self.boxes:
            return _Edit(0, None, 0)
        edts = self.boxes[b"edts"]
        elst = next(box for box in fmp4.walk(self.moov, edts.body, edts.end) if box.kind == b"elst")
        version, count = self.moov[elst.body], struct.unpack_from(">I", self.moov, elst.body + 4)[0]
        form = ">QqI" if version == 1 else ">IiI"
        rows = [
            struct.unpack_from(form, self.moov, elst.body + 8 + n * struct.calcsize(form))
            for n in range(count)
        ]
        empty = 0
        if len(rows) == 2 and rows[0][1] == -1:
            empty = rows.pop(0)[0]
        if len(rows) != 1 or rows[0][1] < 0 or rows[0][2] != 0x10000 or not rows[0][0]:
            raise _UnusualError
        length, begin, _rate = rows[0]
        return _Edit(begin, begin + length * self.timescale // pace, empty * self.timescale // pace)
