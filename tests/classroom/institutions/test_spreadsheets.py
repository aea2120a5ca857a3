"""Files that are no staff list, and lists that hardly look like one: rows of text or a named refusal."""

import io
import os
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.institutions import errors, staff_template
from classroom.institutions.spreadsheets import MOST_BYTES, MOST_ROWS, decode, read_rows
from tests.classroom.institutions.spreadsheet_files import HEAD, ROW, as_csv, as_xlsx, bomb, broken

XLSX = as_xlsx(HEAD, ROW)
# Excel and the template keep texts in a part of their own.
SHARED = staff_template.build()


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        ("xl/workbook.xml", None),
        ("xl/workbook.xml", b"<no xml"),
        ("xl/worksheets/sheet1.xml", None),
        ("xl/worksheets/sheet1.xml", b""),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row r='x'/>"),
        ("[Content_Types].xml", None),
    ],
)
def test_a_broken_part_is_a_refusal_and_no_traceback(part: str, replacement: bytes | None) -> None:
    with pytest.raises(errors.UnreadableFile):
        read_rows(broken(XLSX, part, replacement))


@pytest.mark.parametrize("replacement", [b"\xff\xfe broken", b"", b"<sst><si>"])
def test_texts_that_are_lost_are_a_refusal(replacement: bytes) -> None:
    assert read_rows(SHARED)
    with pytest.raises(errors.UnreadableFile):
        read_rows(broken(SHARED, "xl/sharedStrings.xml", replacement))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_half_a_file_is_refused(share: float) -> None:
    with pytest.raises(errors.UnreadableFile):
        read_rows(XLSX[: int(len(XLSX) * share)])


def test_a_bomb_is_not_unpacked() -> None:
    content = bomb(80_000_000)
    assert len(content) < MOST_BYTES
    with pytest.raises(errors.FileTooLarge):
        read_rows(content)


def test_other_things_in_a_zip_are_named() -> None:
    import zipfile

    def zipped(**parts: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    with pytest.raises(errors.OldSpreadsheet):
        read_rows(zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"))
    with pytest.raises(errors.UnreadableFile):
        read_rows(zipped(picture=os.urandom(100)))


def test_an_encrypted_file_is_told_from_an_old_one() -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
    with pytest.raises(errors.ProtectedFile):
        read_rows(container + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(errors.OldSpreadsheet):
        read_rows(container + "Workbook".encode("utf-16-le"))


@pytest.mark.parametrize("name", ["长" * 4, "䶮㛃", "𠮷", "阿依古丽·买买提"])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_names_survive_every_encoding(name: str, encoding: str) -> None:
    row = [name, *ROW[1:]]
    assert read_rows(as_csv(HEAD, row, encoding=encoding)) == [HEAD, row]


@given(st.lists(st.sampled_from("赵钱孙李周吴郑王䶮㛃"), min_size=2, max_size=4), st.integers(1, 30))
def test_a_list_of_chinese_names_is_never_taken_for_another_encoding(name: list[str], count: int) -> None:
    text = "姓名,手机号\n" + "".join(f"{''.join(name)},139{n:08d}\n" for n in range(count))
    assert decode(text.encode("gb18030")) == text
    assert decode(text.encode("utf-8")) == text


@pytest.mark.parametrize("byte", range(32))
def test_control_characters_are_no_text(byte: int) -> None:
    content = "姓名,手机号\n王".encode() + bytes([byte]) + b",1\n"
    if bytes([byte]) in b"\t\r\n":
        assert read_rows(content)
    else:
        with pytest.raises(errors.UnreadableFile):
            read_rows(content)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_line_is_one(end: str) -> None:
    assert read_rows(f"姓名,手机号{end}王芳,1{end}".encode()) == [["姓名", "手机号"], ["王芳", "1"]]


def test_a_cell_may_hold_the_delimiter_and_a_line_break() -> None:
    content = '姓名,部门\n"王,芳","理化室\n二组"\n'.encode()
    assert read_rows(content)[1] == ["王,芳", "理化室\n二组"]


def test_a_full_width_comma_parts_cells_where_it_is_the_rule() -> None:
    assert read_rows("姓名，手机号\n王芳，1\n".encode()) == [["姓名", "手机号"], ["王芳", "1"]]


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_empty_rows_keep_the_numbers_of_the_others(make: object) -> None:
    """A refusal names the row that the manager sees in the spreadsheet, not one of our counting."""
    rows = read_rows(make(["", ""], HEAD, ["", ""], ROW, ["", ""], ["  ", "\u3000"]))  # type: ignore[operator]
    assert rows == [[], HEAD, [], ROW]


def test_sheets_before_the_list_are_passed_over() -> None:
    assert read_rows(as_xlsx(HEAD, ROW, before=2)) == [HEAD, ROW]


def test_an_empty_book_is_empty() -> None:
    with pytest.raises(errors.EmptyFile):
        read_rows(as_xlsx())
    with pytest.raises(errors.EmptyFile):
        read_rows(as_xlsx(["", None], ["  "]))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (13911110001, "13911110001"),
        (13911110001.0, "13911110001"),
        (1.5, "1.5"),
        (datetime(2026, 1, 5, 8, 30, tzinfo=None), "2026-01-05"),  # noqa: DTZ001 - a cell has no zone
        (date(2026, 1, 5), "2026-01-05"),
        (time(8, 30), "08:30:00"),
        (True, "True"),
        ("'13911110001", "13911110001"),
        ("\u202d13911110001\u202c", "13911110001"),
        ("王\u200b芳", "王芳"),
        (" \u3000王芳\xa0 ", "王芳"),
        ("#N/A", "#N/A"),
    ],
)
def test_a_cell_reads_as_a_person_reads_it(cell: object, text: str) -> None:
    assert read_rows(as_xlsx(HEAD, [cell]))[1][0] == text


def test_a_formula_counts_by_its_last_result_and_is_never_computed() -> None:
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(["王芳", "=13911110000+1", '=HYPERLINK("http://x","a@b.cn")'])
    buffer = io.BytesIO()
    book.save(buffer)
    # Nobody computed it, so there is no result: the cells are empty, not the formula's text.
    assert [cell for cell in read_rows(buffer.getvalue())[1] if cell] == ["王芳"]


def test_a_formula_in_a_csv_is_text() -> None:
    assert read_rows(as_csv(HEAD, ["=1+1", "13911110001"]))[1] == ["=1+1", "13911110001"]


def numbered(count: int) -> list[list[str]]:
    return [["王芳", f"139{number:08d}"] for number in range(count)]


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
@pytest.mark.parametrize(("count", "fits"), [(MOST_ROWS, True), (MOST_ROWS + 1, False), (10_000, False)])
def test_five_thousand_rows_fit_and_no_more(make: object, count: int, fits: bool) -> None:
    if make is as_xlsx and count != MOST_ROWS + 1:
        pytest.skip("writing the workbook takes longer than what it would show")
    content = make(["姓名", "手机号"], *numbered(count))  # type: ignore[operator]
    assert len(content) < MOST_BYTES
    if fits:
        assert len(read_rows(content)) == count + 1
    else:
        with pytest.raises(errors.FileTooLarge):
            read_rows(content)


@pytest.mark.parametrize(("row", "fits"), [(15_000, True), (1_000_000, False)])
def test_a_forgotten_cell_far_below_does_not_fill_the_memory(row: int, fits: bool) -> None:
    book = openpyxl.Workbook(write_only=False)
    book.active.append(HEAD)
    book.active.cell(row, 1, "王芳")
    buffer = io.BytesIO()
    book.save(buffer)
    if fits:
        assert len(read_rows(buffer.getvalue())) == row
    else:
        with pytest.raises(errors.FileTooLarge):
            read_rows(buffer.getvalue())


@pytest.mark.parametrize(("extra", "error"), [(0, errors.EmptyFile), (1, errors.FileTooLarge)])
def test_the_size_is_counted_to_the_byte(extra: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_rows(b"," * (MOST_BYTES + extra))


def test_a_sheet_that_is_wider_than_any_list_is_cut() -> None:
    assert len(read_rows(as_csv(["x"] * 500, ["y"] * 500))[1]) == 60


def test_a_cell_without_an_end_is_refused() -> None:
    with pytest.raises(errors.UnreadableFile):
        read_rows(b'a,b\n"' + b"x" * 200_000)


@given(st.lists(st.lists(st.text("王芳a1,;\t\"'= \n", max_size=6), min_size=1, max_size=4), max_size=6))
def test_what_is_written_is_read(rows: list[list[str]]) -> None:
    written = [["姓名", "手机号", "邮箱", "部门"], *rows]
    expected = [[cell.strip().removeprefix("'").strip() for cell in row] for row in written]
    expected = [row if any(row) else [] for row in expected]
    while not expected[-1]:
        expected.pop()
    assert read_rows(as_csv(*written)) == expected
