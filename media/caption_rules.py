"""What is wrong with captions, and what only makes them hard to read. Pure.

The editor in the browser knows the same rules (`static_src/captions/rules.ts`); one table of cases,
`tests/media/caption_rules.json`, holds both to the same answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from media.caption_formats import Cue

# Nobody says so much in one caption: something was pasted.
MOST_CHARACTERS = 1000
# Hours of two digits, as the formats write them.
LATEST_MS = 100 * 3_600_000 - 1
# Two lines: 42 letters each, or half as many Chinese characters, which are twice as wide.
MOST_WIDTH = 84
# Read at leisure: 20 letters or 10 Chinese characters a second.
WIDTH_A_SECOND = 20
# A caption may outlast the last picture by so little without anybody noticing.
TOLERANCE_MS = 1000
_WIDE_FROM = 0x2E80
ERRORS = ("empty", "too_long", "negative", "too_late", "backwards")
WARNINGS = ("overlap", "beyond_end", "wide", "fast")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the cue at `index`: errors are refused, warnings only told."""

    index: int
    code: str

    @property
    def is_error(self) -> bool:
        """Whether captions with it are refused."""
        return self.code in ERRORS


def width(text: str) -> int:
    """Return how wide a text is, in letters; a Chinese character counts twice."""
    return sum(2 if ord(character) >= _WIDE_FROM else 1 for character in text if character != "\n")


def faults(cues: Sequence[Cue], duration_ms: int = 0) -> list[Fault]:
    """Return what is wrong with cues in their order; `duration_ms` is that of the video, 0 where unknown.

    A cue with an error is told by its first one alone.
    """
    found: list[Fault] = []
    latest = 0
    for index, cue in enumerate(cues):
        error = _error(cue)
        if error:
            found.append(Fault(index, error))
            continue
        if cue.start_ms < latest:
            found.append(Fault(index, "overlap"))
        latest = max(latest, cue.end_ms)
        if duration_ms and cue.end_ms > duration_ms + TOLERANCE_MS:
            found.append(Fault(index, "beyond_end"))
        size = width(cue.text)
        if size > MOST_WIDTH:
            found.append(Fault(index, "wide"))
        if size * 1000 > WIDTH_A_SECOND * (cue.end_ms - cue.start_ms):
            found.append(Fault(index, "fast"))
    return found


def _error(cue: Cue) -> str:
    """Return the first error of a cue, "" where there is none."""
    if not cue.text.strip():
        return "empty"
    if len(cue.text) > MOST_CHARACTERS:
        return "too_long"
    if cue.start_ms < 0 or cue.end_ms < 0:
        return "negative"
    if max(cue.start_ms, cue.end_ms) > LATEST_MS:
        return "too_late"
    return "backwards" if cue.end_ms <= cue.start_ms else ""


def rule_words() -> dict[str, str]:
    """Return what each code says in the reader's language, and what to do."""
    return {
        "empty": _("There is no text. Write what is said, or delete the caption."),
        "too_long": _("The text has more than 1,000 characters. Split it."),
        "negative": _("The time lies before the beginning. Write 00:00:00.000 or later."),
        "too_late": _("The time lies after 99:59:59.999. Correct it."),
        "backwards": _("The caption ends before it begins. Correct one of the two times."),
        "overlap": _("It begins before the caption above has ended; both are shown at once."),
        "beyond_end": _("It ends after the video does."),
        "wide": _("The text is longer than two lines. Split it, or shorten it."),
        "fast": _("There is too little time to read it. Let it stay longer, or shorten it."),
    }


@dataclass(frozen=True, slots=True)
class Misfit:
    """Where captions no longer fit the video that is played now.

    `from_ms` is where to look first; `beyond` how many cues end after the video does; `longer_ms` how much
    longer the video is than the one that the times were made for, negative where it is shorter.
    """

    from_ms: int
    beyond: int
    longer_ms: int


def misfit(cues: Sequence[Cue], *, timed_for_ms: int, duration_ms: int) -> Misfit | None:
    """Return where captions do not fit a video of `duration_ms`, None where they do or nobody can tell.

    Another length means another recording or cut: every time is doubtful then, from the first cue on.
    """
    if not cues or duration_ms <= 0:
        return None
    longer = duration_ms - timed_for_ms if timed_for_ms else 0
    late = [cue.start_ms for cue in cues if cue.end_ms > duration_ms + TOLERANCE_MS]
    if abs(longer) > TOLERANCE_MS:
        return Misfit(min(cue.start_ms for cue in cues), len(late), longer)
    return Misfit(min(late), len(late), 0) if late else None
