"""The lectures of `make bench-slides`: the demo's slides as films, whose truth is known to the frame."""

import random
import subprocess
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from PIL import Image, ImageDraw

from config.demo import slides
from config.demo.content import courses
from media import ffmpeg

_RATE = 5
_HEAD = "gradients=s=320x240:r=5:speed=0.08:nb_colors=6,noise=alls=14:allf=t"


@dataclass(frozen=True, slots=True)
class Shown:
    """A slide of the truth: when it begins, its title, and every line that is drawn on it."""

    start_ms: int
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How the slides are shown."""

    builds: bool = False
    fades: bool = False
    pointer: bool = False
    graph: str = "[0:v]null[v]"
    has_head: bool = False


STYLES = {
    "plain": Style(),
    "speaker": Style(graph="[0:v][1:v]overlay=940:470[v]", has_head=True),
    "animation": Style(builds=True, fades=True, pointer=True),
    "noise": Style(graph="[0:v]noise=alls=16:allf=t,eq=brightness=0.02*sin(t):eval=frame[v]"),
    "all at once": Style(
        builds=True,
        fades=True,
        pointer=True,
        has_head=True,
        graph="[0:v][1:v]overlay=940:470,noise=alls=8:allf=t[v]",
    ),
}


def pages() -> list[slides.Slide]:
    """Return the slides of the demo's lectures in their order: many alike, in one template."""
    lessons = [lesson for course in courses() for lesson in course.lessons if not lesson.is_reading]
    return [
        slides.Slide(lesson.title, lesson.basis, page.title, page.bullets, -1, f"{n} / {len(lesson.pages)}")
        for lesson in lessons
        for n, page in enumerate(lesson.pages, 1)
    ]


def drawn(slide: slides.Slide) -> tuple[str, ...]:
    """Return the lines that `slides.draw` draws."""
    width = slides.WIDTH - 2 * 96
    heading, body = slides.font("serif", "600SemiBold", 50), slides.font("sans", "500Medium", 30)
    bullets = chain.from_iterable(slides.wrapped(text, body, width - 116)[:2] for text in slide.bullets)
    return (slide.lesson, slide.basis, *slides.wrapped(slide.title, heading, width), *bullets)


def render(path: Path, style: Style, count: int, seed: int) -> list[Shown]:
    """Render `count` slides, each four to nine seconds long, as H.264; return what is shown."""
    dice = random.Random(seed)  # noqa: S311 - the same film at each run, nothing secret
    known = pages()
    first = dice.randrange(max(1, len(known) - count))
    truth: list[Shown] = []
    frames: list[tuple[Image.Image, int]] = []
    before: Image.Image | None = None
    for slide in known[first : first + count]:
        truth.append(Shown(sum(n for _, n in frames) * 1000 // _RATE, slide.title, drawn(slide)))
        whole = slides.draw(slide)
        fewer = range(len(slide.bullets)) if style.builds else ()
        states = [slides.draw(replace(slide, bullets=slide.bullets[:n])) for n in fewer] + [whole]
        if style.fades and before is not None:
            frames += [(Image.blend(before, states[0], n / 4), 1) for n in range(1, 4)]
        length = dice.randrange(4 * _RATE, 9 * _RATE)
        for state in states:
            frames += _held(state, max(8, length // len(states)), style, dice)
        before = whole
    _film(path, frames, style)
    return truth


def _held(
    state: Image.Image, length: int, style: Style, dice: random.Random
) -> list[tuple[Image.Image, int]]:
    """Return a picture for so many frames, with a pointer that wanders over a part of them."""
    if not style.pointer:
        return [(state, length)]
    moved = []
    x, y = dice.randrange(200, 900), dice.randrange(200, 560)
    for _ in range(length // 2):
        x, y = x + dice.randrange(-30, 31), y + dice.randrange(-20, 21)
        pointed = state.copy()
        ImageDraw.Draw(pointed).polygon([(x, y), (x, y + 26), (x + 18, y + 18)], fill="black")
        moved.append((pointed, 1))
    return [*moved, (state, length - len(moved))]


def _film(path: Path, frames: list[tuple[Image.Image, int]], style: Style) -> None:
    width, height = slides.WIDTH, slides.HEIGHT
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    cmd += ["-s", f"{width}x{height}", "-r", str(_RATE), "-i", "pipe:0"]
    if style.has_head:
        cmd += ["-f", "lavfi", "-i", _HEAD]
    cmd += ["-filter_complex", style.graph, "-map", "[v]", "-frames:v", str(sum(n for _, n in frames))]
    cmd += [
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "22",
        "-g",
        str(6 * _RATE),
        "-pix_fmt",
        "yuv420p",
    ]
    with subprocess.Popen([*cmd, str(path)], stdin=subprocess.PIPE) as process:  # noqa: S603 - ffmpeg
        assert process.stdin is not None  # noqa: S101 - asked for
        for picture, count in frames:
            data = picture.tobytes()
            for _ in range(count):
                process.stdin.write(data)
        process.stdin.close()
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, cmd)
