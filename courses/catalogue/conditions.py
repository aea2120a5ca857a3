"""What a course asks for beside "all of it": lessons left free, no exam, courses before, a last day. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a trainer set. `optional` are keys of lessons; of `last_day` and `days` at most one holds."""

    optional: frozenset[str] = frozenset()
    asks_exam: bool = True
    courses: tuple[str, ...] = ()
    last_day: date | None = None
    days: int | None = None


def with_conditions(
    rule: Rule, lessons: Sequence[Mapping[str, Any]], conditions: Conditions
) -> dict[str, Any]:
    """Return the rule that asks for everything, narrowed and added to as the trainer set it.

    Where nothing was set, the same comes back: what was frozen before keeps its digest.
    """
    parts: list[dict[str, Any]] = []
    for part in rule["all"]:
        if part["kind"] == "exam":
            parts += [part] if conditions.asks_exam else []
            continue
        own = _keys(part["kind"], lessons, frozenset())
        asked = _keys(part["kind"], lessons, conditions.optional)
        if asked:
            parts.append({**part, "keys": "all" if asked == own else asked})
    if conditions.courses:
        parts.append({"kind": "prerequisites", "courses": sorted(conditions.courses)})
    if conditions.last_day is not None:
        parts.append({"kind": "deadline", "on": conditions.last_day.isoformat()})
    elif conditions.days is not None:
        parts.append({"kind": "deadline", "days": conditions.days})
    return {**rule, "all": parts}


def _keys(kind: str, lessons: Sequence[Mapping[str, Any]], optional: frozenset[str]) -> list[str]:
    """Return the keys of what a part of this kind is about, those of optional lessons left out."""
    left = [lesson for lesson in lessons if lesson["key"] not in optional]
    if kind == "questions":
        asked = [one for lesson in left for one in lesson.get("questions") or ()]
        return [str(one["key"]) if isinstance(one, Mapping) else str(one) for one in asked]
    return [str(lesson["key"]) for lesson in left if (lesson["kind"] == "video") == (kind == "lessons")]


def part_of(rule: Rule, kind: str) -> Mapping[str, Any] | None:
    """Return the part of this kind, or None where the rule does not ask for it."""
    return next((part for part in rule.get("all", ()) if part.get("kind") == kind), None)


def is_asked(rule: Rule | None, kind: str, key: str) -> bool:
    """Whether a rule asks for this lesson (`kind` is "lessons" or "readings"); no rule asks for everything."""
    if rule is None:
        return True
    part = part_of(rule, kind)
    keys = part.get("keys", "all") if part else ()
    return keys == "all" or key in keys


def way_back(code: str, wanted: Iterable[str], asks: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the courses by which `wanted` leads back to `code`, the last asking for it; empty where none does.

    `asks` names the courses that each course asks for. Such a ring could never be completed.
    """
    seen: set[str] = set()
    paths = [[first] for first in wanted]
    while paths:
        path = paths.pop(0)
        if path[-1] == code:
            return path[:-1] or path
        if path[-1] not in seen:
            seen.add(path[-1])
            paths += [[*path, following] for following in asks.get(path[-1], ())]
    return []
