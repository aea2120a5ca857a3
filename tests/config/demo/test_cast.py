"""Who plays in the demo: invented, whole, and the same at every start."""

import os
import re
import subprocess
import sys

import pytest

from classroom.institutions.codes import cma_warnings, uscc_is_valid
from classroom.institutions.divisions import DISTRICTS
from classroom.institutions.models import Post
from classroom.people.demo import DEMO_ACCOUNTS
from config.demo import cast
from tests.environment import ROOT

STAFF = cast.staff()
BY_HOUSE = pytest.mark.parametrize("house", cast.HOUSES, ids=lambda house: house.key)


@BY_HOUSE
def test_a_code_is_well_formed_and_can_meet_no_real_one(house: cast.House) -> None:
    assert uscc_is_valid(house.uscc)
    # Y is "other": no registry of companies gives such a number.
    assert house.uscc.startswith("Y1")
    assert house.uscc[2:8] == house.division
    assert "DEM" in house.uscc


@BY_HOUSE
def test_an_institution_says_that_it_is_a_demo(house: cast.House) -> None:
    assert "（演示）" in house.name
    assert "(Demo)" in house.name_en
    assert house.short_name
    assert "演示" not in house.short_name


@BY_HOUSE
def test_a_district_and_its_authority_belong_together(house: cast.House) -> None:
    assert house.division in {district.code for district in DISTRICTS}
    assert house.authority in {f"SH-{house.division}", "SH-LG"}


def test_twelve_institutions_are_twelve() -> None:
    assert len(cast.HOUSES) == 12
    for field in ("key", "name", "short_name", "name_en", "uscc"):
        assert len({getattr(house, field) for house in cast.HOUSES}) == 12, field
    assert len({house.authority for house in cast.HOUSES}) >= 6


def test_people_can_be_told_apart() -> None:
    everybody = [*cast.ACCOUNTS, *STAFF]
    assert len({person.email for person in everybody}) == len(everybody)
    assert len({person.name for person in STAFF}) == len(STAFF)
    assert all(person.email.endswith("@demo.example") for person in everybody)
    assert all(re.fullmatch(r"[a-z0-9.]+@demo\.example", person.email) for person in everybody)


def test_a_name_and_its_latin_letters_go_together() -> None:
    surnames = {signs: latin.upper() for signs, latin in cast._SURNAMES}
    for person in STAFF:
        surname = next(s for s in sorted(surnames, key=len, reverse=True) if person.name.startswith(s))
        assert person.romanised.split()[0] == surnames[surname]
        assert re.fullmatch(r"[A-Z]+ [A-Z][a-z]+", person.romanised)


@BY_HOUSE
def test_every_institution_has_one_training_manager_and_its_people(house: cast.House) -> None:
    mine = [person for person in [*cast.ACCOUNTS, *STAFF] if person.house == house.key]
    assert sum(person.is_manager for person in mine) == 1
    assert len([person for person in STAFF if person.house == house.key]) == house.staff
    assert all(person.posts for person in mine)


def test_posts_are_those_that_the_platform_knows() -> None:
    known = set(Post.Kind.values)
    assert {post for person in [*cast.ACCOUNTS, *STAFF] for post in person.posts} <= known


def test_diligence_is_a_share_and_differs() -> None:
    shares = [person.diligence for person in STAFF]
    assert all(0 <= share <= 1 for share in shares)
    assert min(shares) < 0.35 < 0.75 < max(shares)


def test_a_name_beyond_the_common_signs_is_among_them() -> None:
    """A sign outside the basic plane's common fonts shows at once where a font or an encoding fails."""
    assert any("䶮" in person.name for person in STAFF)
    assert any(person.name.startswith("欧阳") for person in STAFF)


def test_every_role_of_the_sign_in_page_has_its_account() -> None:
    assert {account.email for account in DEMO_ACCOUNTS} == {person.email for person in cast.ACCOUNTS}
    by_email = {person.email.split("@")[0]: person for person in cast.ACCOUNTS}
    assert by_email["trainer"].groups == ("Trainers",)
    assert by_email["reviewer"].groups == ("Reviewers",)
    assert by_email["operator"].groups == ("Operators",)
    assert by_email["city"].authority == "SH"
    assert by_email["district"].authority.startswith("SH-3101")
    assert by_email["manager"].is_manager
    assert by_email["learner"].house == by_email["manager"].house


def test_the_districts_account_sees_institutions_and_not_all() -> None:
    district = next(person.authority for person in cast.ACCOUNTS if person.email.startswith("district"))
    mine = [house for house in cast.HOUSES if house.authority == district]
    assert 0 < len(mine) < len(cast.HOUSES)
    # Lin-gang overlaps the district and is supervised by itself: what divides them must be seen.
    assert any(h.authority == "SH-LG" and f"SH-{h.division}" == district for h in cast.HOUSES)


def test_the_play_is_the_same_in_every_process() -> None:
    script = "from config.demo import cast; print(cast.staff())"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{STAFF}\n"}


@pytest.mark.parametrize("index", range(12))
def test_numbers_of_approvals_are_of_shanghai(index: int) -> None:
    assert cma_warnings(f"230920340{index + 1:03d}") == []
