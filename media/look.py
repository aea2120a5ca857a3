"""A quick look at the source, to tell what kind of lecture it is.

Five stretches of two seconds, each from a keyframe on, as small grey frames: a second of work, whatever
the length. A lecture whose picture can be copied does not wait for it.
"""

import itertools
import statistics
from bisect import bisect_right
from pathlib import Path

from PIL import Image

from media import ffmpeg, recipes
from media.errors import ProcessFailed
from media.facts import Facts, Video
from media.frames import moving_share
from media.plan import Look

_STRETCHES = 5
_WIDTH = 320
# Further from its keyframe than this a stretch is not moved to it: a file may have a single one.
_REACH_MS = 30_000


def take_look(path: Path, facts: Facts) -> Look:
    """Return how much of the picture moves; a source that cannot be opened midway is taken as a camera."""
    video = facts.video
    if video is None or video.is_still:
        return Look(median=0.0, high=0.0, spread=0.0, samples=0)
    size = (_WIDTH, max(32, round(_WIDTH * video.height / video.width / 2) * 2))
    found = ffmpeg.side_by_side(
        lambda start: _stretch(path, video, start, size),
        stretches(facts.duration_ms, video.keyframes_ms),
    )
    shares = [share for stretch in found for share in stretch]
    if not shares:
        return Look()
    ordered = sorted(shares)
    return Look(
        median=round(statistics.median(ordered), 4),
        high=round(ordered[int(len(ordered) * 0.95)], 4),
        spread=round(ordered[-1] - ordered[0], 4),
        samples=len(ordered),
    )


def stretches(duration_ms: int, keyframes_ms: tuple[int, ...]) -> list[int]:
    """Return where the stretches begin, in milliseconds: spread over the whole, at keyframes where they are near.

    What lies between a keyframe and a stretch would have to be decoded to be thrown away.
    """
    if duration_ms <= 20_000:
        return [0]
    starts = set()
    for number in range(_STRETCHES):
        start = round(duration_ms * (number + 0.5) / _STRETCHES)
        place = bisect_right(keyframes_ms, start)
        near = keyframes_ms[place - 1] if place else start
        starts.add(near if start - near <= _REACH_MS else start)
    return sorted(starts)


def _stretch(path: Path, video: Video, start_ms: int, size: tuple[int, int]) -> list[float]:
    try:
        data = ffmpeg.capture(
            recipes.look(path, video, start_ms, size), limits=ffmpeg.Limits(wall_s=30, stall_s=30, cpu_s=60)
        )
    except ProcessFailed:
        return []  # the plan falls back to a careful ladder; real trouble shows when it is encoded
    length = size[0] * size[1]
    frames = [
        Image.frombytes("L", size, data[at : at + length]) for at in range(0, len(data) - length + 1, length)
    ]
    return [moving_share(a, b) for a, b in itertools.pairwise(frames)]
