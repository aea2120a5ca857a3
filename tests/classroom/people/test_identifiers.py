"""How people write numbers, addresses and names, and the one way in which they are kept."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.people.ids import (
    mask_identifier,
    mask_name,
    normal_email,
    normal_identifier,
    normal_mobile,
    normal_name,
    visible,
)

MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
# Beyond the basic plane (𠮷, 𬎆), compatibility forms (﨑), extension A (㛃): names hold them all.
RARE = ["𠮷", "𬎆", "﨑", "㛃", "䶮", "〇"]


def widened(text: str) -> str:
    """Return the text in the full-width characters of a Chinese keyboard."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize(
    "written",
    [
        "13800000001",
        " 138 0000 0001 ",
        "138-0000-0001",
        "138.0000.0001",
        "(138)00000001",
        "+8613800000001",
        "+86 138 0000 0001",
        "86-13800000001",
        "008613800000001",
        "１３８０００００００１",
        "＋８６　１３８　００００　０００１",
        "138\u20110000\u20110001",
        "138－0000－0001",
        "138\u00a00000\u00a00001",
        "\u202d13800000001\u202c",
        "138\u200b00000001",
        "\ufeff13800000001",
    ],
)
def test_a_mobile_number_is_read_however_it_is_written(written: str) -> None:
    assert normal_mobile(written) == "13800000001"


@given(MOBILES, st.sampled_from(["", "+86", "86", "0086", "+86 ", "86-"]), st.booleans(), st.data())
def test_no_way_of_writing_makes_another_number(
    number: str, country: str, is_wide: bool, data: st.DataObject
) -> None:
    gaps = data.draw(st.lists(st.sampled_from(["", " ", "-", "\u3000", "\u200b"]), min_size=11, max_size=11))
    written = country + "".join(char + gap for char, gap in zip(number, gaps, strict=True))
    assert normal_mobile(widened(written) if is_wide else written) == number


TYPED = st.text("0123456789+-. @abcXYZ陈𠮷·•　０１９Ａ＠．\u200b\u202d", max_size=30)


@given(TYPED)
def test_what_is_kept_is_found_again_by_what_is_kept(text: str) -> None:
    """The door normalises what is typed; it must find what registration normalised before."""
    for normal in (normal_mobile, normal_email, normal_name):
        once = normal(text)
        if not re.match(r"(\+|00)?86", once):  # no number may still look like one behind its code
            assert normal(once) == once, normal


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("8613800000001", "13800000001"),
        ("861380000000", "861380000000"),
        ("86138000000012", "86138000000012"),
        ("+85213800000", "+85213800000"),
        ("1٣٨00000001", "1٣٨00000001"),
    ],
)
def test_only_a_whole_number_loses_the_country_code(written: str, kept: str) -> None:
    assert normal_mobile(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Chen@Lab.Example ", "chen@lab.example"),
        ("ｃｈｅｎ＠ｌａｂ．ｅｘａｍｐｌｅ", "chen@lab.example"),
        ("\u200bchen@lab.example\u2060", "chen@lab.example"),
        ("", ""),
    ],
)
def test_an_address_is_kept_in_narrow_lower_case(written: str, kept: str) -> None:
    assert normal_email(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("CHEN＠lab.example", "chen@lab.example"),
        ("+86 138-1234-1234", "13812341234"),
        ("１３８１２３４１２３４", "13812341234"),
        ("", ""),
    ],
)
def test_what_is_typed_at_the_door_is_a_number_or_an_address(written: str, kept: str) -> None:
    assert normal_identifier(written) == kept


@pytest.mark.parametrize("dot", ["·", "•", "‧", "∙", "⋅", "・", "･"])
def test_the_parts_of_a_name_are_joined_by_one_dot(dot: str) -> None:
    assert normal_name(f"阿依古丽{dot}买买提") == "阿依古丽·买买提"
    assert normal_name(f" 阿依古丽 {dot} 买买提 ") == "阿依古丽·买买提"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("　陈　思远　", "陈 思远"),
        ("Li   Jun", "Li Jun"),
        ("陈\u200b思远", "陈思远"),
        ("\u202e远思陈\u202c", "远思陈"),
        ("陈\n思远", "陈 思远"),
        ("\u200b\u2060\ufeff", ""),
        ("نۇر\u200cگۈل", "نۇر\u200cگۈل"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_what_nobody_sees(written: str, kept: str) -> None:
    assert normal_name(written) == kept


@pytest.mark.parametrize("char", RARE)
def test_a_rare_character_is_never_exchanged_for_its_like(char: str) -> None:
    assert normal_name(f"{char}山") == f"{char}山"
    assert mask_name(f"{char}山") == f"{char}*"
    assert len(f"{char}山".encode()) >= 6


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_no_invisible_mark_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in visible(text)} & {"Cf"}
    assert not left or {"\u200c", "\u200d"} & set(visible(text))


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("陈 思", "陈*"),
        ("陈　思远", "陈**"),
        ("欧阳 娜娜", "欧***"),
        ("阿依古丽·买买提", "阿*******"),
        ("𠮷田", "𠮷*"),
        ("王Li", "王**"),
        ("Li", "L***"),
        ("José García", "J*** G***"),
        ("نۇرگۈل", "ن*****"),
    ],
)
def test_no_way_of_writing_a_name_gets_past_the_mask(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.lists(HAN, min_size=2, max_size=6), st.sampled_from(["", " ", "　", "·", " · "]))
def test_a_chinese_name_shows_its_first_character_only(chars: list[str], between: str) -> None:
    masked = mask_name(between.join(chars))
    assert masked[0] == chars[0]
    assert set(masked[1:]) == {"*"}


@given(MOBILES)
def test_a_masked_number_hides_its_middle(number: str) -> None:
    masked = mask_identifier(number)
    assert masked == f"{number[:3]}****{number[-4:]}"
    assert len(masked) == 11


@pytest.mark.parametrize("typed", ["1", "1381234", "138123412345", "mypassword-2026!"])
def test_what_is_no_number_is_masked_whole(typed: str) -> None:
    """People type their password into the first field; the audit must not keep it."""
    assert set(mask_identifier(typed)) == {"*"}
