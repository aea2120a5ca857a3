"""The grid of frames, and where chunks and segments begin on it. Pure."""

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import pairwise

from media.facts import Video

MAX_RATE = Fraction(31)
SEGMENT_S = 6
OPENING_S = 6  # the first chunk is one segment, so that watching can begin early
CHUNK_S = (30, 120)  # a kill costs at most one chunk; each chunk costs a start


def grid_rate(video: Video) -> Fraction:
    """Return the frame rate of the top rung: the source's, halved until it is at most thirty."""
    rate = video.rate
    while rate > MAX_RATE:
        rate = rate / 2
    return max(rate, Fraction(1)) if video.is_variable else max(rate, Fraction(1, 10))


def ms_of(frame: int, rate: Fraction) -> int:
    """Return when a frame of the grid is shown, in milliseconds."""
    return round(frame / rate * 1000)


def copy_cuts(video: Video, rate: Fraction, frames: int) -> tuple[int, ...]:
    """Return the grid frames of the source's keyframes at which segments of a copy begin."""
    cuts = [0]
    reach = 0
    times = [*video.keyframes_ms[1:], ms_of(frames, rate)]
    for moment, following in pairwise(times):
        # Begin a new segment where going on to the next keyframe would make this one too long.
        if following - reach > SEGMENT_S * 1000 + 500 and moment > reach:
            cut = round(moment * rate / 1000)
            if cuts[-1] < cut < frames:
                cuts.append(cut)
                reach = moment
    return tuple(cuts)


def chunk_starts(
    frames: int, gop: int, rate: Fraction, keys: list[int], cuts: tuple[int, ...] = ()
) -> list[int]:
    """Return the first frames of the chunks: on segment starts, near keyframes, about equally long.

    `keys` are grid frames of the source's keyframes, in order; decoding begins at the one before the
    chunk, so a start soon after one wastes least.
    """
    allowed = [cut for cut in cuts if cut % 2 == 0] if cuts else list(range(0, frames, gop))
    least = round(OPENING_S * rate)
    length = min(max(frames / 8, float(CHUNK_S[0] * rate)), float(CHUNK_S[1] * rate))
    starts = [0]
    at = bisect_left(allowed, least)
    if at == len(allowed) or frames - allowed[at] < least:
        return starts
    starts.append(allowed[at])
    while frames - starts[-1] > length * 1.25:
        target = starts[-1] + length
        low = max(bisect_left(allowed, target - length / 4), bisect_right(allowed, starts[-1]))
        near = allowed[low : bisect_right(allowed, target + length / 4)] or allowed[low : low + 1]
        if not near or frames - near[0] < least:
            break
        # Nearness to the target only decides between equals.
        starts.append(min((_since_key(start, keys), abs(start - target), start) for start in near)[2])
    return starts


def _since_key(start: int, keys: list[int]) -> int:
    at = bisect_right(keys, start)
    return start - keys[at - 1] if at else start


def seek_ms(video: Video, start_ms: int, *, is_stream: bool) -> int:
    """Return where to open the source so that decoding begins at the last keyframe before the start."""
    keys = video.keyframes_ms
    at = bisect_right(keys, start_ms)
    if start_ms == 0 or at < 2:
        return 0
    before = keys[at - 1]
    if is_stream:
        # A transport stream has no index: land well before.
        return max(0, before - 3000)
    after = keys[at] if at < len(keys) else before + 1000
    # ffmpeg steps back an eighth of a second where frames are reordered, so aim that much later.
    return before + min(140, (after - before) // 2)
