"""GIFT, Moodle's text format: single choice, multiple choice by weights, true-or-false.

Other kinds are refused by their name. So is a question whose meaning would change: a picture, or
several answers each of which is right by itself.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from courses.questions.importers.encodings import tidy
from courses.questions.rows import QuestionRow, lettered

_ESCAPED = re.compile(r"\\([~=#{}:\\n])")
# Escaped signs step aside while the structure is read.
_ASIDE = {sign: chr(0xE000 + at) for at, sign in enumerate("~=#{}:\\n")}
_BACK = {aside: "\n" if sign == "n" else sign for sign, aside in _ASIDE.items()}
_TITLE = re.compile(r"^\s*::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"^\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"^\s*%(-?\d+(?:\.\d+)?)%")
_TAG = re.compile(r"<[^>]*>")
_SPLIT = re.compile(r"(?=[~=])")
_BLOCK = re.compile(r"(?:</p>|<br\s*/?>|</li>)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Answer:
    is_full: bool
    weight: float | None
    text: str


def read_gift(text: str) -> list[QuestionRow]:
    """Return the questions of a GIFT text; their places are lines."""
    return [_question(line, body) for line, body in _blocks(text)]


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield each question with its first line: blank lines outside of braces separate."""
    block: list[str] = []
    begin, depth = 0, 0
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        line = _ESCAPED.sub(lambda match: _ASIDE[match[1]], raw)
        if line.lstrip().startswith("//"):
            continue
        if line.startswith("$CATEGORY:"):
            continue
        if not line.strip() and depth <= 0:
            if block:
                yield begin, "\n".join(block)
            block, depth = [], 0
            continue
        if not block:
            begin = number
        block.append(line)
        depth += line.count("{") - line.count("}")
    if block:
        yield begin, "\n".join(block)


def _question(line: int, body: str) -> QuestionRow:
    title, body = _taken(_TITLE, body)
    style, body = _taken(_FORMAT, body)
    head, opened, rest = body.partition("{")
    inner, closed, tail = rest.rpartition("}")
    stem = _words(head, style) + (f" _____ {_words(tail, style)}" if tail.strip() else "")
    place, reference = str(line), tidy(_restored(title))[:64]
    if not opened:
        return QuestionRow.refused(place, _("A text without answers is no question."), stem)
    if not closed:
        return QuestionRow.refused(place, _("The closing brace is missing."), stem)
    if "<img" in body.lower() or "@@pluginfile@@" in body.lower():
        return QuestionRow.refused(
            place, _("It needs a picture or a video, which cannot be imported. Add it by hand."), stem
        )
    notes = (_("Formatting is left aside."),) if _TAG.search(_restored(body)) else ()
    row = _read(inner, style, place, tidy(stem))
    return row if row.problem else row.named(reference, notes)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    match = pattern.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def _restored(text: str) -> str:
    return "".join(_BACK.get(sign, sign) for sign in text)


def _words(text: str, style: str) -> str:
    text = _restored(text)
    if style.lower() == "html" or _TAG.search(text):
        text = html.unescape(_TAG.sub("", _BLOCK.sub(" ", text)))
    return tidy(text)


def _read(inner: str, style: str, place: str, stem: str) -> QuestionRow:
    inner = inner.partition("####")[0].strip()
    if not inner:
        return QuestionRow.refused(place, _("Essays cannot be marked by the platform."), stem)
    if inner.startswith("#"):
        return QuestionRow.refused(place, _("Numerical questions are not supported."), stem)
    truth = {"T": True, "TRUE": True, "F": False, "FALSE": False}.get(inner.split("#")[0].strip().upper())
    if truth is not None:
        explanation = " ".join(_words(part, style) for part in inner.split("#")[1:] if part.strip())
        return QuestionRow(
            kind="true_false",
            stem=stem,
            options=lettered(["正确", "错误"]),
            answers=("A" if truth else "B",),
            explanation=explanation,
            place=place,
        )
    if inner[0] not in "~=":
        return QuestionRow.refused(place, _("The answers cannot be read."), stem)
    parts = [part for part in _SPLIT.split(inner) if part.strip()]
    if all("->" in part for part in parts):
        return QuestionRow.refused(place, _("Matching questions are not supported."), stem)
    return _choice(parts, style, place, stem)


def _answer(part: str, style: str) -> _Answer:
    text = part[1:].partition("#")[0]
    weight, text = _taken(_WEIGHT, text)
    inner_style, text = _taken(_FORMAT, text)
    return _Answer(part[0] == "=", float(weight) if weight else None, _words(text, inner_style or style))


def _choice(parts: list[str], style: str, place: str, stem: str) -> QuestionRow:
    answers = [_answer(part, style) for part in parts]
    full = [answer for answer in answers if answer.is_full]
    part_right = [answer for answer in answers if not answer.is_full and (answer.weight or 0) > 0]
    if len(full) == len(answers):
        return QuestionRow.refused(place, _("Short answers cannot be marked by the platform."), stem)
    if len(full) > 1:
        words = _("Several answers are right by themselves. Give them weights (~%%50%%) for multiple choice.")
        return QuestionRow.refused(place, words % (), stem)
    if full and part_right:
        return QuestionRow.refused(place, _("An answer that is partly right cannot be kept."), stem)
    if not full and not 99 <= sum(answer.weight or 0 for answer in part_right) <= 101:
        return QuestionRow.refused(place, _("The weights of the right answers do not make 100 %."), stem)
    options = lettered([answer.text for answer in answers])
    right = full or part_right
    # More answers than there are letters are refused with their number, as too many options are.
    keys = tuple(option.key for option, answer in zip(options, answers, strict=False) if answer in right)
    return QuestionRow(
        kind="single" if len(right) == 1 else "multiple",
        stem=stem,
        options=options,
        answers=keys,
        explanation=_feedback(parts, answers, style),
        place=place,
    )


def _feedback(parts: list[str], answers: list[_Answer], style: str) -> str:
    """Join the answers' comments; they cite the answer's words, as letters may move."""
    comments = [
        (answer.text, _words(part.partition("#")[2], style))
        for part, answer in zip(parts, answers, strict=True)
    ]
    return "\n".join(f"「{text}」{comment}" for text, comment in comments if comment)
