"""From what was read on a slide to title and text, and from titles to chapters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.slides_text import Line, compose, propose


def line(text: str, top: float, height: float, left: float = 90, score: float = 0.98) -> Line:
    return Line(text, score, left, top, left + 300, top + height)


def test_the_title_is_the_large_line_above_and_the_text_is_everything_in_reading_order() -> None:
    lines = [
        line("依据：第163号令", 250, 34, left=170),
        line("资质认定是法定许可", 150, 52),
        line("《资质认定管理办法》", 74, 24, left=900),
        line("法律框架", 75, 24),
        line("1", 252, 30),
    ]
    read = compose(lines, 720)
    assert read.title == "资质认定是法定许可"
    assert read.text == "法律框架 《资质认定管理办法》\n资质认定是法定许可\n1 依据：第163号令"


@pytest.mark.parametrize(
    ("parts", "title"),
    [
        (("检验检测机构资质认定", "评审准则解读"), "检验检测机构资质认定评审准则解读"),
        (("Measurement", "uncertainty"), "Measurement uncertainty"),
        (("ISO 17025", "要求"), "ISO 17025要求"),
    ],
)
def test_a_title_of_two_lines_is_one(parts: tuple[str, str], title: str) -> None:
    read = compose([line(parts[0], 100, 50), line(parts[1], 160, 50), line("正文", 300, 30)], 720)
    assert read.title == title


@pytest.mark.parametrize(("top", "height"), [(160, 42), (180, 50)])
def test_a_first_bullet_that_is_smaller_or_further_away_is_no_part_of_the_title(
    top: float, height: float
) -> None:
    read = compose([line("内外两条线", 100, 50), line("1 内部", top, height)], 720)
    assert read.title == "内外两条线"


def test_a_large_number_in_the_lower_half_is_no_title() -> None:
    assert compose([line("z比分数", 90, 40), line("2.0", 500, 160)], 720).title == "z比分数"


def test_what_the_reader_doubts_and_what_cannot_be_printed_is_left_out() -> None:
    read = compose([line("噪声", 90, 60, score=0.3), line("校准\u0000\u200b曲线", 160, 40)], 720)
    assert (read.title, read.text) == ("校准 曲线", "校准 曲线")


def test_a_slide_without_text_has_neither() -> None:
    assert compose([], 720) == compose([line(" ", 10, 20)], 720)
    assert compose([], 720).title == ""


def test_a_title_is_never_longer_than_its_column() -> None:
    assert len(compose([line("长" * 500, 100, 50)], 720).title) == 200


@given(
    st.lists(
        st.builds(
            line,
            st.text(max_size=30),
            st.floats(0, 700),
            st.floats(1, 200),
            st.floats(0, 900),
            st.floats(0, 1),
        ),
        max_size=12,
    )
)
def test_whatever_was_read_nothing_is_invented(lines: list[Line]) -> None:
    read = compose(lines, 720)
    letters = {sign for one in lines for sign in one.text}
    assert set(read.title + read.text) - {" ", "\n"} <= letters


class TestProposals:
    def test_equal_titles_are_one_chapter(self) -> None:
        assert propose([(0, "概述"), (20_000, "概 述"), (40_000, "方法")]) == [(0, "概述"), (40_000, "方法")]

    @pytest.mark.parametrize("later", ["案例（2）", "案例 (续)", "案例 2/3", "案例（二）"])
    def test_a_count_behind_the_title_begins_none(self, later: str) -> None:
        assert propose([(0, "案例（1）"), (20_000, later)]) == [(0, "案例（1）")]

    def test_slides_without_a_title_belong_to_the_chapter_before(self) -> None:
        assert propose([(0, ""), (9000, "方法"), (30_000, ""), (60_000, "结论")]) == [
            (9000, "方法"),
            (60_000, "结论"),
        ]

    @pytest.mark.parametrize(("gap_ms", "count"), [(4999, 1), (5000, 2)])
    def test_chapters_too_near_to_each_other_are_one(self, gap_ms: int, count: int) -> None:
        assert len(propose([(0, "封面"), (gap_ms, "目录")])) == count

    def test_a_subject_that_comes_back_is_a_chapter_again(self) -> None:
        titles = [(0, "方法"), (30_000, "案例"), (60_000, "方法")]
        assert propose(titles) == titles
