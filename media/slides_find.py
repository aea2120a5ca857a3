"""Slide changes in small grey frames. Pure; it needs numpy, so it is imported only where slides are sought.

The picture is cut into blocks. While frames are taken in, blocks that change all the time (a speaker, a
film) are left out, and every picture that then stands still is kept. At the end neighbours are compared by
the pattern in their blocks, whatever its brightness: a slide that grows bullet by bullet keeps what it had, row
by row, while another slide loses at least a title. So what all slides share (the template) tells nothing.
"""

import zlib
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Blocks = NDArray[np.bool_]

BLOCK = 16
WIDTH = 320
# Mean difference of a block that is plain to see, and how far noise may raise it.
_DIFFERENCE = 5.0
_MOST_NOISE = 4.0
# Blocks that change in this share of the eight seconds before or after belong to something that moves.
_MOVING = 0.35
_MEMORY_MS = 8000
# A picture with more movement than this is no slide.
_LEAST_STILL = 0.4
# What may change beside, in shares of the still blocks: a pointer.
_POINTER = 0.02
_BIG_CHANGE = 0.15
_LONG_CHANGE_MS = 3000
# Standard deviation from which a block has something on it, and the correlation of equal patterns.
_TEXTURE = 6.0
_ALIKE = 0.7
# A row is lost where so many blocks, and this share of what it had, are no longer there.
_LOST_BLOCKS = 3
_LOST_SHARE = 0.5
# One lost row says so in this upper part, where titles stand, even if part of it is kept: titles of
# neighbours are alike. Further down it takes two.
_UPPER = 0.5
_LOST_SHARE_OF_TITLE = 0.3
# Blocks that were moving for this share of the time are the speaker's, also while they rest.
_BUSY = 0.1
_LEAST_BLOCKS = 3
# Five fields of a form are sent back for each, of which the site takes 5,000: the rest is for chapters by hand.
MOST_SLIDES = 800


@dataclass(frozen=True, slots=True)
class Found:
    """A slide: from when to when it is shown, and between which times its last and fullest state stands."""

    start_ms: int
    end_ms: int
    full_from_ms: int
    full_to_ms: int


@dataclass(slots=True)
class _Still:
    """A picture that stood still: when it came, and from when to when it stood."""

    start_ms: int
    from_ms: int
    to_ms: int
    moving: Blocks
    packed: bytes = field(repr=False)
    shape: tuple[int, ...] = (0, 0)

    def frame(self) -> Grey:
        return np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A frame, and what changed in it."""

    frame: Grey
    at: int
    changed: Blocks
    level: float


def grid_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in which frames of a picture are looked at: whole blocks, at most 320 across."""
    across = max(BLOCK * 4, min(WIDTH, width) // BLOCK * BLOCK)
    return across, max(BLOCK * 4, round(across * height / max(1, width) / BLOCK) * BLOCK)


class Finder:
    """Takes frames `step_ms` apart, one after another, and says at the end which slides there were.

    A picture counts as still after `hold_ms`.
    """

    def __init__(self, step_ms: int, hold_ms: int = 1000) -> None:
        self._step = step_ms
        self._hold = max(1, hold_ms // step_ms)
        self._memory = max(4, _MEMORY_MS // step_ms)
        self._past: deque[Blocks] = deque(maxlen=self._memory)
        self._ahead: deque[_Seen] = deque()
        self._stills: list[_Still] = []
        self._reference: Grey | None = None
        self._before: Grey | None = None
        self._at = 0
        self._calm = 0
        self._changed_at = 0
        self._big_at = 0
        self._busy: NDArray[np.int64] | None = None
        self._count = 0

    def take(self, frame: Grey) -> None:
        """Take the next frame. It is judged once it is known what moves in the seconds after it."""
        at, before = self._at, self._before
        self._at += self._step
        self._before = frame
        if before is None:
            self._calm = 1
            return
        changed, level = _changes(before, frame)
        self._ahead.append(_Seen(frame, at, changed, level))
        if len(self._ahead) > self._memory:
            self._judge()

    def _judge(self) -> None:
        """Tell of the oldest frame that waits whether the picture stood still."""
        seen = self._ahead.popleft()
        self._past.append(seen.changed)
        before, after = self._moves(self._past), self._moves([later.changed for later in self._ahead])
        # A film over the whole picture, before or after, says nothing of where a speaker is now.
        choices = (before | after, before, after)
        moving = next((mask for mask in choices if (~mask).mean() >= _LEAST_STILL), choices[0])
        still = ~moving
        count = int(still.sum())
        is_slide = count >= _LEAST_STILL * still.size
        self._busy = moving * is_slide + (0 if self._busy is None else self._busy)
        self._count += 1
        beside = int((seen.changed & still).sum())
        if is_slide and beside <= max(2, _POINTER * count):
            self._calm += 1
        else:
            if self._calm:
                self._changed_at = seen.at
            self._calm = 0
            if seen.changed.mean() > _BIG_CHANGE:
                self._big_at = seen.at
        if self._calm >= self._hold:
            self._consider(seen.frame, seen.at, moving, seen.level)

    def _moves(self, changes: Collection[Blocks]) -> Blocks:
        """Return the blocks that change again and again."""
        if not changes:
            return np.zeros(self._past[0].shape, np.bool_)
        found: Blocks = np.sum(list(changes), axis=0) > _MOVING * self._memory
        return found

    def _consider(self, frame: Grey, at: int, moving: Blocks, level: float) -> None:
        """Keep a picture that stands still, or note that the last one still stands."""
        if self._stills and self._reference is not None:
            last = self._stills[-1]
            seen = ~(moving | last.moving)
            differs = (_difference(self._reference, frame) > level) & seen
            if differs.sum() <= max(1, _POINTER / 2 * seen.sum()):
                last.to_ms = at
                return
        since = at - self._step * (self._calm - 1)
        # A change that goes on for long (a film between two slides) ends with the last big one.
        start = self._big_at if since - self._changed_at > _LONG_CHANGE_MS else self._changed_at
        start = min(since, start) if self._stills else 0
        if self._stills and start <= self._stills[-1].start_ms:
            start = since
        packed = zlib.compress(frame.tobytes(), 1)
        self._stills.append(_Still(start, since, at, moving, packed, frame.shape))
        self._reference = frame

    def end(self, duration_ms: int) -> list[Found]:
        """Return the slides in their order; they follow upon each other to the end of the lecture."""
        while self._ahead:
            self._judge()
        if self._busy is None:
            return []
        groups = _grouped(self._stills, self._busy >= max(10, _BUSY * self._count))[:MOST_SLIDES]
        starts = [group[0].start_ms for group in groups]
        found = []
        for group, start, end in zip(groups, starts, [*starts, duration_ms][1:], strict=True):
            if end > start:
                last = group[-1]
                found.append(Found(start, end, min(last.from_ms, end), min(last.to_ms, end)))
        return found


def is_same_slide(one: Grey, other: Grey) -> bool:
    """Whether two whole pictures of equal size show the same slide, in the same state."""
    none = np.zeros(_textured(one).shape, np.bool_)
    if min(_textured(one).sum(), _textured(other).sum()) < _LEAST_BLOCKS:
        return bool((_difference(one, other) <= _DIFFERENCE).all())
    return not _has_lost(one, other, none) and not _has_lost(other, one, none)


def _grouped(stills: Sequence[_Still], busy: Blocks) -> list[list[_Still]]:
    """Return the stills slide by slide; what shows nothing is no slide."""
    groups: list[list[_Still]] = []
    before: Grey | None = None
    for still in stills:
        frame = still.frame()
        if (_textured(frame) & ~still.moving & ~busy).sum() < _LEAST_BLOCKS:
            continue
        if before is None or _has_lost(before, frame, groups[-1][-1].moving | still.moving | busy):
            groups.append([still])
        else:
            groups[-1].append(still)
        before = frame
    return groups


def _has_lost(before: Grey, after: Grey, unseen: Blocks) -> bool:
    """Whether `after` is another slide: a row of what `before` had is gone, or most of it."""
    had = _textured(before) & ~unseen
    lost = had & ~_alike(before, after)
    many, share = lost.sum(axis=1) >= _LOST_BLOCKS, lost.sum(axis=1) / np.maximum(1, had.sum(axis=1))
    title = (many & (share > _LOST_SHARE_OF_TITLE))[: round(len(many) * _UPPER)].any()
    rows = (many & (share > _LOST_SHARE)).sum()
    return bool(title or rows > 1 or lost.sum() > _LOST_SHARE * had.sum())


def _blocks(frame: Grey) -> NDArray[np.float32]:
    """Return the frame as rows x columns x pixels of a block."""
    rows, columns = frame.shape[0] // BLOCK, frame.shape[1] // BLOCK
    cut = frame[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return cut.transpose(0, 2, 1, 3).reshape(rows, columns, BLOCK * BLOCK).astype(np.float32)


def _difference(one: Grey, other: Grey) -> NDArray[np.float64]:
    rows, columns = one.shape[0] // BLOCK, one.shape[1] // BLOCK
    apart = np.abs(one.astype(np.int16) - other)[: rows * BLOCK, : columns * BLOCK]
    mean: NDArray[np.float64] = apart.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3))
    return mean


def _changes(before: Grey, after: Grey) -> tuple[Blocks, float]:
    """Return which blocks changed, and the difference that counted: more where everything is noisy."""
    apart = _difference(before, after)
    level = _DIFFERENCE + min(1.5 * float(np.median(apart)), _MOST_NOISE)
    return apart > level, level


def _textured(frame: Grey) -> Blocks:
    found: Blocks = _blocks(frame).std(axis=2) > _TEXTURE
    return found


def _alike(one: Grey, other: Grey) -> Blocks:
    """Return which blocks have the same pattern, whatever its brightness and contrast."""
    a, b = _blocks(one), _blocks(other)
    a -= a.mean(axis=2, keepdims=True)
    b -= b.mean(axis=2, keepdims=True)
    size = np.sqrt((a * a).sum(axis=2) * (b * b).sum(axis=2))
    # Flat blocks have no pattern: they are alike where both are flat.
    flat = size < BLOCK * BLOCK
    found: Blocks = np.where(
        flat, (a.std(axis=2) < 2) & (b.std(axis=2) < 2), (a * b).sum(axis=2) > _ALIKE * size
    )
    return found
