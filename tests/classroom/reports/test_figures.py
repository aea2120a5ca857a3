"""Rates, steps, suppression, charts and sheets: all pure."""

import csv
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.reports import charts, figures, sheets
from classroom.reports.figures import Counts, Rate

NUMBER = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (1298, 1429, "90.8"),
        (59518, 68509, "86.9"),
        (43390, 59518, "72.9"),
        (0, 0, "—"),
        (3, 0, "—"),
        (0, 5, "0.0"),
        (5, 5, "100.0"),
        (99999, 100000, "99.9"),
        (1, 100000, "0.1"),
    ],
)
def test_rates_as_they_are_written(part: int, whole: int, text: str) -> None:
    assert Rate(part, whole).text == text


@given(NUMBER, NUMBER)
def test_a_rate_says_all_or_none_only_where_that_is_so(part: int, whole: int) -> None:
    part = min(part, whole)
    percent = Rate(part, whole).percent
    if percent is None:
        assert whole == 0
    else:
        assert 0 <= percent <= 100
        assert (percent == 100) == (part == whole)
        assert (percent == 0) == (part == 0)


COUNTS = st.builds(Counts, *[NUMBER] * 8, st.decimals(0, 10**6, places=1))


@given(COUNTS, COUNTS, COUNTS)
def test_counts_add_up_in_any_order(a: Counts, b: Counts, c: Counts) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Counts() == a


def test_rates_of_counts() -> None:
    counts = Counts(10, 8, 4, 5, 4, 1, 2, 0, Decimal("12.0"))
    rates = [counts.participation, counts.completion, counts.passing, counts.resitting]
    assert [rate.text for rate in rates] == ["80.0", "50.0", "80.0", "20.0"]
    assert (counts.hours_each, Counts().hours_each) == ("1.5", "—")
    assert [Rate(2, 1).width, Rate(1, 2).width, Rate(0, 0).width] == ["100%", "50.0%", "0%"]


@pytest.mark.parametrize(("percent", "step"), [(59, 1), (60, 2), (68, 3), (76, 4), (84, 5), (100, 5)])
def test_steps_of_the_map(percent: int, step: int) -> None:
    assert figures.map_step(Rate(percent, 100)) == step
    assert figures.map_step(Rate(0, 0)) == 0


@given(st.integers(0, 1000))
def test_small_cells_are_suppressed(count: int) -> None:
    assert (figures.suppressed(count) is None) == (1 <= count <= 4)


def test_a_curve_leaves_holes_and_stays_in_its_plot() -> None:
    line = charts.curve("2026", [("a", Rate(1, 2)), ("b", Rate(0, 0)), ("c", Rate(1, 1)), ("d", Rate(0, 1))])
    assert [dot.label for dot in line.dots] == ["a", "c", "d"]
    assert [(a.label, b.label) for a, b in line.strokes] == [("c", "d")]
    assert [dot.y for dot in line.dots] == ["92.0", "12.0", "172.0"]
    assert [value for value, _ in charts.grid()] == [0, 20, 40, 60, 80, 100]


@given(st.floats(0, 172), st.floats(0, 172))
def test_names_of_curves_never_overlap(a: float, b: float) -> None:
    first, second = charts.Curve("a", [], [], a), charts.Curve("b", [], [], b)
    charts.part_names(first, second)
    assert abs(first.name_y - second.name_y) >= 14.99


def test_a_tile_shows_whole_percents_rounded_down() -> None:
    tile = charts.Tile("SH-LG", "临港", 4, 4, Rate(599, 1000))
    assert (tile.whole_percent, tile.step) == ("59", 1)
    assert charts.Tile("SH-LG", "临港", 4, 4, Rate(0, 0)).whole_percent == "—"


HEAD = sheets.Head(
    "统计表", ("序号", "名称", "代码", "率"), (6, 20, 22, 8), "甲 & 乙 2026", [("口径", "=说明")]
)
ROWS: list[list[sheets.Value]] = [
    [1, '=HYPERLINK("x")', "913101203509708598", Decimal("72.9")],
    [2, "+1", "Y1310115DEM0A00190", "—"],
    [3, "@cmd", "000123456789", Decimal("0.1")],
    [4, "-1+1", "", "—"],
]


def test_xlsx_keeps_codes_as_text_and_defuses_formulas(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    assert sheets.write_xlsx(path, HEAD, ROWS) == 4
    book = openpyxl.load_workbook(path)
    sheet = book["统计表"]
    values = list(sheet.iter_rows(values_only=True))
    assert values[0] == HEAD.headings
    assert values[1] == (1, '\'=HYPERLINK("x")', "913101203509708598", 72.9)
    assert [row[1][0] for row in values[1:]] == ["'"] * 4
    assert sheet.freeze_panes == "A2"
    assert {cell.data_type for row in sheet.iter_rows(min_row=2, min_col=2, max_col=3) for cell in row} <= {
        "s",
        "n",
    }
    assert sheet["C2"].data_type == "s"
    assert "甲 && 乙 2026" in (sheet.oddHeader.left.text or "") or "甲" in str(sheet.oddHeader.left.text)
    assert book.sheetnames == ["统计表", "口径说明"]
    with zipfile.ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_csv_has_a_mark_for_excel_and_defuses_formulas(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert sheets.write_csv(path, HEAD, ROWS) == 4
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert rows[0] == list(HEAD.headings)
    assert [row[2] for row in rows[1:3]] == ["913101203509708598", "Y1310115DEM0A00190"]
    assert all(row[1].startswith("'") for row in rows[1:])


def test_more_rows_than_a_sheet_holds_go_on_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEET_ROWS", 3)
    path = tmp_path / "x.xlsx"
    assert sheets.write_xlsx(path, HEAD, ROWS) == 4
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["统计表", "统计表 2", "口径说明"]
    assert [sheet.max_row for sheet in book.worksheets[:2]] == [3, 3]


@given(st.text(max_size=30))
def test_no_text_stays_a_formula(text: str) -> None:
    assert not sheets.safe(text).startswith(("=", "+", "@", "\t", "\r", "\n")) or text == "-"
