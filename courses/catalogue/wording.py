"""The words under which a course is found, taken from an edition's manifest. Pure.

Nothing here reads questions or their answers: a manifest holds only their identifiers.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
RUN = re.compile(f"[{CJK}]+")
_MARKUP = re.compile(r"<[^>]+>")
# PostgreSQL holds at most a mebibyte of distinct words for each row.
TRANSCRIPT_CHARACTERS = 100_000
# The longest stretch of a title that can be found by its sound in one word.
_LONGEST = 10


def plain(markup: str) -> str:
    """Return rich text without its tags."""
    return " ".join(_MARKUP.sub(" ", markup).split())


def fields_of(manifest: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield `(field, lesson key or "", text)` in the order in which a hit is worth showing."""
    course = manifest.get("course", {})
    yield "title", "", f"{course.get('code', '')} {course.get('title', '')}"
    yield "title_en", "", course.get("title_en", "")
    for lesson in manifest.get("lessons", []):
        yield "lesson", lesson["key"], " ".join((lesson["title"], lesson["title_en"], lesson["summary"]))
    yield "purpose", "", course.get("purpose", "")
    yield "purpose_en", "", course.get("purpose_en", "")
    for outcome in course.get("outcomes", []):
        yield "outcome", "", outcome["text"]
    for reference in course.get("legal_basis", []):
        yield "legal_basis", "", f"{reference['document']} {reference['clauses']}"
    yield "audience", "", course.get("audience", "")
    yield "teacher", "", f"{course.get('teacher', '')} {course.get('teacher_note', '')}"
    yield "topic", "", f"{course.get('topic_name', '')} {course.get('topic_name_en', '')}"
    for lesson in manifest.get("lessons", []):
        yield "reading", lesson["key"], plain(lesson["body"])


def text_of(manifest: dict[str, Any]) -> str:
    """Return all that is searched but the title and the lectures' own words."""
    return "\n".join(text for field, _, text in fields_of(manifest) if field != "title" and text)


@lru_cache(maxsize=4096)
def sounds(run: str) -> frozenset[str]:
    """Return the sounds of a run of Chinese: every stretch of it in full, and by its initials."""
    # Loaded by who needs it: its dictionaries take 50 MB, in each worker of videos too.
    from pypinyin import Style, lazy_pinyin

    full = lazy_pinyin(run, style=Style.NORMAL, errors="ignore")
    full = [re.sub(r"[^a-z]", "", sound.replace("ü", "v")) for sound in full]
    found = set(full)
    for begin in range(len(full)):
        for end in range(begin + 2, min(begin + _LONGEST, len(full)) + 1):
            stretch = full[begin:end]
            found.add("".join(stretch))
            found.add("".join(sound[:1] for sound in stretch))
    return frozenset(found - {""})


def pinyin_of(manifest: dict[str, Any]) -> str:
    """Return the sounds of the titles of the course, its lessons and its topic, and of its teacher."""
    course = manifest.get("course", {})
    texts = [course.get("title", ""), course.get("topic_name", ""), course.get("teacher", "")]
    texts += [lesson["title"] for lesson in manifest.get("lessons", [])]
    found: set[str] = set()
    for text in texts:
        for run in RUN.findall(text):
            found |= sounds(run)
    return " ".join(sorted(found))
