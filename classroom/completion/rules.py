"""When a course is complete: a rule is data on the edition, its inputs are facts, the answer is pure.

    {"version": 1, "all": [
        {"kind": "lessons", "keys": "all" | [key, …], "coverage_percent": 100},
        {"kind": "readings", "keys": "all" | [key, …]},
        {"kind": "questions", "keys": "all" | [key, …]},
        {"kind": "exam"},
        {"kind": "prerequisites", "courses": ["A1", …]},
        {"kind": "deadline", "on": "2026-12-31"} | {"kind": "deadline", "days": 60}]}

A deadline is a last day, or so many days after enrolling. It is kept where the facts were there by that
day, whenever they are judged: an exam handed in at midnight is not lost to a sweep that runs later.

A rule that asks for nothing never passes, and neither does a part that this version cannot read:
a mistake in a rule must never make a certificate.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

Facts = Mapping[str, Any]


class State:
    """Where a part of a rule stands."""

    MET = "met"
    UNDER_WAY = "under_way"
    NOT_BEGUN = "not_begun"
    BLOCKED = "blocked"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Step:
    """What to do next, as a code; `completion.words` says it."""

    NONE = ""
    WATCH = "watch"
    READ = "read"
    ANSWER = "answer"
    FINISH_LESSONS = "finish_lessons"
    SIT_EXAM = "sit_exam"
    COMPLETE_COURSES = "complete_courses"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Part:
    """One lesson, reading, question or course of an item. Of lectures, `have` and `need` are milliseconds.

    The key of a question inside a lecture says where it stands: see `place_of`.
    """

    key: str
    state: str
    have: int
    need: int


@dataclass(frozen=True, slots=True)
class Item:
    """One part of the rule: where it stands, how far, and the next step.

    `have` and `need` count parts; of an exam they are tenths of a percent.
    """

    kind: str
    state: str
    have: int
    need: int
    step: str = Step.NONE
    parts: tuple[Part, ...] = ()
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether this part of the rule is satisfied."""
        return self.state == State.MET


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a rule: satisfied or not, and why."""

    satisfied: bool
    items: tuple[Item, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the explanation as it is stored with a completion."""
        return {"version": 1, "satisfied": self.satisfied, "items": [asdict(item) for item in self.items]}


def outcome_from(data: Facts) -> Outcome:
    """Return a stored explanation as an outcome."""
    items = tuple(
        Item(**{**item, "parts": tuple(Part(**part) for part in item["parts"])}) for item in data["items"]
    )
    return Outcome(bool(data.get("satisfied", True)), items)


class _Unreadable(ValueError):
    """A part of a rule that says nothing that can be judged."""


def _names(value: Any) -> list[str]:
    """Return a list of names. Raises `_Unreadable` for anything else, and for an empty one."""
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise _Unreadable
    return list(dict.fromkeys(value))


def _whole(value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _Unreadable
    return value


def courses_before(rule: Facts) -> list[str]:
    """Return the codes of the courses that a rule asks for, whatever else is written in it."""
    parts = rule.get("all")
    codes: set[str] = set()
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, Mapping) and part.get("kind") == "prerequisites":
            listed = part.get("courses")
            codes |= {code for code in listed if isinstance(code, str)} if isinstance(listed, list) else set()
    return sorted(codes)


def _wanted(rule: Facts, known: list[Facts]) -> list[Facts]:
    """Return the facts that a rule names; a key that nothing has is an unmet fact."""
    keys = rule.get("keys", "all")
    if keys == "all":
        return known
    keys = _names(keys)
    by_key = {fact["key"]: fact for fact in known}
    return [by_key.get(key, {"key": key, "duration_ms": 0}) for key in keys]


def _stands(have: int, need: int) -> str:
    if have >= need:
        return State.MET
    return State.UNDER_WAY if have else State.NOT_BEGUN


def lesson_is_seen(fact: Facts, percent: int) -> bool:
    """Whether a lecture counts as seen: what is missing is within `100 - percent` percent."""
    if fact.get("is_complete"):
        return True
    duration, missing = int(fact.get("duration_ms", 0)), fact.get("missing_ms")
    return duration > 0 and missing is not None and missing * 100 <= duration * (100 - percent)


def _lessons(rule: Facts, inputs: Facts) -> Item:
    percent = _whole(rule.get("coverage_percent", 100), 1, 100)
    parts = []
    for fact in _wanted(rule, inputs["lessons"]):
        have, need = int(fact.get("covered_ms", 0)), int(fact.get("duration_ms", 0))
        seen = lesson_is_seen(fact, percent)
        state = State.MET if seen else State.UNDER_WAY if have else State.NOT_BEGUN
        parts.append(Part(fact["key"], state, have, need))
    return _counted("lessons", parts, Step.WATCH, any(part.have for part in parts))


def _readings(rule: Facts, inputs: Facts) -> Item:
    parts = []
    for fact in _wanted(rule, inputs["readings"]):
        done = bool(fact.get("acknowledged"))
        parts.append(Part(fact["key"], State.MET if done else State.NOT_BEGUN, int(done), 1))
    return _counted("readings", parts, Step.READ, False)


def place_of(key: str) -> tuple[str, int]:
    """Return the lesson and the moment in ms of the key of a question's part."""
    lesson, _, at_ms = key.partition("@")
    return lesson, int(at_ms) if at_ms.isdecimal() else 0


def asks_questions(rule: Facts) -> bool:
    """Whether a rule asks for the questions inside the lectures, whatever else is written in it."""
    parts = rule.get("all")
    listed = parts if isinstance(parts, list) else []
    return any(isinstance(part, Mapping) and part.get("kind") == "questions" for part in listed)


def _questions(rule: Facts, inputs: Facts) -> Item:
    """Each has to be answered rightly once. Where no lecture asks anything, the rule cannot be judged."""
    asked = _wanted(rule, list(inputs.get("questions", ())))
    if not asked:
        raise _Unreadable
    parts = []
    for fact in asked:
        place = f"{fact['lesson']}@{fact['at_ms']}" if "lesson" in fact else fact["key"]
        done = bool(fact.get("answered"))
        parts.append(Part(place, State.MET if done else State.NOT_BEGUN, int(done), 1))
    return _counted("questions", parts, Step.ANSWER, False)


def _prerequisites(rule: Facts, inputs: Facts) -> Item:
    held = set(inputs.get("completed_courses", ()))
    parts = [
        Part(code, State.MET if code in held else State.NOT_BEGUN, int(code in held), 1)
        for code in _names(rule.get("courses"))
    ]
    return _counted("prerequisites", parts, Step.COMPLETE_COURSES, False)


def _counted(kind: str, parts: list[Part], step: str, is_begun: bool) -> Item:
    have = sum(part.state == State.MET for part in parts)
    state = _stands(have, len(parts))
    if state == State.NOT_BEGUN and is_begun:
        state = State.UNDER_WAY
    return Item(kind, state, have, len(parts), Step.NONE if state == State.MET else step, tuple(parts))


def _exam(rule: Facts, inputs: Facts) -> Item:
    exam = inputs.get("exam")
    if exam is None:
        return Item("exam", State.UNKNOWN, 0, 1, Step.ASK)
    have, need = int(exam.get("score_tenths") or 0), int(exam["pass_mark"]) * 10
    if exam.get("is_passed"):
        return Item("exam", State.MET, have, need)
    state = State.UNDER_WAY if exam.get("score_tenths") is not None else State.NOT_BEGUN
    return Item("exam", state, have, need, Step.SIT_EXAM)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _Unreadable from error


def last_day(rule: Facts, inputs: Facts) -> date:
    """Return the last day of a deadline: the day named, or so many days after enrolling."""
    if ("on" in rule) == ("days" in rule):
        raise _Unreadable
    if "on" in rule:
        return _day(rule["on"])
    return _day(inputs.get("enrolled_on")) + timedelta(days=_whole(rule["days"], 1, 3660))


def _deadline(rule: Facts, inputs: Facts) -> Item:
    last = last_day(rule, inputs)
    met = _day(inputs.get("on")) <= last
    step = Step.NONE if met else Step.ASK
    return Item("deadline", State.MET if met else State.MISSED, int(met), 1, step, (), last.isoformat())


def _as_of_the_facts(wanted: list[Any], inputs: Facts) -> Facts:
    """Return the inputs as of the day when the last fact was there, for a deadline that all else meets.

    A fact without a day of its own is of today; facts never lie ahead.
    """
    today = str(inputs.get("on", ""))
    facts: list[Facts] = []
    for part in wanted:
        if part["kind"] in {"lessons", "readings", "questions"}:
            facts += _wanted(part, inputs[part["kind"]])
        elif part["kind"] == "exam":
            facts.append(inputs["exam"])
        elif part["kind"] == "prerequisites":
            facts.append({"on": inputs.get("courses_on")})
    days = [str(fact.get("on") or today) for fact in facts]
    return {**inputs, "on": min(today, max(days, default=today))}


_KINDS: dict[str, Callable[[Facts, Facts], Item]] = {
    "lessons": _lessons,
    "readings": _readings,
    "questions": _questions,
    "exam": _exam,
    "prerequisites": _prerequisites,
    "deadline": _deadline,
}


def _blocked_by_lessons(items: list[Item]) -> list[Item]:
    """Return the items with the exam waiting for the lessons, where they come before it."""
    before = [item for item in items if item.kind in {"lessons", "readings", "prerequisites"}]
    if all(item.is_met for item in before):
        return items
    return [
        Item(item.kind, State.BLOCKED, item.have, item.need, Step.FINISH_LESSONS)
        if item.kind == "exam" and not item.is_met and item.state != State.UNKNOWN
        else item
        for item in items
    ]


def _judged(part: Any, inputs: Facts) -> Item:
    kind = str(part.get("kind", "")) if isinstance(part, Mapping) else ""
    judge = _KINDS.get(kind)
    try:
        return judge(part, inputs) if judge else Item(kind, State.UNKNOWN, 0, 1, Step.ASK)
    except _Unreadable:
        return Item(kind, State.UNKNOWN, 0, 1, Step.ASK)


def evaluate(rule: Facts, inputs: Facts) -> Outcome:
    """Return whether `inputs` satisfy `rule`, and how each part stands. The same in gives the same out."""
    wanted = rule.get("all") if rule.get("version") == 1 else None
    if not isinstance(wanted, list):
        return Outcome(False, ())
    items = [_judged(part, inputs) for part in wanted]
    if all(item.is_met for item in items if item.kind != "deadline"):
        known = _as_of_the_facts(wanted, inputs)
        items = [
            _judged(part, known) if item.kind == "deadline" else item
            for part, item in zip(wanted, items, strict=True)
        ]
    asked = any(item.need > 0 and item.kind != "deadline" for item in items)
    return Outcome(asked and all(item.is_met for item in items), tuple(_blocked_by_lessons(items)))
