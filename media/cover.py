"""The cover of a lecture that is sound alone: the picture inside the file, or a drawn one."""

from pathlib import Path

from PIL import Image, ImageDraw

from media import ffmpeg, recipes
from media.errors import ProcessFailed
from media.facts import Facts

_SIZE = (640, 360)
_GROUND, _LINE = (19, 35, 47), (214, 226, 224)
# Heights of the bars of a drawn sound wave, in sixteenths.
_WAVE = (2, 4, 7, 5, 9, 13, 8, 11, 16, 10, 6, 12, 7, 9, 5, 3, 6, 4, 2)


def make(source: Path, facts: Facts, folder: Path) -> Path:
    """Return a PNG of 640 by 360. Without words, so that it needs no font and no translation."""
    target = folder / "cover.png"
    if facts.cover_index is not None:
        try:
            ffmpeg.run(recipes.attached_picture(source, facts.cover_index, target))
        except ProcessFailed as error:
            if error.code != "ffmpeg_failed":
                raise
        if target.exists():
            return target
    picture = Image.new("RGB", _SIZE, _GROUND)
    draw = ImageDraw.Draw(picture)
    pitch = 22
    left = (_SIZE[0] - pitch * (len(_WAVE) - 1)) // 2
    for n, height in enumerate(_WAVE):
        x, half = left + n * pitch, height * 6
        draw.rounded_rectangle((x - 4, 180 - half, x + 4, 180 + half), 4, fill=_LINE)
    picture.save(target)
    return target
