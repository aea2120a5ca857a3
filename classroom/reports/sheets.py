"""Writes a table as XLSX or CSV to a file. Knows nothing of what is in it."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import xlsxwriter

Value = str | int | Decimal

# A spreadsheet takes a text that begins so for a formula. Tab and return come before one unseen.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# The most rows of a sheet in Excel; the heading is one of them.
SHEET_ROWS = 1_048_576


@dataclass(frozen=True, slots=True)
class Head:
    """What stands around the rows: headings, width of columns, and who made it when of what."""

    title: str
    headings: Sequence[str]
    widths: Sequence[int]
    watermark: str
    notes: Sequence[tuple[str, str]]


def safe(text: str) -> str:
    """Return the text so that no spreadsheet runs it; a dash alone stays, it is no formula."""
    return "'" + text if text.startswith(_FORMULA) and text != "-" else text


def write_csv(path: Path, head: Head, rows: Iterable[Sequence[Value]]) -> int:
    """Write UTF-8 with a byte order mark, for Excel; return the number of rows."""
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head.headings)
        for row in rows:
            writer.writerow([safe(value) if isinstance(value, str) else str(value) for value in row])
            written += 1
    return written


def write_xlsx(path: Path, head: Head, rows: Iterable[Sequence[Value]]) -> int:
    """Write a workbook in constant memory; return the number of rows.

    Texts stay texts (codes of 18 digits are never numbers), the heading is frozen, every page bears
    the watermark, and a second sheet says what the figures mean.
    """
    book = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"title": head.title, "comments": head.watermark})
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    text, whole = book.add_format({"num_format": "@"}), book.add_format({"num_format": "0"})
    decimal = book.add_format({"num_format": "0.0"})
    formats = {"bold": bold, "text": text, "whole": whole, "decimal": decimal}
    written, part = 0, 0
    sheet = _sheet(book, head, head.title[:28], formats)
    for row in rows:
        line = written - part * (SHEET_ROWS - 1) + 1
        if line >= SHEET_ROWS:
            part, line = part + 1, 1
            sheet = _sheet(book, head, f"{head.title[:28]} {part + 1}", formats)
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, column, safe(value), text)
            else:
                sheet.write_number(line, column, value, whole if isinstance(value, int) else decimal)
        written += 1
    notes = book.add_worksheet("口径说明")
    notes.set_column(0, 0, 24)
    notes.set_column(1, 1, 90)
    for line, (name, meaning) in enumerate(head.notes):
        notes.write_string(line, 0, safe(name), bold)
        notes.write_string(line, 1, safe(meaning), text)
    book.close()
    return written


def _sheet(
    book: xlsxwriter.Workbook, head: Head, name: str, formats: dict[str, object]
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet(name)
    for column, (heading, width) in enumerate(zip(head.headings, head.widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, formats["bold"])
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    # & starts a code in a header; a name may hold one.
    sheet.set_header("&L" + head.watermark.replace("&", "&&"))
    sheet.set_footer("&C&P / &N")
    return sheet


WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
