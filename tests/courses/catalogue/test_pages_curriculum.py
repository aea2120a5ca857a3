"""The curriculum's scale: blocks fill it without a gap, labels never meet."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue.curriculum import (
    MOST_IN_A_ROW,
    NARROW,
    WIDTH,
    Drawing,
    Entry,
    Group,
    in_one_row,
    in_rows,
    percent,
    text_width,
    wrapped,
)


def group(name: str, *hours: float) -> Group:
    return Group(
        name, tuple(Entry(f"{name[:1]}{n}", f"课程{n}", h, f"/{name}{n}/") for n, h in enumerate(hours, 1))
    )


REAL = [
    group("资质认定", 4, 6, 3),
    group("检验检测合规与技术能力", 4, 4, 6, 4, 6, 4, 3),
    group("免予办理CCC", 3),
    group("绿色产品认证", 2),
]
GROUPS = st.lists(
    st.builds(
        lambda name, hours: group(name, *hours),
        st.text("检验测认证能力", min_size=1, max_size=14),
        st.lists(st.integers(1, 12), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


def number(text: str) -> float:
    return float(text.rstrip("%"))


@given(GROUPS)
def test_blocks_follow_each_other_and_fill_the_scale(groups: list[Group]) -> None:
    drawing = in_one_row(groups, "学时", {})
    assert drawing is not None
    at = 0.0
    for block in drawing.blocks:
        assert abs(number(block.x) - at) < 0.05
        at += number(block.width)
    assert abs(at - 100) < 0.05


@given(GROUPS)
def test_topic_labels_in_a_lane_do_not_meet(groups: list[Group]) -> None:
    drawing = in_one_row(groups, "学时", {})
    assert drawing is not None
    lanes: dict[int, list[tuple[float, float]]] = {}
    for bracket in drawing.brackets:
        width = text_width(f"{bracket.name} {bracket.hours:g}", 13)
        x = number(bracket.label_x) * WIDTH / 100
        left = x if bracket.anchor == "start" else x - width
        lanes.setdefault(bracket.label_y, []).append((left, left + width))
    for spans in lanes.values():
        spans.sort()
        fitting = [span for span in spans if span[0] >= 0]
        assert all(one[1] <= other[0] + 1 for one, other in itertools.pairwise(fitting))


def test_the_real_curriculum_is_49_hours_with_a_figure_every_five() -> None:
    drawing = in_one_row(REAL, "学时", {})
    assert drawing is not None
    assert drawing.hours == 49
    assert [tick.figure for tick in drawing.ticks if tick.figure] == [
        "0", "5", "10", "15", "20", "25", "30", "35", "40", "45", "49 学时",
    ]  # fmt: skip
    assert len(drawing.ticks) == 50
    assert len({bracket.label_y for bracket in drawing.brackets}) == 2


def test_too_many_courses_or_none_go_without_a_row() -> None:
    assert in_one_row([group("甲", *[1] * (MOST_IN_A_ROW + 1))], "", {}) is None
    assert in_one_row([], "", {}) is None
    assert in_rows([], "", {}) == []


def test_rows_share_one_unit() -> None:
    rows = in_rows(REAL, "学时", {})
    assert [row.name for row in rows] == [one.name for one in REAL]
    assert [round(number(row.share) * 31 / 100) for row in rows] == [13, 31, 3, 2]


def test_codes_of_very_short_courses_do_not_run_over_each_other() -> None:
    groups = [group("甲", 6, 0.1, 0.1), group("乙", 4)]
    drawing = in_one_row(groups, "", {})
    assert drawing
    assert [block.shows_code for block in drawing.blocks] == [True, False, False, True]
    assert drawing.blocks[1].lines == ()
    rows = in_rows(groups, "", {})
    assert [[block.shows_code for block in row.blocks] for row in rows] == [[True, False, False], [True]]


@given(GROUPS)
def test_codes_that_are_written_never_meet(groups: list[Group]) -> None:
    for drawing, width in [(in_one_row(groups, "", {}), WIDTH)] + [
        (row, NARROW * float(row.share[:-1]) / 100) for row in in_rows(groups, "", {})
    ]:
        for block in drawing.blocks if drawing else ():
            if block.shows_code:
                assert text_width(block.entry.code, 14) <= float(block.width[:-1]) / 100 * width + 0.1


def test_progress_is_cut_to_the_course() -> None:
    drawing = in_one_row([group("甲", 4, 4)], "", {"甲1": 0.5, "甲2": 7.0})
    assert drawing is not None
    assert [block.done for block in drawing.blocks] == ["25.000%", "50.000%"]


def test_a_drawing_knows_its_height() -> None:
    drawing = Drawing(blocks=(), brackets=(), ticks=(), top=20, hours=1)
    assert (drawing.base, drawing.height) == (84, 116)


def test_percent_of_nothing() -> None:
    assert percent(1, 0) == "0%"


def test_titles_are_set_in_two_even_lines_or_left_out() -> None:
    assert wrapped("方法验证", 80) == ("方法验证",)
    assert wrapped("监督管理办法与报告合规", 90) == ("监督管理办法", "与报告合规")
    assert wrapped("监督管理办法与报告合规", 40) == ()
    assert wrapped("Internal audit", 60) == ("Internal", "audit")
    assert wrapped("Accountability", 40) == ()
