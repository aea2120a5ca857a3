"""Looks at what was published: small grey frames of its smallest picture, stills of its best one.

The source is not needed, so an encode of any age can be searched. Segments are read from the store and put
one after another into a local file, since ffmpeg reads only local files.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media import ffmpeg, package, store
from media.errors import OutputBroken
from media.models import Encode
from media.plan import CAMERA, SCREENCAST, Plan

if TYPE_CHECKING:
    from media.slides_find import Finder, Found

STEP_MS = 500
_HOLD_MS, _HOLD_ON_SCREEN_MS = 1000, 3000
_STILL_WIDTH = 1280


@dataclass(frozen=True, slots=True)
class Still:
    """The picture of a slide: a JPEG, and the name that its content gives it."""

    data: bytes

    def name(self, number: int) -> str:
        """Return its path below the prefix of the encode."""
        return f"slides/{number:04d}-{hashlib.sha256(self.data).hexdigest()[:10]}.jpg"


def has_slides(encode: Encode) -> bool:
    """Whether the look at the source saw slides or a screen: a camera or sound alone has none."""
    return bool(encode.plan) and encode.facts.get("video") is not None and encode.plan["content"] != CAMERA


def show(path: Path, finder: "Finder", size: tuple[int, int], check: Callable[[], None]) -> None:
    """Show a film to a finder, in grey frames of `size`; `check` may raise to end it."""
    import numpy as np

    length = size[0] * size[1]
    rest = bytearray()

    def feed(data: bytes) -> None:
        check()
        rest.extend(data)
        whole = len(rest) // length * length
        for at in range(0, whole, length):
            finder.take(np.frombuffer(bytes(rest[at : at + length]), np.uint8).reshape(size[1], size[0]))
        del rest[:whole]

    frames = ffmpeg.own(path)["v:0"].filter("fps", fps=1000 // STEP_MS)
    frames = frames.filter("scale", *size, flags="area", out_range="full")
    made = ffmpeg.output(frames, path="pipe:1", f="rawvideo", pix_fmt="gray")
    ffmpeg.stream(ffmpeg.command(made, threads=1, progress=False), feed)


def still_at(path: Path, target: Path, into_s: float, width: int) -> bytes:
    """Return one frame of a film as a JPEG of `width` pixels; raise `OutputBroken` where there is none."""
    picture = ffmpeg.own(path)["v:0"]
    if into_s:
        picture = picture.filter("setpts", "PTS-STARTPTS").filter("trim", start=f"{into_s:.3f}")
    picture = picture.filter("scale", width, -2, flags="bicubic").filter("setsar", 1)
    options: dict[str, Any] = {"frames:v": 1, "f": "mjpeg", "q:v": 4, "pix_fmt": "yuvj420p"}
    target.unlink(missing_ok=True)
    ffmpeg.run(ffmpeg.command(ffmpeg.output(picture, path=target, **options), threads=1, progress=False))
    if not target.exists() or not target.stat().st_size:
        raise OutputBroken("not_whole", f"no picture {into_s:.1f} s into {path.name}")
    return target.read_bytes()


class Film:
    """The published pictures of one encode, in a folder for the time of the work."""

    def __init__(self, encode: Encode, folder: Path, check: Callable[[], None]) -> None:
        self._plan = Plan.from_json(encode.plan)
        self._prefix = f"lectures/{encode.pk}"
        self._folder = folder
        self._check = check
        made = package.assemble(self._plan, list(encode.chunks.order_by("kind", "index")))
        pictures = [whole for whole in made.values() if whole.codecs.startswith("avc1")]
        if not pictures:
            raise OutputBroken("not_whole", "no picture that can be looked at")
        by_size = sorted(pictures, key=lambda whole: whole.width * whole.height)
        self._small = by_size[0]
        self._large = next((whole for whole in by_size if whole.width >= _STILL_WIDTH), by_size[-1])

    def find(self) -> "list[Found]":
        """Return the slides that are shown, found in frames half a second apart."""
        # Loaded here, since only a worker that seeks slides needs numpy.
        from media.slides_find import Finder, grid_size

        size = grid_size(self._small.width, self._small.height)
        on_screen = self._plan.content == SCREENCAST
        finder = Finder(STEP_MS, _HOLD_ON_SCREEN_MS if on_screen else _HOLD_MS)
        for path in self._joined(self._small):
            show(path, finder, size, self._check)
        return finder.end(self._plan.duration_ms)

    def still(self, found: "Found") -> Still:
        """Return the picture of a slide in its last and fullest state.

        A segment that begins while that state stands needs one frame to be decoded and no more.
        """
        self._check()
        whole = self._large
        pieces = [(init, segment) for init, segments in whole.parts for segment in segments]
        starts = [segment["start"] * 1000 / whole.timescale for _, segment in pieces]
        inside = [n for n, at in enumerate(starts) if found.full_from_ms <= at <= found.full_to_ms]
        # The state is over when the next slide comes: half a second before the last time it was seen.
        wanted = found.full_from_ms + (found.full_to_ms - found.full_from_ms) // 2
        chosen = inside[-1] if inside else max((n for n, at in enumerate(starts) if at <= wanted), default=0)
        into_s = 0.0 if inside else max(0.0, (wanted - starts[chosen]) / 1000)
        init, segment = pieces[chosen]
        return Still(self._frame(self._file("still.mp4", init, [segment]), into_s))

    def _frame(self, path: Path, into_s: float) -> bytes:
        return still_at(path, self._folder / "still.jpg", into_s, min(_STILL_WIDTH, self._large.width))

    def _joined(self, whole: package.Assembled) -> Iterator[Path]:
        """Yield the rendition as files, a new one only where its header changes."""
        for init, parts in groupby(whole.parts, key=lambda part: part[0]):
            yield self._file("small.mp4", init, [segment for _, segments in parts for segment in segments])

    def _file(self, name: str, init: str, segments: list[dict[str, Any]]) -> Path:
        path = self._folder / name
        with path.open("wb") as file:
            for key in (init, *(segment["key"] for segment in segments)):
                self._check()
                file.write(store.get(f"{self._prefix}/{key}"))
        return path
