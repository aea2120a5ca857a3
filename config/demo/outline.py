"""The slides and chapters of the demo's lectures: known, since the lectures were made from them."""

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image

from config.demo.lecture import Page, Script
from media import chapters
from media.chapters import Given
from media.models import Lecture


def slides_of(script: Script, pages: Sequence[Page]) -> list[Given]:
    """Return each page as a slide: its last picture, on which all was said, and its text."""
    found = []
    at_ms = 0.0
    by_page = groupby(script.pictures, key=lambda shown: shown[0].name.split("-")[0])
    for (_number, pictures), page in zip(by_page, pages, strict=True):
        shown = list(pictures)
        end_ms = at_ms + sum(seconds for _, seconds in shown) * 1000
        text = "\n".join((page.title, *page.bullets))
        found.append(Given(round(at_ms), round(end_ms), _jpeg(shown[-1][0]), page.title, text))
        at_ms = end_ms
    return found


def publish(lecture: Lecture, slides: Sequence[Given]) -> None:
    """Keep the slides and a chapter for each, and publish them as the trainer's page does.

    The encode may still be under way: its files are addressed by it from the beginning.
    """
    encode = lecture.encodes.latest("number")
    chapters.give(encode=encode, slides=slides)
    shown = set(encode.slides.values_list("pk", flat=True))
    marks = [(slide.start_ms, slide.title) for slide in slides]
    chapters.save(encode=encode, chapters=marks, shown=shown, publish=True)


def _jpeg(path: Path) -> bytes:
    written = BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(written, "JPEG", quality=85)
    return written.getvalue()
