"""Reading the text on slides: an optional engine, in a process of its own and on the leash of `ffmpeg`.

Where the engine cannot be loaded (there is no wheel for the machine), it is off and says so; slides are found
all the same.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from media import ffmpeg
from media.slides_text import Line, Read, compose

PROGRAM = Path(__file__).with_name("slides_ocr_program.py")
# One slide takes about half a second and less than a gigabyte; threads and arenas count as memory, too.
_LIMITS = {"stall_s": 300.0, "cpu_s": 600, "memory": 3 * 1024**3, "nice": 15}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, a page for each picture; `engine` is empty where there is none, and `why` says why."""

    engine: str
    pages: tuple[Read, ...] = ()
    why: str = ""


def read(pictures: Sequence[Path]) -> Reading:
    """Read the text on pictures. Raises `ProcessFailed` where the engine breaks on them."""
    cmd = [sys.executable, "-I", str(PROGRAM), *(str(path) for path in pictures)]
    limits = ffmpeg.Limits(wall_s=120 + 60 * len(pictures), **_LIMITS)  # type: ignore[arg-type]  # by name
    found = json.loads(ffmpeg.capture(cmd, limits=limits))
    if found["engine"] is None:
        return Reading("", why=found["why"])
    pages = (compose((Line(*line) for line in page["lines"]), page["height"]) for page in found["pages"])
    return Reading(found["engine"], tuple(pages))
