"""The small frames that ride along with every decode: sprites for the scrubber, a still for the poster."""

import io
import itertools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageStat

from media.plan import Piece, Plan
from media.recipes import thumb_size

TILE_WIDTH = 160
COLUMNS = 5
_BLOCK = 16


@dataclass(frozen=True)
class Frame:
    """One small frame, full range, and when it is shown."""

    start_ms: int
    grey: Image.Image
    blue: Image.Image
    red: Image.Image

    def picture(self) -> Image.Image:
        """Return the frame in colour."""
        size = self.grey.size
        planes = (self.grey, self.blue.resize(size), self.red.resize(size))
        return Image.merge("YCbCr", planes).convert("RGB")


def read(path: Path, plan: Plan, piece: Piece) -> list[Frame]:
    """Return the small frames of a picture chunk from ffmpeg's raw file."""
    width, height = thumb_size(plan)
    half = ((width + 1) // 2, (height + 1) // 2)
    luma, chroma = width * height, half[0] * half[1]
    frames: list[Frame] = []
    with path.open("rb") as file:
        while len(data := file.read(luma + 2 * chroma)) == luma + 2 * chroma:
            moment = Fraction(piece.first + len(frames) * plan.thumb_step) / plan.rate
            frames.append(
                Frame(
                    round(moment * 1000),
                    Image.frombytes("L", (width, height), data[:luma]),
                    Image.frombytes("L", half, data[luma : luma + chroma]),
                    Image.frombytes("L", half, data[luma + chroma :]),
                )
            )
    return frames


def storyboard_interval_ms(duration_ms: int) -> int:
    """Return how far apart the thumbnails of the scrubber are."""
    if duration_ms < 5 * 60_000:
        return 2000
    return 5000 if duration_ms < 3600_000 else 10_000


def sprite(frames: list[Frame], plan: Plan) -> tuple[bytes, list[dict[str, int]]]:
    """Return one JPEG of thumbnails and the place and time of each; empty where no time falls here."""
    interval = storyboard_interval_ms(plan.duration_ms)
    chosen: dict[int, Frame] = {}
    for frame in frames:
        # The first frame at or after each multiple of the interval, at most a second late.
        slot = frame.start_ms // interval
        if frame.start_ms - slot * interval < 1000:
            chosen.setdefault(slot, frame)
    if not chosen:
        return b"", []
    first = next(iter(chosen.values()))
    width = min(TILE_WIDTH, first.grey.width)
    height = max(2, round(width * first.grey.height / first.grey.width))
    rows = -(-len(chosen) // COLUMNS)
    sheet = Image.new("RGB", (width * min(COLUMNS, len(chosen)), height * rows))
    tiles = []
    for n, frame in enumerate(chosen.values()):
        x, y = n % COLUMNS * width, n // COLUMNS * height
        sheet.paste(frame.picture().resize((width, height), Image.Resampling.BOX), (x, y))
        tiles.append({"start_ms": frame.start_ms, "x": x, "y": y, "w": width, "h": height})
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=72, optimize=True)
    return buffer.getvalue(), tiles


def best_still(frames: list[Frame]) -> tuple[int, float]:
    """Return the time of the frame that shows most, and how much it shows; (0, 0) without frames."""
    scored = [(ImageStat.Stat(frame.grey).stddev[0], -frame.start_ms) for frame in frames]
    score, start = max(scored, default=(0.0, 0))
    return -start, round(score, 2)


def changes(frames: list[Frame]) -> list[dict[str, Any]]:
    """Return for each frame but the first how much of the picture differs from the one before.

    `share` is of blocks of 16 by 16 that changed clearly. Slides are found from this.
    """
    found = []
    for before, after in itertools.pairwise(frames):
        found.append({"start_ms": after.start_ms, "share": moving_share(before.grey, after.grey)})
    return found


def moving_share(before: Image.Image, after: Image.Image) -> float:
    """Return the share of blocks whose mean difference is plain to see."""
    difference = ImageChops.difference(before, after)
    blocks = difference.reduce(_BLOCK) if min(difference.size) >= _BLOCK else difference
    histogram = blocks.histogram()
    return round(sum(histogram[6:]) / max(1, blocks.width * blocks.height), 4)
