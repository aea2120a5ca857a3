"""The gathering of words: every message that a template marks is found, or its file is named as a fault."""

from pathlib import Path

import pytest

from tests.house import words
from tests.house.words import UnreadableMessage, Word


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A room with an empty folder of templates."""
    (tmp_path / "templates").mkdir()
    return tmp_path


def gathered(room: Path, template: str) -> set[Word]:
    """Return what a room says whose one template has this text."""
    (room / "templates" / "page.html").write_text(template)
    return set(words.said(room))


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ('{% translate "Our people" %}', Word("Our people")),
        ('{% translate "Show" context "filters" %}', Word("Show", "", "filters")),
        ('{{ name|default:_("nobody") }}', Word("nobody")),
        ("{% blocktranslate with n=1 %}Lesson {{ n }}{% endblocktranslate %}", Word("Lesson %(n)s")),
        ('{% translate "a (b)" %}', Word("a (b)")),
        (
            "{% blocktranslate count n=3 %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}",
            Word("%(n)s day", "%(n)s days"),
        ),
        (
            '{% blocktranslate count n=3 context "late" %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}',
            Word("%(n)s day", "%(n)s days", "late"),
        ),
    ],
)
def test_each_way_of_marking_is_found(room: Path, template: str, word: Word) -> None:
    assert word in gathered(room, template)


# Django's gathering hands such a constant on as it stands, and its text never ends.
UNREADABLE = '{{ name|default:_("a backslash\\") }}'


def test_a_message_that_cannot_be_read_is_a_fault_that_names_its_file(room: Path) -> None:
    with pytest.raises(UnreadableMessage, match=r"page\.html: a message cannot be read"):
        gathered(room, UNREADABLE)


def test_nothing_is_written_where_a_message_cannot_be_read(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written all the same, its translation would be dropped as one that nothing says any more."""
    monkeypatch.setattr(words, "rooms", lambda: [room])
    path = words.catalogue(room)
    path.parent.mkdir(parents=True)
    path.write_text('msgid ""\nmsgstr ""\n\nmsgid "Kept"\nmsgstr "留"\n')
    before = path.read_text()
    (room / "templates" / "page.html").write_text(UNREADABLE)
    with pytest.raises(UnreadableMessage):
        words.write()
    assert path.read_text() == before
