"""The spreadsheet that managers fill in, with the posts to choose from."""

import io

import xlsxwriter

from classroom.institutions.staff_list import POSTS

HEADINGS = ("姓名*", "手机号*", "邮箱", "部门", "岗位", "入职日期")


def build() -> bytes:
    """Return the template as XLSX; mobile numbers and days are text, so that nothing reformats them."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    bold = book.add_format({"bold": True, "bottom": 1})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet("人员名单")
    for column, heading in enumerate(HEADINGS):
        sheet.set_column(column, column, 18, text)
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    posts = [words[0] for words in POSTS.values()]
    notes = book.add_worksheet("填写说明")
    notes.set_column(0, 0, 80)
    lines = [
        "姓名必填；手机号和邮箱至少填一项，用于登录。",
        "岗位可填多个，用顿号隔开：" + "、".join(posts) + "。",
        "入职日期写成 2026-01-31；不填则为导入当天。",
    ]
    for row, line in enumerate(lines):
        notes.write_string(row, 0, line, text)
    book.close()
    return buffer.getvalue()
