"""Certificate numbers and their check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.certificates.numbers import check_digit, make, parse, tidy

courses = st.builds(
    str.__add__, st.sampled_from("ABCDE"), st.text("ABCXYZ0123456789", min_size=0, max_size=7)
)
numbers = st.builds(
    make,
    prefix=st.just("HJY"),
    year=st.integers(2020, 2099),
    course=courses,
    serial=st.integers(0, 9_999_999),
)


def test_the_form():
    assert str(make(prefix="HJY", year=2026, course="B1", serial=123)) == "HJY-2026-B1-000123-8"


def test_damms_published_example():
    assert check_digit("572") == 4


@given(numbers)
def test_what_is_made_is_read_back(number):
    assert parse(str(number)) == number


@given(numbers, st.data())
def test_every_single_wrong_digit_is_found(number, data):
    text = str(number)
    places = [place for place, character in enumerate(text) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[place]]))
    assert parse(text[:place] + wrong + text[place + 1 :]) != number
    spoiled = text[:place] + wrong + text[place + 1 :]
    assert parse(spoiled) is None


@given(numbers, st.data())
def test_every_swap_of_neighbouring_digits_is_found(number, data):
    text = str(number)
    pairs = [n for n in range(len(text) - 1) if text[n : n + 2].isdigit() and text[n] != text[n + 1]]
    if pairs:
        n = data.draw(st.sampled_from(pairs))
        assert parse(text[:n] + text[n + 1] + text[n] + text[n + 2 :]) is None


@pytest.mark.parametrize(
    "typed",
    [
        "hjy-2026-b1-000123-8",
        " HJY－2026－B1－000123－8 ",
        "ＨＪＹ-2026-B1-000123-8",
        "HJY—2026—B1—000123—8",
        "HJY2026B1-0001238",
    ],
)
def test_what_people_type_is_understood(typed):
    assert str(parse(typed)) == "HJY-2026-B1-000123-8"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "HJY-2026-B1-000123",
        "HJY-2026-B1-000123-7",
        "HJY-26-B1-000123-8",
        "'; drop table",
        "林静",
        "9" * 500,
    ],
)
def test_what_is_no_number_is_none(typed):
    assert parse(typed) is None


def test_tidy_keeps_what_it_cannot_read():
    assert tidy(" abc ") == "ABC"
