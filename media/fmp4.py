"""Fragmented MP4: split a file into CMAF segments and set their place on the timeline.

ffmpeg starts every chunk at zero. Here each fragment gets the decode time of its first frame counted
from the start of the lecture, so that chunks which were made apart lie exactly one after the other.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from media.errors import OutputBroken

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex"}


@dataclass(frozen=True)
class Box:
    """One box inside a buffer: `start` is that of its header, `body` that of its content."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Fragment:
    """A moof and its mdat inside a file. Times in ticks of the track."""

    offset: int
    moof_size: int
    size: int
    decode_time: int
    first_shift: int
    ticks: int
    samples: int

    @property
    def shown_at(self) -> int:
        """When its first sample is shown; `first_shift` has the edit list taken off already."""
        return self.decode_time + self.first_shift


@dataclass(frozen=True)
class Track:
    """What the init segment says."""

    timescale: int
    codecs: str
    width: int
    height: int


@dataclass(frozen=True)
class Movie:
    """A fragmented file of one track."""

    path: Path
    init: bytes
    track: Track
    fragments: tuple[Fragment, ...]


def read(path: Path) -> Movie:
    """Read the structure of a fragmented file of one track; raise `OutputBroken` where there is none."""
    init = b""
    fragments = []
    defaults = 0
    with path.open("rb") as file:
        size = path.stat().st_size
        moof: tuple[int, bytes] | None = None
        for kind, start, end in top_level(file, size):
            if kind in {b"ftyp", b"moov"}:
                init += _range(file, start, end)
                defaults = _default_duration(init) if kind == b"moov" else defaults
            elif kind == b"moof":
                moof = (start, _range(file, start, end))
            elif kind == b"mdat" and moof is not None:
                fragments.append(_fragment(moof[0], moof[1], end, defaults))
                moof = None
    if b"moov" not in init or not fragments:
        raise OutputBroken("not_whole", "no fragments")
    delay = fragments[0].first_shift
    shown = tuple(replace(fragment, first_shift=fragment.first_shift - delay) for fragment in fragments)
    return Movie(path, with_edit(init, delay), read_track(init), shown)


def with_edit(init: bytes, delay: int) -> bytes:
    """Return an init segment with an edit list that takes `delay` ticks off every time.

    Where frames are reordered the first one is shown later than it is decoded, by as much as this. With
    the edit list the first frame is shown at zero, and sound and picture stay together in every player.
    """
    if delay == 0:
        return init
    boxes = {box.kind: box for box in walk(init)}
    entry = struct.pack(">IiHH", 0, delay, 1, 0)
    elst = struct.pack(">I4sII", 16 + len(entry), b"elst", 0, 1) + entry
    edts = struct.pack(">I4s", 8 + len(elst), b"edts") + elst
    data = bytearray(init)
    at = boxes[b"tkhd"].end
    data[at:at] = edts
    for kind in (b"moov", b"trak"):
        box = boxes[kind]
        struct.pack_into(">I", data, box.start, box.end - box.start + len(edts))
    return bytes(data)


def segment(movie: Movie, fragments: list[Fragment], shift: int, number: int) -> bytes:
    """Return a media segment of some consecutive fragments, moved by `shift` ticks.

    `number` is the sequence number of the first fragment.
    """
    pieces = []
    with movie.path.open("rb") as file:
        for offset, fragment in enumerate(fragments):
            data = bytearray(_range(file, fragment.offset, fragment.offset + fragment.size))
            _place(data, fragment, shift, number + offset)
            pieces.append(bytes(data))
    return b"".join(pieces)


def read_track(init: bytes) -> Track:
    """Return timescale, codec string (RFC 6381) and picture size of an init segment."""
    boxes = {box.kind: box for box in walk(init)}
    try:
        mdhd, stsd = boxes[b"mdhd"], boxes[b"stsd"]
    except KeyError as error:
        raise OutputBroken("not_whole", "no track") from error
    at = mdhd.body + (20 if init[mdhd.body] == 1 else 12)
    timescale = struct.unpack_from(">I", init, at)[0]
    entry = init[stsd.body + 8 : stsd.end]
    kind = entry[4:8]
    if kind == b"avc1":
        width, height = struct.unpack_from(">HH", entry, 32)
        at = entry.index(b"avcC") + 4
        return Track(timescale, f"avc1.{entry[at + 1 : at + 4].hex().upper()}", width, height)
    if kind == b"av01":
        width, height = struct.unpack_from(">HH", entry, 32)
        return Track(timescale, _av1_codecs(entry[entry.index(b"av1C") + 4 :]), width, height)
    if kind == b"mp4a":
        return Track(timescale, "mp4a.40.2", 0, 0)
    raise OutputBroken("not_whole", f"codec {kind!r}")


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield all boxes of a buffer, those inside containers too."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1:
            size = struct.unpack_from(">Q", data, start + 8)[0]
            header = 16
        if size < header or start + size > end:
            raise OutputBroken("not_whole", f"box {kind!r}")
        yield Box(kind, start, start + header, start + size)
        if kind in _CONTAINERS:
            yield from walk(data, start + header, start + size)
        start += size


def top_level(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the boxes of a file of `size` bytes, up to a tail that is not whole."""
    at = 0
    while at + 8 <= size:
        length, kind = struct.unpack(">I4s", _range(file, at, at + 8))
        if length == 1:
            length = struct.unpack(">Q", _range(file, at + 8, at + 16))[0]
        if length < 8 or at + length > size:
            return  # a tail that was not finished
        yield kind, at, at + length
        at += length


def _range(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _default_duration(init: bytes) -> int:
    for box in walk(init):
        if box.kind == b"trex":
            return int(struct.unpack_from(">I", init, box.body + 12)[0])
    return 0


def _fragment(offset: int, moof: bytes, end: int, default: int) -> Fragment:
    decode_time, ticks, samples, first_shift = 0, 0, 0, 0
    for box in walk(moof):
        if box.kind == b"tfhd":
            flags = struct.unpack_from(">I", moof, box.body)[0] & 0xFFFFFF
            at = box.body + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
            if flags & 0x8:
                default = struct.unpack_from(">I", moof, at)[0]
        elif box.kind == b"tfdt":
            wide = moof[box.body] == 1
            decode_time = struct.unpack_from(">Q" if wide else ">I", moof, box.body + 4)[0]
        elif box.kind == b"trun":
            count, length, shift = _trun(moof, box, default)
            if samples == 0:
                first_shift = shift
            samples += count
            ticks += length
    return Fragment(offset, len(moof), end - offset, decode_time, first_shift, ticks, samples)


def _trun(moof: bytes, box: Box, default: int) -> tuple[int, int, int]:
    """Return samples, ticks and the first composition offset of a track run."""
    flags = struct.unpack_from(">I", moof, box.body)[0] & 0xFFFFFF
    count = struct.unpack_from(">I", moof, box.body + 4)[0]
    at = box.body + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    width = 4 * sum(1 for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit)
    shift = 0
    if flags & 0x800 and count:
        before = 4 * sum(1 for bit in (0x100, 0x200, 0x400) if flags & bit)
        shift = struct.unpack_from(">i", moof, at + before)[0]
    if not flags & 0x100:
        return count, count * default, shift
    return count, sum(struct.unpack_from(">I", moof, at + width * n)[0] for n in range(count)), shift


def _place(data: bytearray, fragment: Fragment, shift: int, number: int) -> None:
    for box in walk(bytes(data[: fragment.moof_size])):
        if box.kind == b"mfhd":
            struct.pack_into(">I", data, box.body + 4, number)
        elif box.kind == b"tfdt":
            if data[box.body] != 1:
                raise OutputBroken("not_whole", "a short decode time")
            struct.pack_into(">Q", data, box.body + 4, fragment.decode_time + shift)


def _av1_codecs(config: bytes) -> str:
    profile, level = config[1] >> 5, config[1] & 0x1F
    tier = "H" if config[2] & 0x80 else "M"
    depth = "10" if config[2] & 0x40 else "08"
    return f"av01.{profile}.{level:02d}{tier}.{depth}"
