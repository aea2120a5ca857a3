"""Templates may look only where imports may: `{% extends %}`, `{% include %}` and `{% load %}`.

import-linter does not see them. The shell (`config/shell`) is the ground that every page stands on.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.environment import ROOT

# From the top down; a template may name what stands in its own line or further down.
ORDER = [
    "config", "reports", "learning", "plans", "certificates", "completion", "progress", "exams",
    "enrolment", "institutions", "people", "catalogue", "questions", "media", "shell",
]  # fmt: skip
SIBLINGS = [{"plans", "certificates"}, {"progress", "exams"}]
_NAMES = re.compile(r"{%-?\s*(extends|include)\s+[\"']([^\"']+)[\"']")
_LOADS = re.compile(r"{%-?\s*load\s+(?:[\w ]+\s+from\s+)?([\w. ]+?)\s*-?%}")
_INLINE = re.compile(
    r"<script(?![^>]*\b(src|type=\"application/json\"))[^>]*>|\sstyle=|<style|\son[a-z]+=\"", re.I
)


def owner_of_file(path: Path) -> str:
    """Return the room that a template file lies in."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "config":
        return "shell" if "shell" in parts[1:-1] else "config"
    return parts[1] if parts[0] in {"classroom", "courses"} else parts[0]


def libraries() -> dict[str, str]:
    """Return each tag library of the house with its room."""
    return {
        path.stem: owner_of_file(path)
        for path in ROOT.glob("*/**/templatetags/*.py")
        if path.stem != "__init__"
        and path.relative_to(ROOT).parts[0] in {"config", "classroom", "courses", "media"}
    }


def may_look(room: str, other: str) -> bool:
    """Return whether `room` may name a template or a tag of `other`."""
    if other not in ORDER or room == other:
        return True
    if any({room, other} == pair for pair in SIBLINGS):
        return False
    return ORDER.index(room) < ORDER.index(other)


def template_files() -> list[Path]:
    """Return all templates of the house."""
    return sorted(
        path
        for top in ("config", "classroom", "courses", "media")
        for path in (ROOT / top).rglob("*.html")
        if "templates" in path.parts
    )


def faults() -> Iterator[str]:
    """Yield a line for each template that looks the wrong way or has inline script or style."""
    tags = libraries()
    for path in template_files():
        room, text, name = owner_of_file(path), path.read_text(), path.relative_to(ROOT)
        for _, target in _NAMES.findall(text):
            other = target.split("/")[0]
            if not may_look(room, other):
                yield f"{name}: {room} may not use {target}"
        for loaded in _LOADS.findall(text):
            for library in loaded.split():
                if not may_look(room, tags.get(library, "")):
                    yield f"{name}: {room} may not load {library}"
        for match in _INLINE.finditer(text):
            yield f"{name}: inline script or style: {match[0].strip()[:40]}"
