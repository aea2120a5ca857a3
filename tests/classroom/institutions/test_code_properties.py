"""Codes by property: which slips of the pen the standards find, and which they do not promise to."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classroom.institutions import codes, errors, services
from classroom.institutions.divisions import BY_CODE, DISTRICTS, LINGANG, MUNICIPAL, district_name
from classroom.institutions.models import Institution, SupervisingAuthority
from tests.factories.institutions import InstitutionFactory, uscc

CHARACTER = st.sampled_from(codes.USCC_ALPHABET)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    body = draw(st.text(CHARACTER, min_size=8, max_size=8))
    head = draw(st.text(CHARACTER, min_size=2, max_size=2))
    stem = f"{head}{draw(st.integers(100000, 999999))}{body}{codes.organisation_check_digit(body)}"
    return stem + codes.uscc_check_digit(stem)


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), date(2026, 1, 1)))
    stem = f"{draw(st.integers(110000, 999999))}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(char) * weight for char, weight in zip(stem, weights, strict=True))
    return stem + "10X98765432"[total % 11]


@given(credit_codes(), st.integers(0, 16))
def test_two_neighbours_exchanged_are_found(code: str, at: int) -> None:
    assume(code[at] != code[at + 1])
    changed = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert not codes.uscc_is_valid(changed)


@given(credit_codes(), st.data())
def test_what_the_inner_check_cannot_see_the_outer_one_does(code: str, data: st.DataObject) -> None:
    """Modulo 11 takes 0 for B; modulo 31 does not: the reason why there are two check digits."""
    partner = {"0": "B", "B": "0", "1": "C", "C": "1", "2": "D", "D": "2", "3": "E", "E": "3"}
    places = [at for at in range(8, 16) if code[at] in partner]
    assume(places)
    at = data.draw(st.sampled_from(places))
    changed = code[:at] + partner[code[at]] + code[at + 1 :]
    assert codes.organisation_check_digit(changed[8:16]) == code[16]
    assert not codes.uscc_is_valid(changed)


@given(credit_codes(), st.sampled_from("IOSVZ"), st.integers(0, 17))
def test_letters_that_look_like_digits_are_no_part_of_a_code(code: str, letter: str, at: int) -> None:
    assert not codes.uscc_is_valid(code[:at] + letter + code[at + 1 :])


@given(st.text(max_size=20))
def test_no_text_makes_the_checks_fall_over(text: str) -> None:
    assert codes.uscc_is_valid(text) in {True, False}
    assert codes.resident_id_is_valid(text) in {True, False}
    assert set(codes.cma_warnings(text)) <= {"format", "year", "issuer"}


@given(credit_codes(), st.sampled_from(["０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"]))
def test_digits_of_other_scripts_are_refused_and_no_error(code: str, digits: str) -> None:
    """They are digits to Python, and stood in the division's place they once ended in a traceback."""
    division = "".join(digits[int(char)] for char in code[2:8])
    assert not codes.uscc_is_valid(code[:2] + division + code[8:])


@given(credit_codes())
def test_a_code_is_its_length_and_its_case(code: str) -> None:
    assert codes.uscc_is_valid(code)
    for wrong in (code[:-1], code + "0", f" {code}", f"{code}\n"):
        assert not codes.uscc_is_valid(wrong)
    assert codes.uscc_is_valid(code.lower()) is (code.lower() == code)


@given(resident_ids(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_wrong_character_of_a_resident_id_is_found(number: str, at: int, other: str) -> None:
    assert codes.resident_id_is_valid(number)
    changed = number[:at] + other + number[at + 1 :]
    assert codes.resident_id_is_valid(changed) is (changed == number)


@given(resident_ids(), st.integers(0, 15))
def test_neighbours_exchanged_in_a_resident_id_are_found(number: str, at: int) -> None:
    assume(number[at] != number[at + 1])
    assert not codes.resident_id_is_valid(number[:at] + number[at + 1] + number[at] + number[at + 2 :])


@pytest.mark.parametrize(
    "born",
    ["20230229", "20000230", "19001301", "19000001", "19990431", "00000101"],
)
def test_a_day_that_never_was_is_no_birthday(born: str) -> None:
    stem = f"310115{born}001"
    assert not any(codes.resident_id_is_valid(stem + check) for check in "0123456789X")


@pytest.mark.parametrize("born", ["20000229", "20240229", "19000101"])
def test_a_leap_day_that_was_is_one(born: str) -> None:
    stem = f"310115{born}001"
    assert sum(codes.resident_id_is_valid(stem + check) for check in "0123456789X") == 1


@pytest.mark.parametrize(
    ("year", "warns"), [("14", True), ("15", False), ("45", False), ("46", True), ("00", True)]
)
def test_years_of_certificates_are_warned_about_at_their_ends(year: str, warns: bool) -> None:
    assert ("year" in codes.cma_warnings(f"{year}0920340001")) is warns


@pytest.mark.parametrize(
    ("issuer", "warns"), [("00", False), ("09", False), ("31", False), ("32", True), ("99", True)]
)
def test_issuers_are_the_office_and_the_provinces(issuer: str, warns: bool) -> None:
    assert ("issuer" in codes.cma_warnings(f"23{issuer}20340001")) is warns


@pytest.mark.parametrize("number", ["２３０９２０３４０００１", "23092034000 ", "2309203400011", ""])
def test_only_twelve_plain_digits_are_a_certificate_number(number: str) -> None:
    assert codes.cma_warnings(number) == ["format"]


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(3))
def test_a_code_is_taken_however_it_is_typed(number: int, city: SupervisingAuthority) -> None:
    code = uscc(900)
    typed = [
        code.lower(),
        f" {code[:8]} {code[8:]} ",
        "".join(chr(ord(char) + 0xFEE0) for char in code),
    ][number]
    made = services.register_institution(
        uscc=typed, name="甲", admin_division="310115", authority=city, by=None
    )
    assert made.uscc == code
    with pytest.raises(errors.AlreadyThere):
        services.register_institution(uscc=code, name="乙", admin_division="310115", authority=city, by=None)
    assert Institution.objects.unscoped("test").count() == 1


@pytest.mark.django_db
def test_every_office_stands_under_the_city_with_the_name_of_its_district() -> None:
    offices = {row.code: row for row in SupervisingAuthority.objects.select_related("parent")}
    assert set(offices) == {MUNICIPAL, LINGANG, *(district.authority for district in DISTRICTS)}
    for district in DISTRICTS:
        office = offices[district.authority]
        assert office.path == f"/SH/{district.authority}/"
        assert office.parent == offices[MUNICIPAL]
        assert (office.admin_division, office.short_name) == (district.code, district.short_name)
        assert district.name in office.name
        assert district.name_en in office.name_en
        assert office.short_name_en == district.name_en
        assert district_name(district.code) == district.name
    assert offices[LINGANG].level == "special"
    assert offices[LINGANG].admin_division == ""


@pytest.mark.django_db
def test_an_institution_of_lin_gang_keeps_the_division_where_it_stands() -> None:
    office = SupervisingAuthority.objects.get(code=LINGANG)
    for division in ("310115", "310120"):
        row = InstitutionFactory(supervising_authority=office, admin_division=division)
        assert BY_CODE[row.admin_division].authority != row.supervising_authority.code


@pytest.mark.parametrize("code", ["", "310100", "310103", "320500", "SH-310115"])
def test_a_division_of_elsewhere_goes_by_its_code(code: str) -> None:
    """310103 (卢湾) went up in 黄浦 in 2011; old codes still stand in old papers."""
    assert district_name(code) == code
