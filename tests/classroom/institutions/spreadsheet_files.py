"""Spreadsheets as offices send them, made on the spot."""

import csv
import io
import zipfile
from collections.abc import Sequence

import openpyxl

HEAD = ["姓名", "手机号", "邮箱", "部门", "岗位", "入职日期"]
ROW = ["王芳", "13911110001", "", "理化室", "检测员、内审员", "2026/1/5"]


def as_csv(*rows: Sequence[str], encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    """Return rows as CSV in an encoding."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: Sequence[object], before: int = 0, title: str = "人员名单") -> bytes:
    """Return rows as the first filled sheet of an XLSX, behind so many empty ones."""
    book = openpyxl.Workbook()
    for _ in range(before):
        book.create_sheet("空", 0)
    sheet = book.worksheets[-1]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def broken(content: bytes, part: str, replacement: bytes | None) -> bytes:
    """Return an XLSX of which one part is something else, or missing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for item in old.infolist():
            if item.filename != part:
                new.writestr(item, old.read(item.filename))
            elif replacement is not None:
                new.writestr(item.filename, replacement)
    return buffer.getvalue()


def bomb(size: int) -> bytes:
    """Return a small file that unpacks to so many zero bytes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(size // 1_000_000):
            part.write(b"\0" * 1_000_000)
    return buffer.getvalue()
