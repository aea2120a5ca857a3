"""Slides drawn with Pillow in the look of the site: paper, ink, celadon."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 720
_MARGIN = 96
_PAPER, _SURFACE, _INK, _INK2, _LINE = "#F7F8F3", "#FFFFFF", "#17211E", "#43504B", "#DADFD9"
_CELADON, _TINT = "#1B6B5A", "#E3F0EA"


@dataclass(frozen=True, slots=True)
class Slide:
    """What one slide shows; `spoken` is the bullet being explained, -1 for none."""

    lesson: str
    basis: str
    title: str
    bullets: tuple[str, ...]
    spoken: int = -1
    page: str = ""


@cache
def font(family: str, weight: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a face of Noto (`sans` or `serif`) from the front-end packages."""
    folder = Path(settings.FONTS_DIR) / f"noto-{family}-sc"
    name = f"Noto{family.capitalize()}SC_{weight}.ttf"
    return ImageFont.truetype(str(next(folder.rglob(name))), size)


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break Chinese text into lines of at most `width` pixels; a closing mark never begins a line."""
    lines, line = [], ""
    for sign in text:
        if face.getlength(line + sign) > width and sign not in "，。；：、！？）》”":
            lines.append(line)
            line = ""
        line += sign
    return [*lines, line] if line else lines


def draw(slide: Slide) -> Image.Image:
    """Return the slide as an image of 1280 by 720 pixels."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    small, heading, body = (
        font("sans", "400Regular", 24),
        font("serif", "600SemiBold", 50),
        font("sans", "500Medium", 30),
    )
    pen.text((_MARGIN, 74), slide.lesson, font=small, fill=_INK2)
    pen.text((WIDTH - _MARGIN, 74), slide.basis, font=small, fill=_INK2, anchor="ra")
    pen.line((_MARGIN, 122, WIDTH - _MARGIN, 122), fill=_INK, width=2)
    top = 150
    for line in wrapped(slide.title, heading, WIDTH - 2 * _MARGIN):
        pen.text((_MARGIN, top), line, font=heading, fill=_INK)
        top += 68
    top += 22
    number_face = font("serif", "600SemiBold", 34)
    room = (HEIGHT - 76 - top) // max(1, len(slide.bullets))
    for index, bullet in enumerate(slide.bullets):
        lines = wrapped(bullet, body, WIDTH - 2 * _MARGIN - 116)[:2]
        height = min(room - 14, 40 + 42 * len(lines))
        spoken = index == slide.spoken
        pen.rectangle(
            (_MARGIN, top, WIDTH - _MARGIN, top + height), fill=_TINT if spoken else _SURFACE, outline=_LINE
        )
        pen.rectangle((_MARGIN, top, _MARGIN + 6, top + height), fill=_CELADON)
        pen.text(
            (_MARGIN + 48, top + height / 2), str(index + 1), font=number_face, fill=_CELADON, anchor="mm"
        )
        first = top + height / 2 - 21 * (len(lines) - 1)
        for offset, line in enumerate(lines):
            pen.text((_MARGIN + 84, first + 42 * offset), line, font=body, fill=_INK, anchor="lm")
        top += height + 14
    pen.text((WIDTH - _MARGIN, HEIGHT - 46), slide.page, font=small, fill=_INK2, anchor="rm")
    pen.text((_MARGIN, HEIGHT - 46), "检验检测云课堂 · 演示", font=small, fill=_INK2, anchor="lm")
    return image
