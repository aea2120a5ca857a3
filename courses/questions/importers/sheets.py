"""Spreadsheets, in two layouts that are common in China.

*By option*: a row for each option (题目序号, 题目类型, 题目内容, 整体解析, 是否正确项, 选项内容, …), where
only a question's first row names it. *By question*: one row each (编号, 题型, 题干, 选项A, 选项B, …,
答案, 解析, 法规依据). The heading may stand in any of the first rows.
"""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from courses.questions.errors import UnreadableFile
from courses.questions.importers.encodings import tidy
from courses.questions.importers.kinds import kind_of, letters_of, truth_of, usual
from courses.questions.rows import Option, QuestionRow, lettered

Cells = dict[str, str]
_NAMES = {
    "number": ("题目序号", "序号"),
    "reference": ("编号", "题目编号", "题号"),
    "kind": ("题目类型", "题型", "类型"),
    "stem": ("题目内容", "题干", "题目", "试题内容"),
    "explanation": ("整体解析", "解析", "答案解析", "试题解析"),
    "answer": ("答案", "正确答案", "参考答案", "标准答案"),
    "legal_basis": ("法规依据", "依据", "出处"),
    "effective_from": ("施行日期",),
    "picture": ("题目图片", "图片"),
    "video": ("题目视频", "视频"),
    "is_right": ("是否正确项",),
    "option": ("选项内容",),
    "option_note": ("选项解析",),
    "option_picture": ("选项图片",),
}
_BY_WORD = {word: name for name, words in _NAMES.items() for word in words}
_HEADING_WITHIN = 10
_MOST_ROWS_READ = 30_000
# A few hundred kilobytes can unpack to gigabytes; no sheet of questions comes near this.
_LARGEST_UNPACKED = 64 * 1024 * 1024


def read_xlsx(content: bytes) -> list[QuestionRow]:
    """Return the questions of all sheets. Raises `UnreadableFile`."""
    # Loaded by who needs it: it takes 17 MB, in each worker of videos too.
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
        if unpacked > _LARGEST_UNPACKED:
            raise UnreadableFile(_("A sheet has more than %(n)d rows.") % {"n": _MOST_ROWS_READ})
        with warnings.catch_warnings():
            # openpyxl warns of parts that it drops; none of them holds a cell.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=False)
    except UnreadableFile:
        raise
    except Exception as error:
        # openpyxl says in a dozen ways that a part of the file is broken, or locked by a password.
        raise UnreadableFile(_("This is not an XLSX file. Save it again as XLSX.")) from error
    rows: list[QuestionRow] = []
    several = len(book.worksheets) > 1
    for sheet in book.worksheets:
        if (sheet.max_row or 0) > _MOST_ROWS_READ:
            raise UnreadableFile(_("A sheet has more than %(n)d rows.") % {"n": _MOST_ROWS_READ})
        prefix = f"{sheet.title}:" if several else ""
        rows += _read(sheet.iter_rows(values_only=True), prefix)
        if rows and getattr(sheet, "_images", None):
            rows = [row.noted(_("Pictures in the sheet are left aside.")) for row in rows]
    return rows


def read_csv(text: str) -> list[QuestionRow]:
    """Return the questions of a CSV file; commas, tabs or semicolons separate."""
    sample = text[:4096]
    delimiter = max(",\t;", key=sample.count)
    try:
        return _read(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter), "")
    except csv.Error as error:
        raise UnreadableFile(_("This is not CSV: %(error)s") % {"error": error}) from error


def _cell(value: Any) -> str:
    """Return a cell as text: 80.0 is 80, a date is ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    return tidy(str(value))


def _read(lines: Iterable[Iterable[Any]], prefix: str) -> list[QuestionRow]:
    names: list[str] = []
    body: list[tuple[str, Cells]] = []
    for number, line in enumerate(lines, start=1):
        cells = [_cell(value) for value in line]
        if not names:
            if number > _HEADING_WITHIN:
                return []
            names = _heading(cells)
        elif any(cells):
            body.append((f"{prefix}{number}", dict(zip(names, cells, strict=False))))
    if "option" in names:
        return list(_by_option(body))
    return [_by_question(place, cells) for place, cells in body]


def _heading(cells: list[str]) -> list[str]:
    """Return the columns' names, or nothing where this is not the heading."""
    names = [
        _BY_WORD.get(cell) or (f"option_{usual(cell[-1]).upper()}" if cell[:2] == "选项" else "")
        for cell in cells
    ]
    return names if "stem" in names and ("answer" in names or "is_right" in names) else []


def _by_option(body: list[tuple[str, Cells]]) -> Iterator[QuestionRow]:
    group: list[tuple[str, Cells]] = []
    for place, cells in body:
        if cells.get("stem") and group:
            yield _grouped(group)
            group = []
        group.append((place, cells))
    if group:
        yield _grouped(group)


def _grouped(group: list[tuple[str, Cells]]) -> QuestionRow:
    place, first = group[0]
    stem, word = first.get("stem", ""), first.get("kind", "")
    if not stem:
        return QuestionRow.refused(place, _("An option stands before any question."))
    numbers = {cells["number"] for _, cells in group if cells.get("number")}
    if len(numbers) > 1:
        return QuestionRow.refused(place, _("The options carry the numbers of different questions."), stem)
    if problem := _unusable(word, [cells for _, cells in group]):
        return QuestionRow.refused(place, problem, stem)
    options = lettered([cells.get("option", "") for _, cells in group])
    answers, unclear = [], []
    for option, (_place, cells) in zip(options, group, strict=False):
        truth = truth_of(cells.get("is_right", ""))
        if truth is None:
            unclear.append(_place)
        elif truth:
            answers.append(option.key)
    if unclear:
        return QuestionRow.refused(unclear[0], _("Say 1 or 0 whether the option is right."), stem)
    return QuestionRow(
        kind=kind_of(word),
        stem=stem,
        options=options,
        answers=tuple(answers),
        reference=first.get("reference", ""),
        explanation=_explained(first, group),
        legal_basis=first.get("legal_basis", ""),
        place=place,
    )


def _explained(first: Cells, group: list[tuple[str, Cells]]) -> str:
    """Join the notes of the options to the explanation; they cite the option's words, as letters may move."""
    notes = [
        f"「{cells.get('option', '')}」{cells['option_note']}"
        for _, cells in group
        if cells.get("option_note")
    ]
    return "\n".join([text for text in [first.get("explanation", ""), *notes] if text])


def _unusable(word: str, rows: list[Cells]) -> str:
    if not kind_of(word):
        return _("The kind “%(kind)s” is not known: use single choice, multiple choice or true-or-false.") % {
            "kind": word
        }
    if any(cells.get(name) for cells in rows for name in ("picture", "video", "option_picture")):
        return _("It needs a picture or a video, which cannot be imported. Add it by hand.")
    return ""


def _by_question(place: str, cells: Cells) -> QuestionRow:
    word, stem = cells.get("kind", ""), cells.get("stem", "")
    if problem := _unusable(word, [cells]):
        return QuestionRow.refused(place, problem, stem)
    kind = kind_of(word)
    options = tuple(
        Option(name[-1], text)
        for name, text in cells.items()
        if name.startswith("option_") and len(name) == 8 and text
    )
    if kind == "true_false":
        said = {option.key: option.text for option in options}.get(usual(cells.get("answer", "")).upper())
        truth = truth_of(said or cells.get("answer", ""))
        if truth is None:
            return QuestionRow.refused(place, _("Say true or false as the answer."), stem)
        options = lettered(["正确", "错误"])
        answers: tuple[str, ...] = ("A" if truth else "B",)
    else:
        answers = letters_of(cells.get("answer", ""))
    try:
        effective = date.fromisoformat(cells["effective_from"]) if cells.get("effective_from") else None
    except ValueError:
        return QuestionRow.refused(place, _("A date is expected as 2026-01-31."), stem)
    return QuestionRow(
        kind=kind,
        stem=stem,
        options=options,
        answers=answers,
        reference=cells.get("reference", ""),
        explanation=cells.get("explanation", ""),
        legal_basis=cells.get("legal_basis", ""),
        effective_from=effective,
        place=place,
    )
