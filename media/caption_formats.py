"""Readers of caption formats: lines in, cues and problems with line numbers out.

Written here because a problem must name its line, and because files in use bend their formats (an ASS
with fields of its own, an SRT without blank lines). Tags are taken out: what is kept is words.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Cue:
    """A line of captions, shown from `start_ms` to `end_ms`. `line` is where the file had it."""

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class CueProblem:
    """Something wrong with a caption file. `line` counts from 1; 0 means the file as a whole."""

    line: int
    code: str

    def words(self) -> str:
        """Say in the reader's language what is wrong, where, and what to do."""
        said = {
            "encoding": _("The characters cannot be read. Save the file as UTF-8 and upload it again."),
            "empty": _("The file is empty. Choose another file."),
            "too_large": _("The file is larger than 8 MB. Captions never are: choose the caption file."),
            "too_many": _("The file has more than 50,000 cues. Split it by lecture."),
            "format": _("This is no caption file that is known here. Save it as WebVTT or SRT."),
            "no_cues": _("The file has no captions. Choose another file."),
            "time": _("The time cannot be read. Write it like 00:01:02.500 --> 00:01:05.000."),
            "no_time": _("Text without a time. Put a line with its times before it."),
            "backwards": _("The caption ends before it begins. Correct one of the two times."),
            "no_text": _("A caption without text was left out."),
            "out_of_order": _("The caption begins before the one above it; it was moved to its place."),
            "beyond_end": _("The caption begins after the end of the lecture."),
            "frames": _("The frame number of the time is not below the frame rate of the file."),
        }[self.code]
        return _("Line %(line)d: %(problem)s") % {"line": self.line, "problem": said} if self.line else said


Read = tuple[list[Cue], list[CueProblem]]

_VTT_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2,3})[.,](\d{1,3})"
_VTT_TIMING = re.compile(rf"\s*{_VTT_TIME}\s*-->\s*{_VTT_TIME}(?:[ \t]+(.*))?\s*")
_ASS_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})[.:](\d{2,3})")
_SBV_TIME = r"(\d{1,4}):(\d{2}):(\d{2})\.(\d{3})"
_SBV_TIMING = re.compile(rf"\s*{_SBV_TIME},{_SBV_TIME}\s*")
_STL_TIME = r"(\d{2}):(\d{2}):(\d{2}):(\d{2})"
_STL_CUE = re.compile(rf"\s*{_STL_TIME}\s*,\s*{_STL_TIME}\s*,(.*)")
_SETTING = re.compile(r"(?:line|position|size|align|vertical):[A-Za-z0-9.,%-]{1,24}")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<\d{1,4}[\d:.]{4,12}>")
_OVERRIDE = re.compile(r"\{\\[^{}]{0,200}\}")
_SPACE = re.compile(r"[ \t]+")
# Not printable as Python sees it, and yet kept: the space of Chinese text, what joins letters, what parts them.
_KEPT = "\n\t\u3000\u200c\u200d"


def split_lines(text: str) -> list[str]:
    """Return the lines of a text whose lines end in any of the three ways."""
    return (
        text.removeprefix("\ufeff")
        .replace("\0", "\ufffd")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .split("\n")
    )


def recognise(lines: list[str], suffix: str) -> str:
    """Return the format by the content, by the file's suffix where the content does not tell; "" if none."""
    filled = [line.strip() for line in lines[:400] if line.strip()]
    if not filled:
        return ""
    if re.fullmatch(r"WEBVTT(?:[ \t].*)?", filled[0]):
        return "vtt"
    if filled[0].lower() == "[script info]" or any(line.startswith("Dialogue:") for line in filled):
        return "ass"
    if any(_SBV_TIMING.fullmatch(line) for line in filled):
        return "sbv"
    if any(_STL_CUE.fullmatch(line) for line in filled):
        return "stl"
    if any("-->" in line for line in filled):
        return "srt"
    return {".srt": "srt", ".sbv": "sbv"}.get(suffix, "") if any(c.isdigit() for c in filled[0]) else ""


def clean(text: str, *, is_own: bool = False) -> str:
    """Return the words of a caption of a file: tags and control characters out, entities resolved.

    Other programs leave marks of ASS in any format; in what this house wrote braces are letters of a formula.
    """
    marked = text if is_own else _OVERRIDE.sub("", text)
    return tidy(html.unescape(_TAG.sub("", marked)))


def tidy(text: str) -> str:
    """Return plain words as they are kept: control characters and empty lines out, lines trimmed."""
    plain = "".join(_plain(c) for c in text)
    lines = (_SPACE.sub(" ", line).strip() for line in plain.split("\n"))
    return "\n".join(line for line in lines if line)


def _plain(c: str) -> str:
    """Return a letter as it is kept: the many kinds of space as one, nothing for what turns or hides text."""
    if c in _KEPT or c.isprintable():
        return c
    return " " if unicodedata.category(c) == "Zs" else ""


def _span(groups: tuple[str | None, ...]) -> tuple[int, int] | None:
    """Return the milliseconds of two times given as (h, m, s, fraction) twice; None where out of range."""
    both = []
    for hours, minutes, seconds, fraction in (groups[:4], groups[4:8]):
        if int(minutes or 0) > 59 or int(seconds or 0) > 59:
            return None
        whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        both.append(whole * 1000 + int((fraction or "0").ljust(3, "0")))
    return both[0], both[1]


def settings(raw: str | None) -> str:
    """Return only those cue settings that are well formed; anything else is not for a player."""
    return " ".join(word for word in (raw or "").split() if _SETTING.fullmatch(word))


def _blocks(lines: list[str]) -> list[tuple[int, list[str]]]:
    """Return the runs of filled lines, each with the number of its first line."""
    found: list[tuple[int, list[str]]] = []
    run: list[str] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            run.append(line)
        elif run:
            found.append((number - len(run), run))
            run = []
    if run:
        found.append((len(lines) - len(run) + 1, run))
    return found


def _timed_block(
    first: int, block: list[str], cues: list[Cue], problems: list[CueProblem], *, is_own: bool = False
) -> None:
    """Read one block of WebVTT or SRT; several timings without a blank line between them are tolerated."""
    timings = [at for at, line in enumerate(block) if "-->" in line]
    if not timings:
        problems.append(CueProblem(first, "no_time"))
        return
    if timings[0] > 1:
        problems.append(CueProblem(first, "no_time"))
    for position, at in enumerate(timings):
        end = timings[position + 1] if position + 1 < len(timings) else len(block)
        text = block[at + 1 : end]
        if end < len(block) and text and text[-1].strip().isdigit():
            text = text[:-1]  # the number of the next cue
        match = _VTT_TIMING.fullmatch(block[at])
        span = _span(match.groups()) if match else None
        if match is None or span is None:
            problems.append(CueProblem(first + at, "time"))
        elif span[1] <= span[0]:
            problems.append(CueProblem(first + at, "backwards"))
        else:
            words = clean("\n".join(text), is_own=is_own)
            cues.append(Cue(*span, words, settings(match.group(9)), first + at))


def read_vtt(lines: list[str], *, is_own: bool = False) -> Read:
    """Read WebVTT; headers, notes, styles and regions are passed over. `is_own`: this house wrote it."""
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    for place, (first, block) in enumerate(_blocks(lines)):
        if place == 0:
            # The header may have metadata in the lines under it, and bad files a cue.
            at = next((n for n, line in enumerate(block) if "-->" in line), None)
            if at is not None and at > 0:
                _timed_block(first + at, block[at:], cues, problems, is_own=is_own)
            continue
        if _is_remark(block):
            continue
        _timed_block(first, block, cues, problems, is_own=is_own)
    return cues, problems


def _is_remark(block: list[str]) -> bool:
    """Whether a block of WebVTT is a note, a style or a region; a caption may be named like one."""
    begins = re.match(r"(NOTE|STYLE|REGION)(?:[ \t]|$)", block[0]) is not None
    return begins and "-->" not in block[0] and not any("-->" in line for line in block[1:2])


def read_srt(lines: list[str]) -> Read:
    """Read SubRip; both comma and point before the milliseconds are taken."""
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    for first, block in _blocks(lines):
        if len(block) == 1 and block[0].strip().isdigit():
            continue  # a number whose cue has nothing
        _timed_block(first, block, cues, problems)
    return cues, problems


def read_sbv(lines: list[str]) -> Read:
    """Read SubViewer as YouTube writes it: a line with two times, then the text."""
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    for first, block in _blocks(lines):
        match = _SBV_TIMING.fullmatch(block[0])
        span = _span(match.groups()) if match else None
        if match is None:
            looks_timed = re.match(r"\s*\d[\d:.]*,\d", block[0])
            problems.append(CueProblem(first, "time" if looks_timed else "no_time"))
        elif span is None:
            problems.append(CueProblem(first, "time"))
        elif span[1] <= span[0]:
            problems.append(CueProblem(first, "backwards"))
        else:
            text = "\n".join(block[1:]).replace("[br]", "\n")
            cues.append(Cue(*span, clean(text), "", first))
    return cues, problems


def read_stl(lines: list[str]) -> Read:
    """Read Spruce STL: `00:00:01:12 , 00:00:04:00 , text | second line`; frames at 25 unless `$FrameRate`."""
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    rate = 25.0
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("//"):
            continue
        if stripped.startswith("$"):
            given = re.fullmatch(r"\$FrameRate\s*=\s*(\d{1,3}(?:\.\d+)?)", stripped, re.IGNORECASE)
            rate = float(given.group(1)) or rate if given else rate
            continue
        match = _STL_CUE.fullmatch(line)
        if match is None:
            problems.append(CueProblem(number, "time"))
            continue
        times = [int(group) for group in match.groups()[:8]]
        if max(times[3], times[7]) >= max(rate, 1) or max(times[1:3] + times[5:7]) > 59:
            problems.append(CueProblem(number, "frames"))
            continue
        start, end = _frames(times[:4], rate), _frames(times[4:], rate)
        if end <= start:
            problems.append(CueProblem(number, "backwards"))
            continue
        text = re.sub(r"\^[BIU]", "", match.group(9)).replace("|", "\n")
        cues.append(Cue(start, end, clean(text), "", number))
    return cues, problems


def _frames(time: list[int], rate: float) -> int:
    hours, minutes, seconds, frames = time
    return (hours * 3600 + minutes * 60 + seconds) * 1000 + round(frames * 1000 / rate)


def read_ass(lines: list[str]) -> Read:
    """Read ASS or SSA by the field names of its own `Format:` line; comments and drawings are passed over."""
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    fields = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    in_events = False
    for number, line in enumerate(lines, start=1):
        key, _colon, value = line.strip().partition(":")
        if key.startswith("["):
            in_events = key.lower() == "[events]"
        elif in_events and key == "Format":
            fields = [name.strip().lower() for name in value.split(",")]
        elif in_events and key == "Dialogue":
            _dialogue(
                number, dict(zip(fields, value.split(",", len(fields) - 1), strict=False)), cues, problems
            )
    return cues, problems


def _dialogue(number: int, event: dict[str, str], cues: list[Cue], problems: list[CueProblem]) -> None:
    """Read one event of ASS. A drawing (tag p1 and higher) is no text."""
    start, end = (_ASS_TIME.fullmatch(event.get(name, "").strip()) for name in ("start", "end"))
    span = _span((*start.groups(), *end.groups())) if start and end else None
    text = event.get("text", "")
    if span is None:
        problems.append(CueProblem(number, "time"))
    elif span[1] <= span[0]:
        problems.append(CueProblem(number, "backwards"))
    elif not re.search(r"\{[^}]*\\p[1-9]", text):
        # Only here a backslash means something; elsewhere it is a letter of a path or a formula.
        words = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
        cues.append(Cue(*span, clean(re.sub(r"\{[^}]*\}", "", words)), "", number))


READERS: dict[str, Callable[[list[str]], Read]] = {
    "vtt": read_vtt,
    "srt": read_srt,
    "sbv": read_sbv,
    "stl": read_stl,
    "ass": read_ass,
}

_GSI = 1024
_TTI = 128
_EBU_TABLES = {"00": "iso6937", "01": "iso8859_5", "02": "iso8859_6", "03": "iso8859_7", "04": "iso8859_8"}


def is_ebu_stl(data: bytes) -> bool:
    """Whether the bytes begin as an EBU STL file does (EBU Tech 3264: disk format code at byte 3)."""
    return len(data) >= _GSI and re.fullmatch(rb"STL(?:25|30)\.01", data[3:11]) is not None


def read_ebu_stl(data: bytes) -> Read:
    """Read EBU STL (Tech 3264-E). Problems count blocks of text from 1, since there are no lines."""
    rate = float(data[6:8])
    encoding = _EBU_TABLES.get(data[12:14].decode("ascii", "replace"), "iso6937")
    cues: list[Cue] = []
    problems: list[CueProblem] = []
    pending = b""
    for number, at in enumerate(range(_GSI, len(data) - _TTI + 1, _TTI), start=1):
        block = data[at : at + _TTI]
        if block[15] == 1:  # a comment for translators
            continue
        pending += block[16:].split(b"\x8f", 1)[0]
        if block[3] != 0xFF:  # the text goes on in an extension block
            continue
        text, pending = _ebu_text(pending, encoding), b""
        start, end = _frames(list(block[5:9]), rate), _frames(list(block[9:13]), rate)
        if max(block[8], block[12]) >= rate:
            problems.append(CueProblem(number, "frames"))
        elif end <= start:
            problems.append(CueProblem(number, "backwards"))
        else:
            cues.append(Cue(start, end, clean(text), "", number))
    return _from_programme_start(cues, data, rate), problems


def _from_programme_start(cues: list[Cue], data: bytes, rate: float) -> list[Cue]:
    """Count from the first picture: television starts its programmes at 10:00:00:00 (GSI, bytes 256-263)."""
    told = data[256:264].decode("ascii", "replace")
    if re.fullmatch(r"[0-9]{8}", told) is None:
        return cues
    begin = _frames([int(told[at : at + 2]) for at in (0, 2, 4, 6)], rate)
    if any(cue.start_ms < begin for cue in cues):
        return cues
    return [replace(cue, start_ms=cue.start_ms - begin, end_ms=cue.end_ms - begin) for cue in cues]


_ISO6937_MARKS = {
    0xC1: "\u0300", 0xC2: "\u0301", 0xC3: "\u0302", 0xC4: "\u0303", 0xC5: "\u0304", 0xC6: "\u0306",
    0xC7: "\u0307", 0xC8: "\u0308", 0xCA: "\u030a", 0xCB: "\u0327", 0xCD: "\u030b", 0xCE: "\u0328",
    0xCF: "\u030c",
}  # fmt: skip


def _ebu_text(raw: bytes, encoding: str) -> str:
    """Return the text of a TTI field: 8A is a new line, other control codes are presentation."""
    if encoding != "iso6937":
        kept = bytes(b for b in raw if b == 0x8A or 0x20 <= b < 0x80 or b >= 0xA0)
        return "\n".join(line.decode(encoding, "replace") for line in kept.split(b"\x8a"))
    out: list[str] = []
    mark = ""
    for byte in raw:
        if byte in _ISO6937_MARKS:
            mark = _ISO6937_MARKS[byte]
        elif byte == 0x8A:
            out.append("\n")
        elif 0x20 <= byte < 0x7F or byte >= 0xA0:
            out.append(unicodedata.normalize("NFC", chr(byte) + mark))
            mark = ""
    return "".join(out)
