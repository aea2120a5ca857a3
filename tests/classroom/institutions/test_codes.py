"""Check digits, against published vectors and by property."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.institutions import codes
from classroom.institutions.divisions import BY_CODE, DISTRICTS, LINGANG_TILE, district_name

CHARACTER = st.sampled_from(codes.USCC_ALPHABET)


def vectors(samples: Path, name: str) -> dict[str, list[object]]:
    return json.loads((samples / "cn" / name).read_text(encoding="utf-8"))


@pytest.mark.samples
def test_published_credit_codes(samples: Path) -> None:
    found = vectors(samples, "uscc_vectors.json")
    assert [code for code in found["valid"] if not codes.uscc_is_valid(code)] == []
    assert [code for code, _ in found["invalid"] if codes.uscc_is_valid(code)] == []


@pytest.mark.samples
def test_published_resident_ids(samples: Path) -> None:
    found = vectors(samples, "ric_vectors.json")
    assert [number for number, *_ in found["valid"] if not codes.resident_id_is_valid(number)] == []
    assert [number for number, _ in found["invalid"] if codes.resident_id_is_valid(number)] == []


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "91512081MA62K0260E",
        "Y1310115DEM0A00190",
        "Y1310104DEM0A0027W",
        "Y1310112DEM0A0035A",
    ],
)
def test_codes_of_the_standard(code: str) -> None:
    assert codes.uscc_is_valid(code)


@pytest.mark.parametrize(
    "code",
    [
        "91310115MA1G4L1WXK",
        "",
        "9135",
        "91350100M000100Y4I",
        "91350100m000100y43",
        "９1350100M000100Y43",
        "91350100M000100Y43\n",
    ],
)
def test_what_is_no_code(code: str) -> None:
    assert not codes.uscc_is_valid(code)


@given(
    st.text(CHARACTER, min_size=2, max_size=2),
    st.integers(100000, 999999),
    st.text(CHARACTER, min_size=8, max_size=8),
    st.integers(0, 17),
    CHARACTER,
)
def test_any_single_changed_character_is_found(
    head: str, division: int, body: str, at: int, other: str
) -> None:
    stem = f"{head}{division}{body}{codes.organisation_check_digit(body)}"
    code = stem + codes.uscc_check_digit(stem)
    assert codes.uscc_is_valid(code)
    changed = code[:at] + other + code[at + 1 :]
    assert codes.uscc_is_valid(changed) == (changed == code)


@pytest.mark.parametrize("stem", ["", "9" * 16, "9" * 18, "I" * 17])
def test_a_wrong_stem_has_no_check_digit(stem: str) -> None:
    with pytest.raises(ValueError):
        codes.uscc_check_digit(stem)


def test_a_wrong_organisation_stem_has_no_check_digit() -> None:
    with pytest.raises(ValueError):
        codes.organisation_check_digit("1234567")


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310020", False),
        ("110105194902310021", False),
        ("1101051949123100", False),
    ],
)
def test_resident_ids(number: str, valid: bool) -> None:
    assert codes.resident_id_is_valid(number) is valid


@pytest.mark.parametrize(
    ("number", "warnings"),
    [
        ("230920340001", []),
        ("23092034000", ["format"]),
        ("2309203400O1", ["format"]),
        ("990920340001", ["year"]),
        ("239920340001", ["issuer"]),
        ("999920340001", ["year", "issuer"]),
    ],
)
def test_cma_numbers_only_warn(number: str, warnings: list[str]) -> None:
    assert codes.cma_warnings(number) == warnings


def test_sixteen_districts_stand_apart_on_the_map() -> None:
    places = {(district.column, district.row) for district in DISTRICTS}
    assert (len(DISTRICTS), len(places)) == (16, 16)
    assert LINGANG_TILE not in places
    assert all(0 <= value <= 4 for place in places for value in place)
    assert BY_CODE["310151"].authority == "SH-310151"
    assert (district_name("310115"), district_name("110101")) == ("浦东新区", "110101")
