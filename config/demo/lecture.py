"""Makes a lecture: slides with Chinese text, moved through at the pace of a narrator, with captions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ffmpeg._filters import concat

from config.demo import slides, voice
from media import ffmpeg

_GAP_S = 0.45  # between sentences
_TURN_S = 0.9  # between slides
_LEAD_S = 0.6
_FRAMES_A_SECOND = 5
_GOP_S = 6


@dataclass(frozen=True, slots=True)
class Page:
    """A slide and what is said to it; sentence n + 1 explains bullet n."""

    title: str
    bullets: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass
class Script:
    """A lecture ready to be encoded: pictures with their seconds, sound, captions."""

    pictures: list[tuple[Path, float]] = field(default_factory=list)
    samples: bytearray = field(default_factory=bytearray)
    cues: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long the sound is."""
        return len(self.samples) / 2 / voice.sample_rate()

    def vtt(self) -> str:
        """Return the captions as WebVTT."""
        lines = ["WEBVTT", ""]
        for start, end, text in self.cues:
            lines += [f"{_clock(start)} --> {_clock(end)}", text, ""]
        return "\n".join(lines)


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def _silence(seconds: float) -> bytes:
    return b"\0\0" * round(seconds * voice.sample_rate())


def write(folder: Path, lesson: str, basis: str, pages: Sequence[Page]) -> Script:
    """Draw and speak `pages` into `folder`; return the script with the WAV beside it (`sound.wav`)."""
    script = Script()
    script.samples += _silence(_LEAD_S)
    begin = 0.0
    for number, page in enumerate(pages):
        for index, sentence in enumerate(page.sentences):
            picture = folder / f"{number:02d}-{index:02d}.png"
            spoken = index - 1 if len(page.sentences) > 1 else -1
            slides.draw(
                slides.Slide(lesson, basis, page.title, page.bullets, spoken, f"{number + 1} / {len(pages)}")
            ).save(picture, compress_level=1)
            start = script.seconds
            script.samples += voice.speak(sentence)
            script.cues.append((start, script.seconds, sentence))
            last = index == len(page.sentences) - 1
            script.samples += _silence(_TURN_S if last else _GAP_S)
            script.pictures.append((picture, script.seconds - begin))
            begin = script.seconds
    voice.write_wave(folder / "sound.wav", bytes(script.samples))
    return script


def encode(script: Script, folder: Path) -> Path:
    """Encode the script as H.264 and AAC; return the file, such as a trainer would upload."""
    target = folder / "lecture.mp4"
    # Converted once and repeated inside the filter: decoding a picture for each frame takes ten times as long.
    pictures = [
        ffmpeg.own(path, framerate=_FRAMES_A_SECOND)
        .filter("format", "yuv420p")
        .filter("loop", loop=max(0, round(seconds * _FRAMES_A_SECOND) - 1), size=1, start=0)
        for path, seconds in script.pictures
    ]
    picture = concat(*pictures, v=1, a=0)
    result = ffmpeg.output(
        picture,
        ffmpeg.own(folder / "sound.wav"),
        path=target,
        vcodec="libx264",
        preset="veryfast",
        tune="stillimage",
        crf=23,
        g=_FRAMES_A_SECOND * _GOP_S,
        keyint_min=_FRAMES_A_SECOND * _GOP_S,
        sc_threshold=0,
        acodec="aac",
        audio_bitrate="64k",
        ar=48000,
        movflags="+faststart",
    )
    ffmpeg.run(ffmpeg.command(result))
    return target
