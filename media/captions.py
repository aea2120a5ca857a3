"""Captions in, WebVTT out: which encoding, which format, what is wrong in which line.

Whatever a trainer has (WebVTT, SRT, ASS or SSA, SBV, STL as text or EBU binary; UTF-8, UTF-16,
GB18030) becomes a list of cues and is kept as WebVTT. A cue that cannot be read is a problem with the
number of its line, never a silent loss.
"""

import codecs
import contextlib
import html
from collections.abc import Iterable
from pathlib import PurePath

from django.utils.translation import gettext as _

from media import caption_formats
from media.caption_formats import Cue, CueProblem

__all__ = [
    "Cue", "CueProblem", "Parsed", "UnreadableCaptions", "decode", "messages", "parse", "read_vtt",
    "write_srt", "write_vtt",
]  # fmt: skip

MAX_BYTES = 8 * 1024 * 1024
MAX_CUES = 50_000
EXTENSIONS = (".vtt", ".srt", ".ass", ".ssa", ".sbv", ".stl")
_SHOWN_PROBLEMS = 20


class UnreadableCaptions(Exception):
    """A caption file that cannot be taken as it is; `problems` say where and why."""

    def __init__(self, problems: list[CueProblem]) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.words() for problem in problems[:_SHOWN_PROBLEMS]))


class Parsed:
    """What a file contained: its cues in order, the format and encoding found, and what was put right."""

    def __init__(self, cues: list[Cue], fmt: str, encoding: str, warnings: list[CueProblem]) -> None:
        self.cues = cues
        self.format = fmt
        self.encoding = encoding
        self.warnings = warnings


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a caption file and the encoding it was found to have.

    A byte order mark decides; otherwise UTF-8 where it is valid, UTF-16 where the zeros of the
    start all lie on one side, GB18030 where that is valid. Raises `UnreadableCaptions` for anything else, with the
    first line that is damaged where the rest tells what it was: by chance the bytes of one are valid in the other.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, name), name
    head = data[:4096]
    if len(head) >= 4 and b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        name = "utf-16-be" if even > odd else "utf-16-le"
        # All zeros on one side: letters of ASCII among others. A few strays are no UTF-16.
        if max(even, odd) >= max(4, len(head) // 64, 8 * min(even, odd)):
            return _decoded(data, name), name
    for name in ("utf-8", "gb18030"):
        if name == "gb18030" and _is_mostly_utf8(data):
            return _decoded(data, "utf-8"), "utf-8"
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(name), name
    raise UnreadableCaptions([CueProblem(_first_strange_line(data), "encoding")])


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether bytes that are no valid UTF-8 were some once: most letters of three bytes are whole.

    In GB18030, which has two or four, three that look like one are rare.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(character > "\u07ff" for character in text) - broken >= 2 * broken


def _first_strange_line(data: bytes) -> int:
    """Return the first line that GB18030 cannot read where most lines can be; 0 where the file is none."""
    bad = []
    lines = data.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            line.decode("gb18030")
        except UnicodeDecodeError:
            bad.append(number)
    return bad[0] if bad and len(bad) * 4 < len(lines) else 0


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnreadableCaptions([CueProblem(line, "encoding")]) from error


def parse(data: bytes, filename: str, *, skip_bad: bool = False, duration_ms: int = 0) -> Parsed:
    """Return the cues of a caption file.

    With `skip_bad` cues that cannot be read are left out and reported as warnings. `duration_ms` is
    that of the lecture, 0 where unknown: cues beyond it are warnings. Raises `UnreadableCaptions`.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise UnreadableCaptions([CueProblem(0, "empty")])
    if len(data) > MAX_BYTES:
        raise UnreadableCaptions([CueProblem(0, "too_large")])
    if caption_formats.is_ebu_stl(data):
        fmt, encoding = "stl", "ebu"
        cues, problems = caption_formats.read_ebu_stl(data)
    else:
        text, encoding = decode(data)
        lines = caption_formats.split_lines(text)
        fmt = caption_formats.recognise(lines, PurePath(filename).suffix.lower())
        if not fmt:
            raise UnreadableCaptions([CueProblem(1, "format")])
        cues, problems = caption_formats.READERS[fmt](lines)
    if problems and not skip_bad:
        raise UnreadableCaptions(problems)
    cues, tidied = _tidy(cues, duration_ms)
    if not cues:
        raise UnreadableCaptions(problems or [CueProblem(0, "no_cues")])
    if len(cues) > MAX_CUES:
        raise UnreadableCaptions([CueProblem(0, "too_many")])
    return Parsed(cues, fmt, encoding, problems + tidied)


def _tidy(cues: Iterable[Cue], duration_ms: int) -> tuple[list[Cue], list[CueProblem]]:
    """Drop cues without text, put them in order, and report both and what lies beyond the lecture."""
    kept: list[Cue] = []
    problems: list[CueProblem] = []
    latest = 0
    for cue in cues:
        if not cue.text:
            problems.append(CueProblem(cue.line, "no_text"))
            continue
        if cue.start_ms < latest:
            problems.append(CueProblem(cue.line, "out_of_order"))
        latest = max(latest, cue.start_ms)
        if duration_ms and cue.start_ms >= duration_ms:
            problems.append(CueProblem(cue.line, "beyond_end"))
        kept.append(cue)
    kept.sort(key=lambda cue: (cue.start_ms, cue.end_ms))
    return kept, problems


def stamp(milliseconds: int) -> str:
    """Return a time as WebVTT writes it, hours always shown: 00:01:02.345."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def write_vtt(cues: Iterable[Cue]) -> str:
    """Return cues as WebVTT. Text is escaped, so that nothing in it can be taken for a tag or a time."""
    parts = ["WEBVTT\n"]
    for cue in cues:
        settings = f" {cue.settings}" if cue.settings else ""
        # Escaping also takes the arrow apart that would begin another caption.
        text = html.escape(cue.text, quote=False)
        parts.append(f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}{settings}\n{text}\n")
    return "\n".join(parts)


def write_srt(cues: Iterable[Cue]) -> str:
    """Return cues as SubRip, for programs that read nothing else; lines end as Windows ends them."""
    blocks = [
        f"{number}\n{stamp(cue.start_ms).replace('.', ',')} --> {stamp(cue.end_ms).replace('.', ',')}\n"
        f"{_for_srt(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(blocks).replace("\n", "\r\n")


def _for_srt(text: str) -> str:
    """Take the arrow apart that would begin another caption; this format knows no escape."""
    return text.replace("-->", "->")


def read_vtt(text: str) -> list[Cue]:
    """Return the cues of WebVTT that this house wrote; what cannot be read is left out."""
    cues, _problems = caption_formats.read_vtt(caption_formats.split_lines(text), is_own=True)
    return sorted((cue for cue in cues if cue.text), key=lambda cue: (cue.start_ms, cue.end_ms))


def messages(problems: Iterable[CueProblem]) -> list[str]:
    """Return problems in the reader's language, the first twenty and how many more there are."""
    listed = list(problems)
    shown = [problem.words() for problem in listed[:_SHOWN_PROBLEMS]]
    if len(listed) > _SHOWN_PROBLEMS:
        shown.append(_("… and %(count)d more lines.") % {"count": len(listed) - _SHOWN_PROBLEMS})
    return shown
