"""What is known about a source once it was probed. Pure: plain values that go to JSON and back."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Video:
    """The picture. `width` and `height` are as shown: turned upright, square pixels, even."""

    index: int
    codec: str
    width: int
    height: int
    rate: Fraction
    frames: int
    start_ms: int
    end_ms: int
    profile: str = ""
    level: int = 0
    pixel_format: str = "yuv420p"
    bit_depth: int = 8
    bit_rate: int = 0
    rotation: int = 0
    is_square: bool = True
    is_interlaced: bool = False
    is_variable: bool = False
    is_hdr: bool = False
    has_open_gop: bool = False
    is_still: bool = False
    # Times of frames from which decoding can begin, on the timeline that starts at 0.
    keyframes_ms: tuple[int, ...] = ()


@dataclass(frozen=True)
class Audio:
    """One sound track; `language` is what the file says, often empty."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    start_ms: int = 0
    end_ms: int = 0
    language: str = ""
    title: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class Subtitle:
    """An embedded caption track; which of them are text, and can be taken, media.proposals knows."""

    index: int
    codec: str
    language: str = ""


@dataclass(frozen=True)
class Facts:
    """All that the plan needs. `duration_ms` is what can be read, not what the file declares."""

    container: str
    size: int
    duration_ms: int
    declared_ms: int
    video: Video | None = None
    cover_index: int | None = None
    audio: tuple[Audio, ...] = ()
    subtitles: tuple[Subtitle, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the frame rate becomes a fraction in words such as 30000/1001."""
        found = asdict(self)
        if self.video is not None:
            found["video"]["rate"] = str(self.video.rate)
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Facts":
        """Return the facts that `to_json` wrote."""
        plain = dict(found)
        video = plain.get("video")
        if video is not None:
            video = Video(
                **{
                    **video,
                    "rate": Fraction(video["rate"]),
                    "keyframes_ms": tuple(video["keyframes_ms"]),
                }
            )
        plain["video"] = video
        plain["audio"] = tuple(Audio(**track) for track in plain["audio"])
        plain["subtitles"] = tuple(Subtitle(**track) for track in plain["subtitles"])
        plain["warnings"] = tuple(plain["warnings"])
        return cls(**plain)
