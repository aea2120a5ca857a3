"""`make bench-slides`: slide changes found where they are, and the text on slides read right.

Lectures are rendered from the demo's slides on the spot, plain, with a speaker, with bullets that build up and
fade, and with noise, so the truth is known. They are looked at as published lectures are: a small rendition for
the changes, a large one for the pictures.
"""

import resource
import subprocess
import tempfile
import unicodedata
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from config.bench import Report, Row
from config.bench_slides_films import STYLES, Shown, render
from media import ffmpeg, slides_film, slides_ocr, slides_text
from media.slides_find import Finder, Found, grid_size

# A change counts as found within this time of the truth: frames are half a second apart.
_NEAR_MS = 1000
_SMALL = (854, 480)


class Command(BaseCommand):
    """Renders lectures, searches them, and compares with what was rendered."""

    help = "Precision and recall of slide changes, errors of the text on slides, and what both cost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--slides", type=int, default=6, help="slides of each lecture")
        parser.add_argument("--seed", type=int, default=7, help="which slides, and how long each")
        parser.add_argument("--only", choices=sorted(STYLES), help="one style of lecture")
        parser.add_argument("--no-text", action="store_true", help="look for changes only")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run; write `var/bench/slides.json`."""
        report = Report("slides", self.stdout.write)
        with tempfile.TemporaryDirectory(prefix="bench-slides-") as name:
            for style in STYLES:
                if options["only"] in {None, style}:
                    self.stdout.write(f"{style}: rendering {options['slides']} slides")
                    large = Path(name) / "large.mp4"
                    truth = render(large, STYLES[style], options["slides"], options["seed"])
                    found = self._changes(style, large, truth, report)
                    if not options["no_text"]:
                        self._text(style, large, truth, found, report)
        report.write()

    def _changes(self, style: str, large: Path, truth: Sequence[Shown], report: Report) -> list[Found]:
        small = large.with_name("small.mp4")
        _smaller(large, small)
        begin = _cpu()
        finder = Finder(slides_film.STEP_MS)
        slides_film.show(small, finder, grid_size(*_SMALL), lambda: None)
        seconds = _seconds(large)
        found = finder.end(round(seconds * 1000))
        spent = _cpu() - begin
        hits = len(matched(truth, found))
        report.add(Row(style, "precision of changes", "", hits / max(1, len(found)), at_least=0.95))
        report.add(Row(style, "recall of changes", "", hits / len(truth), at_least=0.95))
        report.add(Row(style, "CPU of finding, a minute of lecture", "s", spent / seconds * 60))
        return found

    def _text(
        self, style: str, large: Path, truth: Sequence[Shown], found: Sequence[Found], report: Report
    ) -> None:
        pairs = matched(truth, found)
        pictures = []
        for n, (_, one) in enumerate(pairs):
            picture = large.with_name(f"{n}.jpg")
            at_s = (one.full_from_ms + one.full_to_ms) / 2000
            slides_film.still_at(large, picture, at_s, 1280)
            pictures.append(picture)
        begin = _cpu()
        reading = slides_ocr.read(pictures)
        if not reading.engine:
            self.stdout.write(f"  the text is not read: {reading.why}")
            return
        spent = _cpu() - begin
        wrong = sum(
            _errors(line, page.text)
            for (shown, _), page in zip(pairs, reading.pages, strict=True)
            for line in shown.lines
        )
        letters = sum(len(_plain(line)) for shown, _ in pairs for line in shown.lines)
        titles = sum(
            _plain(page.title) == _plain(shown.title)
            for (shown, _), page in zip(pairs, reading.pages, strict=True)
        )
        report.add(Row(style, "characters read wrong", "%", 100 * wrong / max(1, letters), at_most=1.0))
        report.add(Row(style, "titles read right", "", titles / max(1, len(pairs)), at_least=0.9))
        report.add(Row(style, "CPU of reading, a slide", "s", spent / max(1, len(pairs))))
        wanted = slides_text.propose([(shown.start_ms, shown.title) for shown, _ in pairs])
        marks = [(shown.start_ms, page.title) for (shown, _), page in zip(pairs, reading.pages, strict=True)]
        right = len({start for start, _ in slides_text.propose(marks)} & {start for start, _ in wanted})
        report.add(Row(style, "chapters proposed right", "", right / max(1, len(wanted)), at_least=0.9))


def matched(truth: Sequence[Shown], found: Sequence[Found]) -> list[tuple[Shown, Found]]:
    """Return which slide of the truth was found as which, each once and in the order of time."""
    pairs = []
    left = list(found)
    for shown in truth:
        near = [one for one in left if abs(one.start_ms - shown.start_ms) <= _NEAR_MS]
        if near:
            best = min(near, key=lambda one: abs(one.start_ms - shown.start_ms))
            pairs.append((shown, best))
            left.remove(best)
    return pairs


def _errors(line: str, text: str) -> int:
    """Return the fewest letters to change so that `line` stands somewhere in `text`."""
    wanted, there = _plain(line), _plain(text)
    row = [0] * (len(there) + 1)
    for n, letter in enumerate(wanted, 1):
        above, row[0] = row[0], n
        for m, other in enumerate(there, 1):
            above, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, above + (letter != other))
    return min(row)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _smaller(large: Path, small: Path) -> None:
    """Encode the rendition that is looked at, as the pipeline does."""
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", "-i", str(large)]
    cmd += ["-vf", f"scale={_SMALL[0]}:{_SMALL[1]}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "22"]
    subprocess.run([*cmd, "-g", "30", str(small)], check=True)  # noqa: S603 - ffmpeg


def _seconds(path: Path) -> float:
    found = ffmpeg.probe(path, "-show_entries", "format=duration")
    return float(found["format"]["duration"])


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
