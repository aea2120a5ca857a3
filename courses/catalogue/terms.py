"""A query as terms, their synonyms and their sounds, and where they stand in a text. Pure.

Whatever is typed becomes a few terms of letters, digits or Chinese; everything else is a space, so
no sign can reach the query language of an engine.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from courses.catalogue.wording import CJK, RUN, sounds

LONGEST_QUERY = 64
MOST_TERMS = 8
_TERM = re.compile(f"[{CJK}]+|[0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+")
_BEFORE, _AFTER = 18, 42


class Excerpt(NamedTuple):
    """A stretch of a text around what was found."""

    before: str
    hit: str
    after: str


@cache
def thesaurus() -> dict[str, tuple[str, ...]]:
    """Return the synonyms by term, in lower case; a term is searched as itself or as any of them."""
    path = Path(__file__).with_name("thesaurus.json")
    words: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    return {term.lower(): tuple(others) for term, others in words.items()}


@cache
def _by_sound() -> dict[str, tuple[str, ...]]:
    """Return the synonyms of Chinese terms by the sound of the term."""
    found: dict[str, tuple[str, ...]] = {}
    for term, others in thesaurus().items():
        if RUN.fullmatch(term):
            whole = max(sounds(term), key=len)
            found[whole] = found.get(whole, ()) + tuple(o for o in others if RUN.fullmatch(o))
    return found


def terms_of(query: str) -> list[str]:
    """Return the terms of what was typed: at most 8, from the first 64 characters, in their usual width."""
    return _TERM.findall(usual(query[: 4 * LONGEST_QUERY]).replace("\x00", " ")[:LONGEST_QUERY])[:MOST_TERMS]


def usual(text: str) -> str:
    """Return a text with its signs in the usual form: ＣＭＡ typed in full width is CMA."""
    return unicodedata.normalize("NFKC", text)


def variants(term: str) -> list[str]:
    """Return the term and what else it may mean, by the thesaurus; the term itself comes first.

    A part of a Chinese term is replaced as well: 认证机构 is also 认定机构.
    """
    words = thesaurus()
    found = [term]
    if RUN.fullmatch(term):
        for known, others in words.items():
            if known in term:
                found += [term.replace(known, other) for other in others]
    else:
        found += words.get(term.lower(), ())
        found += _by_sound().get(term.lower(), ())
    return list(dict.fromkeys(found))


def pieces(term: str, *, for_index: bool = False) -> list[str]:
    """Return what a term is indexed or looked up as: pairs of a Chinese run, the word otherwise.

    An index also holds the single characters, so that one character finds.
    """
    if not RUN.fullmatch(term):
        return [term.lower()]
    pairs = [term[at : at + 2] for at in range(len(term) - 1)]
    return [*term, *pairs] if for_index else pairs or [term]


def indexed(text: str) -> str:
    """Return a text with every Chinese run spelled out as single characters and pairs."""
    return RUN.sub(lambda run: f" {' '.join(pieces(run[0], for_index=True))} ", usual(text))


def excerpt(text: str, words: Iterable[str]) -> Excerpt | None:
    """Return the stretch around the first of `words` that stands in `text`, or None."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    for word in words:
        at = lower.find(word.lower())
        if at >= 0:
            end = at + len(word)
            begin = max(0, at - _BEFORE)
            return Excerpt(
                ("…" if begin else "") + text[begin:at],
                text[at:end],
                text[end : end + _AFTER] + ("…" if end + _AFTER < len(text) else ""),
            )
    return None


def excerpt_by_sound(text: str, term: str) -> Excerpt | None:
    """Return the stretch of `text` that sounds like `term` in full or by its initials, or None."""
    sound = term.lower()
    if not sound.isascii() or not sound.isalpha() or len(sound) < 2:
        return None
    for run in RUN.finditer(text):
        if sound not in sounds(run[0]):
            continue
        for length in range(1, len(run[0]) + 1):
            for at in range(len(run[0]) - length + 1):
                stretch = run[0][at : at + length]
                if _is_sound(sound, stretch):
                    return excerpt(text, [stretch])
    return None


def _is_sound(sound: str, stretch: str) -> bool:
    known = sounds(stretch)
    whole = [name for name in known if len(name) == max(map(len, known), default=0)]
    return sound in whole or (len(sound) == len(stretch) and sound in known)
