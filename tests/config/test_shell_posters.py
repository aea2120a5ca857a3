"""Posters and icons: the same course always looks the same, no other course does, and none carries script."""

from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.test import Client

from config.shell import icons, posters
from config.shell.engravings import Seed
from config.shell.guilloche import rosette
from tests.environment import ROOT

CODES = ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3", "C4", "D1", "E1", "Q7"]


@pytest.mark.parametrize("code", CODES)
def test_a_poster_is_an_svg_that_policy_allows(code: str) -> None:
    for svg in (posters.full(code, code[0], "4", "学时"), posters.thumb(code, code[0])):
        ElementTree.fromstring(svg)
        assert "style=" not in svg
        assert "<script" not in svg
        assert len(svg) < 60_000


def test_every_course_has_its_own_engraving() -> None:
    drawn = {posters.full(code, code[0], "4", "").replace(code, "") for code in CODES}
    assert len(drawn) == len(CODES)


def test_the_bar_is_as_long_as_the_course() -> None:
    assert 'width="94.7" height="7"' in posters.full("E1", "E", "1", "")
    assert 'width="568.0" height="7"' in posters.full("E1", "E", "6", "")
    assert 'width="568.0" height="7"' in posters.full("E1", "E", "60", "")


def test_seed_repeats_and_stays_in_range() -> None:
    first, again, other = Seed("B1"), Seed("B1"), Seed("B2")
    numbers = [first.number() for _ in range(200)]
    assert numbers == [again.number() for _ in range(200)]
    assert all(0 <= number < 1 for number in numbers)
    assert numbers[0] != other.number()


def test_a_rosette_has_its_strands() -> None:
    drawing = rosette(name="r", centre=(0, 0), radius=10, swing=2, petals=5, strands=7)
    assert drawing.count("<path") + drawing.count("<use") == 7
    assert "rotate(10.286 0 0)" in drawing  # a seventh of a petal


def test_hours_stand_in_the_address_without_needless_zeros() -> None:
    assert posters.hours_text(Decimal("4.0")) == "4"
    assert posters.hours_text(4.5) == "4.5"


def test_a_poster_is_sent_compressed_for_a_year(client: Client) -> None:
    response = client.get("/posters/B1/B/4/full.svg?in=zh-hans", headers={"accept-encoding": "gzip"})
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Encoding"] == "gzip"
    assert "max-age=31536000" in response["Cache-Control"]
    assert "Cookie" not in response.get("Vary", "")


def test_a_poster_is_in_the_language_of_its_address(client: Client) -> None:
    assert "4 学时" in client.get("/posters/B1/B/4/full.svg?in=zh-hans").content.decode()
    assert "4 credit hours" in client.get("/posters/B1/B/4/full.svg?in=en").content.decode()
    assert "4 学时" in client.get("/posters/B1/B/4/full.svg?in=tlh").content.decode()


@pytest.mark.parametrize(
    "path", ["b1/B/4/full", "B1/BB/4/full", "B1/B/4000/full", "B1/B/4/huge", "B1<x>/B/4/full"]
)
def test_addresses_that_no_page_writes_are_not_found(client: Client, path: str) -> None:
    assert client.get(f"/posters/{path}.svg").status_code == 404


def _render(source: str, **values: object) -> str:
    return Template("{% load shell %}" + source).render(Context(values))


def test_an_icon_is_decoration_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in _render('{% icon "clock" 14 %}')
    named = _render('{% icon "clock" 14 label=words %}', words="a & b")
    assert 'role="img" aria-label="a &amp; b"' in named
    assert 'stroke-width="1.6"' in named


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", "", "Clock"])
def test_an_unknown_icon_is_a_fault(name: str) -> None:
    with pytest.raises(icons.UnknownIcon):
        icons.paths(name)


def test_without_the_package_pages_still_render(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    icons.paths.cache_clear()
    monkeypatch.setattr(icons, "_FOLDER", tmp_path / "absent")
    assert "<rect" in icons.paths("clock")
    icons.paths.cache_clear()


def test_every_icon_that_a_template_names_exists() -> None:
    import re

    named = {
        (path.relative_to(ROOT), name)
        for top in ("config", "classroom", "courses", "media")
        for path in (ROOT / top).rglob("*.html")
        for name in re.findall(r'{%-?\s*icon "([^"]+)"', path.read_text())
    }
    assert named
    assert {(path, name) for path, name in named if not icons.exists(name)} == set()


def test_poster_tag_takes_the_small_one_on_narrow_screens() -> None:
    html = _render('{% poster "B1" "B" 4 thumb_under=760 %}')
    assert "<picture>" in html
    assert "/posters/B1/B/4/thumb.svg?" in html
    assert 'loading="lazy"' in html
    assert 'loading="lazy"' not in _render('{% poster "B1" "B" 4 is_first=True %}')
    assert 'alt=""' in html
