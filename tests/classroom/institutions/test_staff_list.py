"""What the rows of a staff list mean, cell by cell, and that a refusal names the right row and the right words."""

from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from classroom.institutions import errors, staff_list
from classroom.institutions.models import Post
from tests.classroom.institutions.spreadsheet_files import HEAD, ROW

TODAY = date(2026, 6, 15)
PEOPLE = st.integers(0, 99_999_999).map(lambda number: f"139{number:08d}")


def row_of(**cells: str) -> staff_list.StaffRow:
    order = ("name", "mobile", "email", "department", "posts", "started_on")
    values = dict(zip(order, ROW, strict=True)) | cells
    return staff_list.parse([HEAD, [values[key] for key in order]], TODAY)[0]


def problems(**cells: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.value) for problem in row_of(**cells).problems]


@pytest.mark.parametrize(
    ("heading", "name_at", "mobile_at"),
    [
        (["姓名*", "手机号*"], 0, 1),
        (["＊真实姓名", "联系电话"], 0, 1),
        (["Name", "Mobile"], 0, 1),
        (["PHONE", "NAME", "E-mail"], 1, 0),
        (["人员姓名", "备注", "移动电话"], 0, 2),
        (["序号", "部门", "手机号码", "姓名"], 3, 2),
        (["姓名", "姓名", "手机"], 0, 2),
    ],
)
def test_columns_are_known_by_their_usual_names(heading: list[str], name_at: int, mobile_at: int) -> None:
    cells = ["别的"] * len(heading)
    cells[name_at], cells[mobile_at] = "王芳", "13911110001"
    if "E-mail" in heading:
        cells[heading.index("E-mail")] = "a@b.cn"
    parsed = staff_list.parse([heading, cells], TODAY)[0]
    assert (parsed.name, parsed.mobile, parsed.problems) == ("王芳", "13911110001", [])


@pytest.mark.parametrize(
    "heading", [["姓名"], ["手机号"], ["姓名", "部门"], ["用户名", "手机号"], ["13911110001", "王芳"], []]
)
def test_a_list_needs_a_name_and_a_way_to_sign_in(heading: list[str]) -> None:
    with pytest.raises(errors.MissingColumns):
        staff_list.parse([heading, ["x"] * 3], TODAY)


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(0, 3))
def test_rows_carry_the_numbers_that_the_spreadsheet_shows(filled: list[bool], before: int) -> None:
    rows: list[list[str]] = [[] for _ in range(before)]
    rows += [HEAD, *([f"人{n}", f"139{n:08d}"] if full else [] for n, full in enumerate(filled))]
    expected = [before + 2 + n for n, full in enumerate(filled) if full]
    if not expected:
        with pytest.raises(errors.EmptyFile):
            staff_list.parse(rows, TODAY)
    else:
        assert [row.number for row in staff_list.parse(rows, TODAY)] == expected


def test_a_short_row_is_filled_with_nothing() -> None:
    parsed = staff_list.parse([HEAD, ["王芳", "13911110001"]], TODAY)[0]
    assert (parsed.email, parsed.department, parsed.posts, parsed.started_on) == ("", "", [], None)
    assert parsed.problems == []


def test_every_problem_of_a_row_is_told_at_once() -> None:
    """Whoever corrects a file wants to upload it once more, not five times."""
    found = problems(name="", mobile="12", email="no", posts="宇航员、飞行员", started_on="五月")
    assert found == [
        ("no_name", ""),
        ("bad_mobile", "12"),
        ("bad_email", "no"),
        ("unknown_post", "宇航员"),
        ("unknown_post", "飞行员"),
        ("bad_day", "五月"),
    ]


@pytest.mark.parametrize("name", ["王芳", "阿依古丽·买买提", "𠮷田", "O'Brien", "Li Jun", "长" * 64])
def test_names_of_all_peoples_are_names(name: str) -> None:
    assert row_of(name=name).name == name
    assert problems(name=name) == []


@pytest.mark.parametrize("written", ["阿依古丽•买买提", "阿依古丽 · 买买提", "阿依古丽・买买提"])
def test_one_person_has_one_name_whichever_dot_is_typed(written: str) -> None:
    assert row_of(name=written).name == "阿依古丽·买买提"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("１３９１１１１０００１", None),
        ("+86 139 1111 0001", None),
        ("13911110001.0", ("bad_mobile", "139111100010")),
        ("1.39111E+10", ("bad_mobile", "139111E+10")),
        ("12911110001", ("bad_mobile", "12911110001")),
        ("1391111000", ("bad_mobile", "1391111000")),
        ("021-12345678", ("bad_mobile", "02112345678")),
        ("13911110001 13911110002", ("bad_mobile", "1391111000113911110002")),
    ],
)
def test_a_number_is_eleven_digits_however_written(written: str, problem: tuple[str, str] | None) -> None:
    assert problems(mobile=written) == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("written", "is_right"),
    [
        ("wang@lab.example", True),
        ("WANG@LAB.EXAMPLE", True),
        ("wang＠lab.example", True),
        ("王@例子.公司", False),
        ("a@b", False),
        ("a b@lab.example", False),
        ('=HYPERLINK("http://evil.example")@lab.example', False),
        ("a@lab.example,b@lab.example", False),
        ("x" * 64 + "@" + "y" * 60 + ".example", True),
        ("x" * 64 + "@" + ("y" * 60 + ".") * 4 + "example", False),
    ],
)
def test_an_address_is_one_address(written: str, is_right: bool) -> None:
    """254 characters are what the account takes; a longer one once ended the import in an error page."""
    assert [code for code, _ in problems(email=written)] == ([] if is_right else ["bad_email"])


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-05", date(2026, 1, 5)),
        ("2026-1-5", date(2026, 1, 5)),
        ("2026/01/05", date(2026, 1, 5)),
        ("2026.1.5", date(2026, 1, 5)),
        ("2026年1月5日", date(2026, 1, 5)),
        ("20260105", date(2026, 1, 5)),
        ("2026-01-05 00:00:00", date(2026, 1, 5)),
        ("2026-01-05T00:00", date(2026, 1, 5)),
        ("2026-06-15", TODAY),
        ("1950-01-01", date(1950, 1, 1)),
    ],
)
def test_a_day_is_read_as_people_write_it(written: str, day: date) -> None:
    parsed = row_of(started_on=written)
    assert (parsed.started_on, parsed.problems) == (day, [])


@pytest.mark.parametrize(
    "written",
    ["2026115", "202615", "05/01/2026", "26-1-5", "2026-02-30", "2026-13-01", "0026-01-05", "1949-12-31",
     "46027", "2026-01-05 08:30:00", "今天"],
)  # fmt: skip
def test_what_could_be_two_days_or_none_is_asked_back(written: str) -> None:
    assert problems(started_on=written) == [("bad_day", written)]


def test_tomorrow_is_too_early_to_enter() -> None:
    assert problems(started_on="2026-06-16") == [("future_day", "2026-06-16")]


@pytest.mark.parametrize("kind", list(Post.Kind))
def test_every_post_has_a_chinese_and_an_english_word(kind: Post.Kind) -> None:
    words = staff_list.POSTS[kind]
    assert any(word.isascii() for word in words)
    for word in words:
        assert row_of(posts=word).posts == [kind]
        assert row_of(posts=word.upper()).posts == [kind]


@given(st.lists(st.sampled_from([words[0] for words in staff_list.POSTS.values()]), min_size=1, max_size=6))
def test_posts_are_each_held_once_in_their_order(words: list[str]) -> None:
    parsed = row_of(posts="、".join(words))
    assert parsed.problems == []
    assert [staff_list.POSTS[kind][0] for kind in parsed.posts] == list(dict.fromkeys(words))


@given(st.lists(PEOPLE, min_size=1, max_size=12))
def test_whoever_stands_twice_is_wrong_in_each_row_and_nobody_else(numbers: list[str]) -> None:
    parsed = staff_list.parse([HEAD, *(["王芳", number] for number in numbers)], TODAY)
    for row in parsed:
        is_twice = numbers.count(row.mobile) > 1
        assert [problem.code for problem in row.problems] == (["twice"] if is_twice else [])


def test_another_spelling_is_the_same_number_and_the_same_address() -> None:
    parsed = staff_list.parse(
        [
            HEAD,
            ["王芳", "139 1111 0001", "A@lab.example"],
            ["李四", "+8613911110001", ""],
            ["张三", "", "a@LAB.example"],
        ],
        TODAY,
    )
    assert [[problem.value for problem in row.problems] for row in parsed] == [
        ["13911110001", "a@lab.example"],
        ["13911110001"],
        ["a@lab.example"],
    ]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("code", list(staff_list.PROBLEMS))
def test_every_problem_speaks_both_languages_and_shows_the_cell(code: str, language: str) -> None:
    with translation.override(language):
        words = staff_list.Problem(code, "某某 100%").words
    assert any("一" <= char <= "鿿" for char in words.replace("某某", "")) is (language == "zh-hans")
    shows_cell = "%(value)s" in str(staff_list.PROBLEMS[code])
    assert ("某某 100%" in words) is shows_cell
