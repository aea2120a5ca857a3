"""Facts as `queries.inputs_of` gathers them, for the pure rules."""

from typing import Any

LESSONS = {"kind": "lessons", "keys": "all", "coverage_percent": 100}


def lesson(key: str = "a", *, missing: int = 0, on: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a lecture of 100 s of which `missing` ms were not seen."""
    fact = {"key": key, "duration_ms": 100_000, "covered_ms": 100_000 - missing, "missing_ms": missing}
    return {**fact, "is_complete": False, "on": on, **more}


def facts(**changes: Any) -> dict[str, Any]:
    """Return the facts of somebody who did all there is to do on 1 November, judged a day later."""
    return {
        "version": 1,
        "on": "2026-11-02",
        "enrolled_on": "2026-10-01",
        "lessons": [lesson("a", on="2026-11-01")],
        "readings": [{"key": "r", "acknowledged": True, "on": "2026-11-01"}],
        "exam": {
            "pass_mark": 60, "attempt": 1, "score_tenths": 920, "is_passed": True, "on": "2026-11-01",
        },
        "completed_courses": [],
        "courses_on": None,
        **changes,
    }  # fmt: skip


def rule(*parts: dict[str, Any]) -> dict[str, Any]:
    """Return a rule of these parts after the lessons."""
    return {"version": 1, "all": [LESSONS, *parts]}
