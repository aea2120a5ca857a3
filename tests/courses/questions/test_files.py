"""Files as they come: full-width letters, missing and foreign answers, broken bytes, thousands of rows."""

import io
import json
import time
import zipfile
from contextlib import suppress
from datetime import date

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.drawing.image import Image
from PIL import Image as Picture

from courses.questions.errors import BadQuestion, UnreadableFile
from courses.questions.importers import LARGEST_FILE, MOST_ROWS, read_questions
from courses.questions.importers.encodings import decode, tidy
from courses.questions.rows import checked
from tests.classroom.institutions.spreadsheet_files import broken

HEADING = "编号,题型,题干,选项A,选项B,选项C,答案,解析"


def rows_of(*lines, heading=HEADING, name="题.csv", encoding="utf-8"):
    return read_questions(name, "\r\n".join([heading, *lines]).encode(encoding)).rows


def book(*sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for at, lines in enumerate(sheets):
        sheet = made.create_sheet(f"表{at + 1}")
        for line in lines:
            sheet.append(line)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def refusal(row):
    """The words with which a row is refused, wherever that happens."""
    if row.problem:
        return row.problem
    with pytest.raises(BadQuestion) as refused:
        checked(row)
    return str(refused.value.words)


@pytest.mark.parametrize(
    ("answer", "read"),
    [("B", ("B",)), ("b", ("B",)), ("Ｂ", ("B",)), (" Ｂ ", ("B",)), ("B.", ("B",)), ("选B", ("B",))],
)
def test_the_letter_of_an_answer_is_read_however_it_is_typed(answer, read):
    (row,) = rows_of(f"Q1,单选题,几年？,3年,6年,,{answer},")
    assert checked(row).answers == read


@pytest.mark.parametrize("answer", ["", "D", "Ｄ", "Z", "六年", "AB"])
def test_an_answer_that_is_missing_or_names_no_option_is_refused(answer):
    (row,) = rows_of(f"Q1,单选题,几年？,3年,6年,,{answer},")
    assert refusal(row)


def test_full_width_headings_and_options_are_known():
    rows = rows_of("Q1,单选题,几年？,3年,6年,Ｂ", heading="编号,题型,题干,选项Ａ,选项Ｂ,答案")
    assert [option.key for option in rows[0].options] == ["A", "B"]
    assert checked(rows[0]).answers == ("B",)


@pytest.mark.parametrize("mark", ["A．", "Ａ．", "A、", "（A）", "A)", "A："])
def test_options_of_plain_text_are_known_by_their_usual_marks(mark):
    text = f"1．几年？\n{mark}3年\n{mark.replace('A', 'B').replace('Ａ', 'Ｂ')}6年\n答案：B\n"
    (row,) = read_questions("题.txt", text.encode()).rows
    assert [option.text for option in checked(row).options] == ["3年", "6年"]


def test_a_gap_between_options_leaves_the_letters_where_they_are():
    (row,) = rows_of("Q1,单选题,几年？,3年,,6年,C,")
    assert [(option.key, option.text) for option in checked(row).options] == [("A", "3年"), ("C", "6年")]
    assert checked(row).answers == ("C",)


@pytest.mark.parametrize("answer", ["正确", "对", "√", "T", "1", "Ｔ"])
def test_a_judgement_is_read_from_words_and_signs(answer):
    (row,) = rows_of(f"Q1,判断题,要负责。,,,,{answer},")
    assert (checked(row).kind, checked(row).answers) == ("true_false", ("A",))


def test_a_line_break_and_a_quoted_comma_stay_inside_their_cell():
    (row,) = rows_of('Q1,单选题,"第一行，\n第二行, 完？",3年,6年,,B,')
    assert row.stem == "第一行， 第二行, 完？"


def test_empty_lines_between_questions_do_not_matter():
    rows = rows_of("Q1,单选题,甲？,1,2,,A,", ",,,,,,,", "", "Q2,单选题,乙？,1,2,,B,")
    assert [(row.reference, row.place) for row in rows] == [("Q1", "2"), ("Q2", "5")]


def test_a_heading_may_stand_under_a_title_but_not_anywhere():
    title = [["题库"], ["2026年"]]
    lines = [["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "几年？", "3年", "6年", "B"]]
    assert len(read_questions("a.xlsx", book(title + lines)).rows) == 1
    with pytest.raises(UnreadableFile):
        read_questions("a.xlsx", book([["x"]] * 10 + lines))


def test_all_sheets_are_read_and_the_place_names_the_sheet():
    lines = [["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "几年？", "3年", "6年", "B"]]
    rows = read_questions("a.xlsx", book(lines, [["说明"]], lines)).rows
    assert [row.place for row in rows] == ["表1:2", "表3:2"]


def test_numbers_and_dates_of_a_sheet_are_read_as_they_are_shown():
    heading = ["题型", "题干", "选项A", "选项B", "答案", "施行日期"]

    line = ["单选题", 2026, 80.0, 0.5, "B", date(2021, 6, 1)]
    (row,) = read_questions("a.xlsx", book([heading, line])).rows
    assert (row.stem, [option.text for option in row.options]) == ("2026", ["80", "0.5"])
    assert str(row.effective_from) == "2021-06-01"


def test_a_formula_without_a_kept_result_is_no_question():
    heading = ["题型", "题干", "选项A", "选项B", "答案"]
    (row,) = read_questions("a.xlsx", book([heading, ["单选题", "=1+1", "1", "2", "B"]])).rows
    assert refusal(row)


def test_pictures_in_a_sheet_are_told(tmp_path):
    path = tmp_path / "dot.png"
    Picture.new("RGB", (4, 4)).save(path)
    made = openpyxl.Workbook()
    for line in (["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "几年？", "3年", "6年", "B"]):
        made.active.append(line)
    made.active.add_image(Image(str(path)), "H2")
    out = io.BytesIO()
    made.save(out)
    (row,) = read_questions("a.xlsx", out.getvalue()).rows
    assert row.notes


# Broken files


def broken_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK\x03\x04 cut off"),
        ("a.xlsx", broken_zip()),
        ("a.xlsx", book([["题型", "题干"]])[:-200]),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ("a.xls", b"\xd0\xcf\x11\xe0"),
        ("a.csv", b"\x00\x01\x02\x03" * 30),
        ("a.csv", "没有,标题\n1,2\n".encode()),
        ("a.json", b'{"questions": {}}'),
        ("a.json", b"[" * 100_000),
        ("a.json", '{"questions": [}'.encode("utf-16")),
        ("a.txt", "没有题号的一段话".encode()),
        ("a.gift", b"   \n\n"),
        (".xlsx", b"x"),
        ("a.xlsx.exe", b"x"),
        ("../../a", b"x"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_file_is_refused_in_words(name, content):
    with pytest.raises(UnreadableFile) as refused:
        read_questions(name, content)
    assert str(refused.value.words)


LINES = [["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "几年？", "3年", "6年", "B"]]
SHEET = book(LINES)


def as_excel_writes():
    """The sheet with its texts in a part of their own."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        sheet = made.add_worksheet()
        for at, line in enumerate(LINES):
            sheet.write_row(at, 0, line)
    return out.getvalue()


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        ("xl/workbook.xml", None),
        ("xl/workbook.xml", b"<no xml"),
        ("xl/worksheets/sheet1.xml", None),
        ("xl/worksheets/sheet1.xml", b""),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row r='x'/>"),
        ("xl/sharedStrings.xml", b"\xff\xfe broken"),
        ("xl/sharedStrings.xml", b""),
        ("xl/sharedStrings.xml", b"<sst><si>"),
        ("xl/styles.xml", b"<styleSheet><numFmts>"),
        ("[Content_Types].xml", None),
    ],
)
def test_a_sheet_with_a_broken_part_is_refused_in_words(part, replacement):
    whole = as_excel_writes()
    assert len(read_questions("a.xlsx", whole).rows) == 1
    with pytest.raises(UnreadableFile) as refused:
        read_questions("a.xlsx", broken(whole, part, replacement))
    assert str(refused.value.words)


def test_damaged_bytes_in_a_packed_part_are_refused_in_words():
    name = "xl/worksheets/sheet1.xml"
    content = bytearray(SHEET)
    with zipfile.ZipFile(io.BytesIO(SHEET)) as whole:
        begin = whole.getinfo(name).header_offset + 30 + len(name)
    content[begin : begin + 40] = b"\xff" * 40
    with pytest.raises(UnreadableFile, match="XLSX"):
        read_questions("a.xlsx", bytes(content))


def test_a_sheet_that_is_locked_by_a_password_is_refused_in_words():
    content = bytearray(SHEET)
    # The first flag of each entry, in the part's own head and in the directory, says that it is encrypted.
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        entry = content.find(mark)
        while entry != -1:
            content[entry + flags] |= 1
            entry = content.find(mark, entry + 4)
    with pytest.raises(UnreadableFile, match="XLSX"):
        read_questions("a.xlsx", bytes(content))


def a_record(**fields):
    options = [{"key": "A", "text": "3年"}, {"key": "B", "text": "6年"}]
    return {"kind": "single", "stem": "几年？", "options": options, "answers": ["B"], **fields}


def test_json_with_a_number_that_no_question_needs_is_refused_in_words():
    with pytest.raises(UnreadableFile, match="JSON"):
        read_questions("a.json", f'[{{"stem": {"9" * 5000}}}]'.encode())


@pytest.mark.parametrize("depth", [100, 700, 900, 950, 960, 970, 980, 990, 1000, 5000])
def test_lists_in_lists_are_no_question_however_deep(depth):
    content = f'[{{"stem": {"[" * depth}{"]" * depth}}}]'.encode()
    rows = []
    with suppress(UnreadableFile):
        rows = read_questions("a.json", content).rows
    assert all(map(refusal, rows))


@pytest.mark.parametrize("field", ["stem", "id", "explanation", "legal_basis"])
@pytest.mark.parametrize("lost", ["\ud800", "几年\udfff？", "几\ufffd？"])
def test_a_sign_that_was_lost_on_the_way_is_refused_and_can_be_shown(field, lost):
    content = json.dumps([a_record(**{field: lost}), a_record(stem="第二题？")]).encode()
    first, second = read_questions("a.json", content).rows
    assert refusal(first)
    assert (first.stem + first.reference).encode()
    assert checked(second).answers == ("B",)


def test_a_pair_of_halves_is_one_sign():
    (row,) = read_questions("a.json", json.dumps([a_record(stem="𠮷？")], ensure_ascii=True).encode()).rows
    assert checked(row).stem == "𠮷？"


@pytest.mark.parametrize("count", [12, 13, 26, 27, 60])
def test_more_answers_than_letters_are_too_many_and_no_failure(count):
    answers = "".join(f" ~第{number}个" for number in range(count - 1))
    (row,) = read_questions("a.gift", f"多少个？{{=对{answers}}}".encode()).rows
    if count > 12:
        assert "12" in refusal(row)
    else:
        assert len(checked(row).options) == 12


def test_a_sheet_within_a_bomb_is_refused():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book([["题型", "题干", "答案"]]))) as whole,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for item in whole.namelist():
            content = whole.read(item)
            if item.endswith("sheet1.xml"):
                row = b"<row><c t='inlineStr'><is><t>x</t></is></c></row>"
                content = content.replace(b"</sheetData>", row * 2_000_000 + b"</sheetData>")
            archive.writestr(item, content)
    assert len(out.getvalue()) < LARGEST_FILE
    begin = time.monotonic()
    with pytest.raises(UnreadableFile):
        read_questions("a.xlsx", out.getvalue())
    assert time.monotonic() - begin < 5


def test_the_largest_file_is_taken_and_one_byte_more_is_not():
    line = json.dumps([{"kind": "single"}]).encode()
    assert read_questions("a.json", line + b" " * (LARGEST_FILE - len(line))).rows
    with pytest.raises(UnreadableFile):
        read_questions("a.json", line + b" " * (LARGEST_FILE + 1 - len(line)))


def test_five_thousand_rows_are_read_and_one_more_is_not():
    line = "Q{0},单选题,第{0}题？,甲,乙,,A,"
    rows = rows_of(*[line.format(n) for n in range(MOST_ROWS)])
    assert (len(rows), rows[-1].reference) == (5000, "Q4999")
    with pytest.raises(UnreadableFile):
        rows_of(*[line.format(n) for n in range(MOST_ROWS + 1)])


# Encodings


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"]
)
def test_a_sheet_reads_the_same_in_every_encoding(encoding):
    (row,) = rows_of("Q1,单选题,资质认定证书的有效期？,3年,6年,,B,", encoding=encoding)
    assert (row.stem, row.answers) == ("资质认定证书的有效期？", ("B",))


@given(st.text("资质认定ABC，。？龘𠮷 \n", min_size=1, max_size=60))
@settings(max_examples=80)
def test_chinese_survives_every_way_of_writing_it_down(text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    ("raw", "clean"), [("　甲\u3000 乙\ufeff ", "甲 乙"), ("⼀", "一"), ("a\n\tb", "a b")]
)
def test_texts_are_tidied(raw, clean):
    assert tidy(raw) == clean


@given(st.text(max_size=200))
def test_tidying_twice_is_tidying_once(text):
    assert tidy(tidy(text)) == tidy(text)
