"""Reads a staff list from XLSX or CSV of any usual encoding into rows of text. Knows no database."""

import csv
import io
import warnings
import zipfile
from datetime import date, datetime
from typing import Any

from classroom.institutions.errors import (
    EmptyFile,
    FileTooLarge,
    OldSpreadsheet,
    ProtectedFile,
    UnreadableFile,
)
from classroom.people.ids import visible

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5000
# With the empty ones between them.
_MOST_LINES = 4 * MOST_ROWS
_MOST_COLUMNS = 60
# What an XLSX may swell to: a staff list of 5,000 rows is far below, a zip bomb far above.
_MOST_UNZIPPED = 60 * 1024 * 1024
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_DELIMITERS = ",\t;，"


def read_rows(content: bytes) -> list[list[str]]:
    """Return the rows of the first sheet that has any, cells as trimmed text.

    Empty rows are kept, as empty lists and so that numbers stay those of the spreadsheet, except
    after the last row that holds something. Raises `EmptyFile`, `FileTooLarge`, `OldSpreadsheet` (XLS, ODS), `ProtectedFile`, `UnreadableFile`.
    """
    if not content.strip():
        raise EmptyFile
    if len(content) > MOST_BYTES:
        raise FileTooLarge
    if content.startswith(_OLE):
        # An encrypted XLSX is wrapped in the container that XLS is.
        raise ProtectedFile if "EncryptedPackage".encode("utf-16-le") in content else OldSpreadsheet
    rows = _from_xlsx(content) if content.startswith(_ZIP) else _from_csv(decode(content))
    rows = [row if any(row) else [] for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise EmptyFile
    if sum(map(bool, rows)) > MOST_ROWS + 1:
        raise FileTooLarge
    return rows


def decode(content: bytes) -> str:
    """Return the text of a CSV: by its byte order mark, else UTF-8, UTF-16 or GB18030, what fits first.

    Raises `UnreadableFile` where nothing fits, or where what fits holds control characters.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return _checked(content, encoding)
    # UTF-16 without a mark: every second byte of Latin letters and digits is zero.
    if content.count(0) > len(content) // 8:
        return _checked(
            content, "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
        )
    try:
        return _checked(content, "utf-8")
    except UnreadableFile:
        return _checked(content, "gb18030")


def _checked(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile from error
    if any(char < " " and char not in "\t\r\n" for char in text):
        raise UnreadableFile
    return text


def _from_csv(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile from error
    return [[_trimmed(cell) for cell in row[:_MOST_COLUMNS]] for row in rows]


def _from_xlsx(content: bytes) -> list[list[str]]:
    # Loaded by who needs it: it takes 17 MB, in each worker of videos too.
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if "mimetype" in archive.namelist():
                raise OldSpreadsheet
            if sum(item.file_size for item in archive.infolist()) > _MOST_UNZIPPED:
                raise FileTooLarge
        with warnings.catch_warnings():
            # openpyxl warns of parts that it drops; none of them holds a cell.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            try:
                return next((rows for rows in map(_rows_of, book.worksheets) if rows), [])
            finally:
                book.close()
    except UnreadableFile:
        raise
    except Exception as error:
        # openpyxl says in a dozen ways that a part of the file is broken.
        raise UnreadableFile from error


def _rows_of(sheet: Any) -> list[list[str]]:
    rows: list[list[str]] = []
    empty = 0
    for values in sheet.iter_rows(values_only=True):
        row = [_text(value) for value in values[:_MOST_COLUMNS]]
        if not any(row):
            empty += 1
            continue
        # A forgotten cell a million rows further down is no staff list either.
        if len(rows) + empty > _MOST_LINES:
            raise FileTooLarge
        rows += [[] for _ in range(empty)]
        rows.append(row)
        empty = 0
    return rows


def _text(value: object) -> str:
    """Return a cell as a person reads it: 13800000000 and not 13800000000.0, days as 2026-01-31."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _trimmed(str(value))


def _trimmed(text: str) -> str:
    # Excel's guard against turning digits into numbers, the spaces that Chinese forms are full of, and
    # the invisible marks that come along when a number is copied from a phone book.
    return visible(text).replace("\u3000", " ").replace("\xa0", " ").strip().removeprefix("'").strip()
