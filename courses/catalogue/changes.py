"""What differs between two manifests, and what it means for those who learned from the older. Pure.

A change is *editorial* where only words about the course change, *carries over* where everybody who
met the old edition has also met the new one, and is *material* where something new has to be
learned, watched or passed.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from courses.catalogue.conditions import is_asked, part_of

EDITORIAL, CARRY_OVER, MATERIAL = "editorial", "carry_over", "material"
_WEIGHT = {EDITORIAL: 0, CARRY_OVER: 1, MATERIAL: 2}
_EXAM_STRICTER_UP = ("pass_mark",)
_EXAM_STRICTER_DOWN = ("minutes", "attempts_allowed")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what` is a code; `title` names the lesson, or the field, that it concerns."""

    what: str
    weight: str
    title: str = ""
    old: str = ""
    new: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON data."""
        return asdict(self)


def weigh(changes: list[Change]) -> str:
    """Return the heaviest class of the changes; editorial where there is none."""
    return max((change.weight for change in changes), key=_WEIGHT.__getitem__, default=EDITORIAL)


def compare(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return what differs, the heaviest first; empty for the same content."""
    found = [*_course(old, new), *_lessons(old, new), *_exam(old, new), *_policy(old, new), *_rule(old, new)]
    return sorted(found, key=lambda change: -_WEIGHT[change.weight])


def _course(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    before, after = old.get("course", {}), new.get("course", {})
    for field in sorted(before.keys() | after.keys()):
        was, now = before.get(field), after.get(field)
        if was == now:
            continue
        weight = EDITORIAL
        if field == "credit_hours":
            weight = MATERIAL if float(now or 0) > float(was or 0) else CARRY_OVER
        elif field in ("validity_months", "is_mandatory"):
            weight = CARRY_OVER
        shown = not isinstance(now, list) and not isinstance(was, list)
        yield Change(
            "field",
            weight,
            field,
            "" if was is None or not shown else str(was),
            "" if now is None or not shown else str(now),
        )


def _lessons(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    before = {lesson["key"]: lesson for lesson in old.get("lessons", [])}
    after = {lesson["key"]: lesson for lesson in new.get("lessons", [])}
    for key, lesson in after.items():
        if key not in before:
            yield Change("lesson_added", MATERIAL, lesson["title"])
        elif before[key] != lesson:
            yield from _lesson(before[key], lesson)
    for key, lesson in before.items():
        if key not in after:
            yield Change("lesson_removed", CARRY_OVER, lesson["title"])
    shared_before = [key for key in before if key in after]
    shared_after = [key for key in after if key in before]
    if shared_before != shared_after:
        yield Change("lessons_reordered", EDITORIAL)


def _lesson(was: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    title = now["title"]
    if was["encode"] != now["encode"] or was["encode_digest"] != now["encode_digest"]:
        same = was["source_digest"] == now["source_digest"] and bool(now["source_digest"])
        yield Change(
            "lecture_encoded_again" if same else "lecture_replaced", CARRY_OVER if same else MATERIAL, title
        )
    if was["body"] != now["body"]:
        yield Change("reading_changed", MATERIAL, title)
    if was["document_digest"] != now["document_digest"] or was["document"] != now["document"]:
        yield Change("file_replaced", MATERIAL, title)
    yield from _questions(was.get("questions", []), now.get("questions", []), title)
    if any(was[field] != now[field] for field in ("title", "title_en", "summary")):
        yield Change("lesson_reworded", EDITORIAL, title, was["title"], now["title"])


def _questions(was: list[dict[str, Any]], now: list[dict[str, Any]], title: str) -> Iterator[Change]:
    """Another question has to be answered; one that is moved, reworded or gone takes nothing from anybody."""
    if was == now:
        return
    before = {(one["key"], one["question"]) for one in was}
    added = any((one["key"], one["question"]) not in before for one in now)
    what, weight = ("questions_added", MATERIAL) if added else ("questions_changed", CARRY_OVER)
    yield Change(what, weight, title)


def _exam(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    was, now = old.get("exam"), new.get("exam")
    if was == now:
        return
    if was is None or now is None:
        yield Change("exam_added" if was is None else "exam_removed", MATERIAL if was is None else CARRY_OVER)
        return
    for field in ("pass_mark", "minutes", "attempts_allowed", "interval_minutes", "shows_answers"):
        if was[field] != now[field]:
            stricter = (field in _EXAM_STRICTER_UP and now[field] > was[field]) or (
                field in _EXAM_STRICTER_DOWN and now[field] < was[field]
            )
            weight = MATERIAL if stricter else CARRY_OVER
            yield Change("exam_setting", weight, field, str(was[field]), str(now[field]))
    drawn = [[(part["kind"], part["count"]) for part in exam["sections"]] for exam in (was, now)]
    if drawn[0] != drawn[1]:
        yield Change("exam_paper", MATERIAL)
    if [part["pool"] for part in was["sections"]] != [part["pool"] for part in now["sections"]]:
        yield Change("exam_pool", CARRY_OVER)


def _policy(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    was, now = old.get("policy", {}), new.get("policy", {})
    for field in sorted(was.keys() | now.keys()):
        if was.get(field) == now.get(field):
            continue
        more = field == "coverage_percent" and (now.get(field) or 0) > (was.get(field) or 0)
        yield Change(
            "policy", MATERIAL if more else CARRY_OVER, field, str(was.get(field)), str(now.get(field))
        )


def _rule(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Yield what is asked for anew, and no longer. What only one of them has is told as such elsewhere."""
    was, now = old.get("rule", {}), new.get("rule", {})
    if was == now:
        return
    before = {lesson["key"] for lesson in old.get("lessons", [])}
    for lesson in new.get("lessons", []):
        kind = "lessons" if lesson["kind"] == "video" else "readings"
        asked = [is_asked(rule, kind, lesson["key"]) for rule in (was, now)]
        if lesson["key"] in before and asked[0] != asked[1]:
            what = "rule_lesson_asked" if asked[1] else "rule_lesson_freed"
            yield Change(what, MATERIAL if asked[1] else CARRY_OVER, lesson["title"])
    if old.get("exam") and new.get("exam"):
        exams = [part_of(rule, "exam") is not None for rule in (was, now)]
        if exams[0] != exams[1]:
            yield Change(*(("rule_exam_asked", MATERIAL) if exams[1] else ("rule_exam_freed", CARRY_OVER)))
    courses = [tuple((part_of(rule, "prerequisites") or {}).get("courses", ())) for rule in (was, now)]
    if courses[0] != courses[1]:
        weight = MATERIAL if set(courses[1]) - set(courses[0]) else CARRY_OVER
        yield Change("rule_courses", weight, "", ", ".join(courses[0]), ", ".join(courses[1]))
    days = [part_of(rule, "deadline") or {} for rule in (was, now)]
    if days[0] != days[1]:
        told = [str(part.get("on") or part.get("days") or "") for part in days]
        yield Change("rule_deadline", CARRY_OVER if not days[1] else MATERIAL, "", *told)
