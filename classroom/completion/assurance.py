"""How sure it is that somebody learned: the level that the certificate prints. Pure: the same facts, the same level.

A level is the highest of which everything is known; none claims what was not proven.

| level | asks for |
|---|---|
| A0 | nothing: no second of a lecture was verified |
| A1 | playback that the server verified |
| A2 | A1, under a policy that asks for presence, with a check passed for every stretch of it |
| A3 | A1, and the exam that was passed was supervised |
"""

from collections.abc import Mapping
from typing import Any

DECLARED, COVERAGE, PRESENCE, SUPERVISED = "A0", "A1", "A2", "A3"


def level(facts: Mapping[str, Any]) -> str:
    """Return the level of a completion.

    `facts`: `verified_ms`, `presence_ms` and `allowance_ms` (the policy's), `passed_checks`, and
    `is_exam_supervised` of the attempt that was passed.
    """
    if facts["verified_ms"] < 1000:
        return DECLARED
    if facts["is_exam_supervised"]:
        return SUPERVISED
    return PRESENCE if _is_covered_by_checks(facts) else COVERAGE


def _is_covered_by_checks(facts: Mapping[str, Any]) -> bool:
    """Whether no stretch counted that should have had a check of its own and has none that was passed.

    A check is drawn after at most one and a half of the policy's interval, and a report may bring as much
    as the offline allowance at once. What is played while one waits counts only by its answer. So between
    two passed checks, before the first and after the last lies at most one such stretch.
    """
    every, passed = facts["presence_ms"], facts["passed_checks"]
    stretch = every * 3 // 2 + facts["allowance_ms"]
    return bool(every and passed and facts["verified_ms"] <= (passed + 1) * stretch)
