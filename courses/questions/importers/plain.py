"""Plain text as question collections are passed on: a numbered question, lettered options, 参考答案.

1. 资质认定证书的有效期为多少年?( )
   A. 3年
   B. 6年
参考答案：B
解析：……
"""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from courses.questions.importers.encodings import tidy
from courses.questions.importers.kinds import letters_of, truth_of, usual
from courses.questions.rows import Option, QuestionRow, lettered

_QUESTION = re.compile(r"^\s*(\d{1,5})\s*[.、．)）]\s*(.+)$")
_OPTION = re.compile(r"^\s*[(（]?\s*([A-LＡ-Ｌ]|true|false)\s*[.、．:：)）]\s*(.+)$", re.IGNORECASE)
_ANSWER = re.compile(r"^\s*(?:参考|正确|标准)?答案\s*[:：]\s*(.*)$")
_EXPLANATION = re.compile(r"^\s*(?:答案)?解析\s*[:：]\s*(.*)$")
_BASIS = re.compile(r"^\s*(?:法规)?依据\s*[:：]\s*(.*)$")
_RULE = re.compile(r"^\s*[-—=_*]{3,}\s*$")
_BLANK = re.compile(r"\s*[(（]\s*[)）]\s*$")


@dataclass
class _Draft:
    place: str
    stem: str
    options: list[tuple[str, str]] = field(default_factory=list)
    answer: str | None = None
    explanation: str = ""
    basis: str = ""
    strange: str = ""


def read_plain(text: str) -> list[QuestionRow]:
    """Return the questions of a text; a line that fits nowhere becomes its question's problem."""
    drafts: list[_Draft] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not _RULE.match(line):
            _take(drafts, number, line)
    return [_row(draft) for draft in drafts]


def _take(drafts: list[_Draft], number: int, line: str) -> None:
    opened = _QUESTION.match(line)
    if opened:
        drafts.append(_Draft(str(number), tidy(opened[2])))
        return
    if not drafts:
        return
    draft = drafts[-1]
    if (match := _ANSWER.match(line)) is not None:
        draft.answer = tidy(match[1])
    elif (match := _EXPLANATION.match(line)) is not None:
        draft.explanation = tidy(match[1])
    elif (match := _BASIS.match(line)) is not None:
        draft.basis = tidy(match[1])
    elif (match := _OPTION.match(line)) is not None and draft.answer is None:
        draft.options.append((usual(match[1]).upper(), tidy(match[2])))
    elif draft.options and draft.answer is None:
        key, so_far = draft.options[-1]
        draft.options[-1] = (key, tidy(f"{so_far} {line}"))
    elif draft.answer is None:
        draft.stem = tidy(f"{draft.stem} {line}")
    elif draft.explanation:
        draft.explanation = tidy(f"{draft.explanation} {line}")
    else:
        draft.strange = draft.strange or tidy(line)


def _row(draft: _Draft) -> QuestionRow:
    stem = _BLANK.sub("", draft.stem)
    if draft.strange:
        words = _("A line fits nowhere: %(line)s") % {"line": draft.strange[:60]}
        return QuestionRow.refused(draft.place, words, stem)
    if not draft.answer:
        return QuestionRow.refused(draft.place, _("There is no line with the answer."), stem)
    keys = [key for key, _ in draft.options]
    truth = truth_of(draft.answer)
    is_true_false = set(keys) == {"TRUE", "FALSE"} or (not keys and truth is not None)
    if is_true_false and truth is not None:
        kind, options = "true_false", lettered(["正确", "错误"])
        answers: tuple[str, ...] = ("A" if truth else "B",)
    else:
        options = tuple(Option(key, text) for key, text in draft.options)
        answers = letters_of(draft.answer)
        kind = "multiple" if len(answers) > 1 else "single"
    return QuestionRow(
        kind=kind,
        stem=stem,
        options=options,
        answers=answers,
        explanation=draft.explanation,
        legal_basis=draft.basis,
        place=draft.place,
    )
