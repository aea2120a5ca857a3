"""When each packet of a source is shown, listed once.

Files lie about their length and their rate, their packets do not. Listing them takes as long as reading the
file; an MP4 has them in its tables already, which is a matter of a moment however long the lecture is.
"""

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media import ffmpeg
from media.errors import ProcessFailed

_NEVER = -1e18


@dataclass
class Packets:
    """The packets of one stream in the order of the file; seconds.

    Of sound only the first time is sure to be there: nobody asks for the others.
    """

    times: "array[float]" = field(default_factory=lambda: array("d"))
    keys: list[float] = field(default_factory=list)
    last: float = 0.0
    bytes: int = 0
    open_gop: bool = False
    # From decoding to showing, as the first packet says that has both times.
    delay: float | None = None

    def add(self, moment: float, *, is_key: bool) -> None:
        """Take the time of the next packet."""
        if self.keys and moment < self.keys[-1] - 1e-4:
            self.open_gop = True
        self.times.append(moment)
        if is_key:
            self.keys.append(moment)


def listed(path: Path, indexes: list[int]) -> dict[int, Packets]:
    """List all packets of these streams, at constant memory but for their times.

    Raises `ProcessFailed` where that is not the file's fault; what lies before a broken place is returned.
    """
    found = {index: Packets() for index in indexes}
    rest = b""

    def feed(data: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _take(found, line)

    entries = "packet=stream_index,pts_time,dts_time,duration_time,size,flags"
    cmd = ffmpeg.probe_command(path, "-show_entries", entries, "-of", "csv=p=0:nk=1")
    try:
        ffmpeg.stream(cmd, feed, limits=ffmpeg.Limits(wall_s=1800))
    except ProcessFailed as error:
        # What could be listed before a broken place is used; nothing at all is refused later.
        if error.code != "ffmpeg_failed":
            raise
    return found


def seconds(value: Any, default: float = 0.0) -> float:
    """Return a number that ffprobe wrote as text, or `default` where it wrote none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return default


def _take(found: dict[int, Packets], line: bytes) -> None:
    # index,pts,dts,duration,size,flags; side data may follow on lines of their own.
    words = line.split(b",")
    if len(words) < 6 or not words[0].isdigit():
        return
    stream = found.get(int(words[0]))
    if stream is None or words[5][1:2] == b"D":
        return
    shown, decoded = seconds(words[1], _NEVER), seconds(words[2], _NEVER)
    if stream.delay is None and shown > _NEVER and decoded > _NEVER:
        stream.delay = shown - decoded
    # A program stream tells the time of showing only now and then, that of decoding always.
    moment = shown if shown > _NEVER else decoded + (stream.delay or 0.0)
    if moment < _NEVER / 2:
        return
    stream.add(moment, is_key=words[5].startswith(b"K"))
    stream.last = max(stream.last, moment + max(0.0, min(seconds(words[3]), 10.0)))
    stream.bytes += int(words[4]) if words[4].isdigit() else 0
