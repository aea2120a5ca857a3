"""Colours: both ways to dark are the same, and every text meets its contrast (WCAG 2.2 AA)."""

import re

import pytest

from tests.environment import ROOT

SOURCE = (ROOT / "config" / "static_src" / "site" / "tokens.css").read_text()


def _block(selector: str) -> dict[str, str]:
    body = re.search(re.escape(selector) + r"\s*\{([^}]*)\}", SOURCE)
    assert body is not None
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body[1]))


LIGHT = _block(":root")
DARK = _block(':root[data-theme="dark"]')


def test_dark_by_system_and_dark_by_choice_are_one() -> None:
    assert _block(':root:not([data-theme="light"])') == DARK


def test_dark_names_no_colour_that_light_has_not() -> None:
    assert DARK.keys() <= LIGHT.keys()


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = [
    *[(text, ground) for text in ("ink", "ink-2", "ink-3") for ground in ("paper", "surface", "sunken")],
    ("ink", "celadon-tint"), ("ink", "celadon-edge"), ("ink", "ochre-tint"), ("ink", "vermilion-tint"),
    ("celadon", "paper"), ("celadon", "surface"), ("celadon-strong", "celadon-tint"),
    ("on-celadon", "celadon"), ("on-celadon", "celadon-strong"), ("ochre", "paper"),
    ("ochre", "surface"), ("ochre", "ochre-tint"), ("vermilion", "paper"),
    ("vermilion", "vermilion-tint"), ("paper", "ink"),
    *[(f"map-text-{step}", f"map-{step}") for step in range(1, 6)],
]  # fmt: skip
# Edges of controls and marks on a scale: three to one.
GRAPHIC = [
    ("line-strong", "paper"), ("line-strong", "surface"), ("celadon-band", "surface"),
    ("celadon-band", "paper"), ("ochre", "paper"), ("seal", "paper"),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_contrast(theme: str, text: str, ground: str) -> None:
    colours = LIGHT if theme == "light" else LIGHT | DARK
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), GRAPHIC)
def test_graphic_contrast(theme: str, mark: str, ground: str) -> None:
    colours = LIGHT if theme == "light" else LIGHT | DARK
    assert contrast(colours[mark], colours[ground]) >= 3
