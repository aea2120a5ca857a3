"""The words of the house: what is marked for translation against what the catalogues hold.

`python -m tests.house.words` lists what is missing; with `--write` it adds the missing entries,
empty, to each room's catalogue and drops what no code says any more. Needs no gettext tools.
"""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib

from tests.environment import ROOT

# What each call's texts are, in their order.
_CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), ("text",)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), ("text", "plural")),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ("context", "text")),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ("context", "text", "plural")),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
_UNICODE = re.compile(r"(?<=[(,\s])u(?=['\"])")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Word:
    """One message: its text, its plural and its context."""

    text: str
    plural: str = ""
    context: str | None = None


class UnreadableMessage(Exception):
    """A template marks a message that cannot be read: nobody would miss its translation."""


def rooms() -> list[Path]:
    """Return the folders that keep a catalogue of their own."""
    apps = [path.parent for path in ROOT.glob("*/*/apps.py") if path.parts[-3] in {"classroom", "courses"}]
    return sorted([ROOT / "config", ROOT / "media", *apps])


def _from_calls(source: str) -> Iterator[Word]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        roles = _CALLS.get(name, ())
        texts = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if roles and len(texts) >= len(roles):
            yield Word(**dict(zip(roles, texts, strict=False)))


def _from_template(path: Path) -> Iterator[Word]:
    """Raise `UnreadableMessage` where a message is marked and cannot be read."""
    from django.utils.translation.template import templatize

    code = templatize(path.read_text(), origin=str(path))
    for match in re.finditer(r"\b(n?p?gettext|_)\(", code):
        depth, end = 0, match.end() - 1
        quote = ""
        while end < len(code):
            sign = code[end]
            if quote:
                if sign == "\\":
                    end += 1
                elif sign == quote:
                    quote = ""
            elif sign in "'\"":
                quote = sign
            elif sign in "()":
                depth += 1 if sign == "(" else -1
                if depth == 0:
                    break
            end += 1
        call = _UNICODE.sub("", code[match.start() : end + 1])
        try:
            found = list(_from_calls(re.sub(r",\s*count\)$", ")", call)))
        except SyntaxError:
            found = []
        if not found:
            raise UnreadableMessage(f"{path}: a message cannot be read: {call[:200]}")
        # Django's templates write a percent sign twice where the message is a format.
        yield from found


def said(room: Path) -> dict[Word, Path]:
    """Return every message that the room's code and templates mark, with one place of each."""
    found: dict[Word, Path] = {}
    for path in sorted(room.rglob("*")):
        if {"migrations", "locale", "static_src", "node_modules"} & set(path.parts):
            continue
        if path.suffix == ".py":
            words: Iterator[Word] = _from_calls(path.read_text())
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            words = _from_template(path)
        else:
            continue
        for word in words:
            if word.text.strip():
                found.setdefault(word, path)
    return found


def catalogue(room: Path) -> Path:
    """Return the room's Chinese catalogue."""
    return room / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def _entries(path: Path) -> dict[tuple[str, str | None], polib.POEntry]:
    if not path.exists():
        return {}
    return {(entry.msgid, entry.msgctxt): entry for entry in polib.pofile(str(path)) if not entry.obsolete}


def _placeholders(text: str) -> set[str]:
    return {left or right for left, right in _PLACEHOLDER.findall(text)}


def faults() -> list[str]:
    """Return one line for each message that is missing, empty, wrong or no longer said."""
    lines = []
    for room in rooms():
        entries, words = _entries(catalogue(room)), said(room)
        for word, path in words.items():
            place = f"{path.relative_to(ROOT)}: {word.text[:70]!r}"
            entry = entries.get((word.text, word.context))
            if _CHINESE.search(word.text):
                lines.append(f"{place}: a message is English in the code")
            elif entry is None:
                lines.append(f"{place}: not in the catalogue")
            elif "fuzzy" in entry.flags:
                lines.append(f"{place}: marked fuzzy")
            elif not (entry.msgstr or (entry.msgstr_plural and all(entry.msgstr_plural.values()))):
                lines.append(f"{place}: not translated")
            else:
                chinese = entry.msgstr or entry.msgstr_plural[0]
                wanted = _placeholders(word.plural or word.text)
                if _placeholders(chinese) - wanted or (not word.plural and _placeholders(chinese) != wanted):
                    lines.append(f"{place}: its placeholders differ in the translation")
        known = {(word.text, word.context) for word in words}
        lines += [
            f"{catalogue(room).relative_to(ROOT)}: {text[:70]!r}: nothing says it any more"
            for text, context in entries
            if (text, context) not in known
        ]
    return lines


def two_ways() -> list[str]:
    """Return one line for each message that two rooms translate differently: a page shows but one of them.

    Where it means two things, a context parts them (`pgettext`, `{% translate … context … %}`).
    """
    spoken: dict[tuple[str, str | None], dict[str, Path]] = {}
    for room in rooms():
        for key, entry in _entries(catalogue(room)).items():
            chinese = entry.msgstr or (entry.msgstr_plural or {}).get(0, "")
            if chinese:
                spoken.setdefault(key, {}).setdefault(chinese, room)
    return [
        f"{text[:70]!r}: " + ", ".join(f"{chinese} ({room.name})" for chinese, room in ways.items())
        for (text, _), ways in spoken.items()
        if len(ways) > 1
    ]


def write() -> None:
    """Bring the catalogues to what is said; translations that exist are kept."""
    for room in rooms():
        words, path = said(room), catalogue(room)
        if not words:
            continue
        entries = _entries(path)
        file = polib.POFile(wrapwidth=100)
        file.metadata = {
            "Content-Type": "text/plain; charset=UTF-8",
            "Content-Transfer-Encoding": "8bit",
            "Language": "zh_Hans",
            "MIME-Version": "1.0",
            "Plural-Forms": "nplurals=1; plural=0;",
        }
        for word in sorted(words, key=lambda word: (word.text, word.context or "")):
            old = entries.get((word.text, word.context))
            entry = polib.POEntry(msgid=word.text, msgctxt=word.context)
            format_flag = [flag for flag in (old.flags if old else []) if flag.endswith("-format")]
            entry.flags = format_flag or (["python-format"] if "%(" in word.text else [])
            if word.plural:
                entry.msgid_plural = word.plural
                entry.msgstr_plural = {0: (old.msgstr_plural or {}).get(0, old.msgstr) if old else ""}
            else:
                entry.msgstr = old.msgstr if old else ""
            if (entry.msgid, entry.msgctxt) not in {(e.msgid, e.msgctxt) for e in file}:
                file.append(entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.save(str(path))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if "--write" in sys.argv:
            write()
        problems = faults() + two_ways()
    except UnreadableMessage as unreadable:
        problems = [str(unreadable)]
    print("\n".join(problems) or "The words are whole.")
    sys.exit(bool(problems))
