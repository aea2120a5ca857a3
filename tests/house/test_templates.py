"""The templates look the right way, and the rule that says so works."""

import pytest

from tests.house import templates


def test_all_templates_look_downwards() -> None:
    assert list(templates.faults()) == []


@pytest.mark.parametrize(
    ("room", "other", "allowed"),
    [
        ("reports", "people", True),
        ("people", "reports", False),
        ("catalogue", "learning", False),
        ("learning", "catalogue", True),
        ("progress", "exams", False),
        ("media", "shell", True),
        ("catalogue", "wagtailadmin", True),
        ("media", "catalogue", False),
    ],
)
def test_direction(room: str, other: str, allowed: bool) -> None:
    assert templates.may_look(room, other) is allowed


def test_inline_script_and_style_are_found() -> None:
    for bad in ('<p style="x">', "<script>x</script>", '<a onclick="x">', "<style>"):
        assert templates._INLINE.search(bad), bad
    for good in ('<script type="module" src="/x.js"></script>', '<script type="application/json" id="a">{}'):
        assert not templates._INLINE.search(good), good
