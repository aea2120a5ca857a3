"""The facts of a certificate: everything printed and verified, frozen at the award. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NotRequired, TypedDict

import rfc8785

from classroom.enrolment.months import add_months


class Holder(TypedDict):
    """Who holds it; `document` is masked already, and empty where none is known."""

    name: str
    romanised: str
    document: str


class Lesson(TypedDict):
    """A lesson and the seconds of it that the server verified."""

    title: str
    seconds: int


class Facts(TypedDict):
    """Version 1. Decimals are strings, dates ISO 8601, so that the digest is the same everywhere."""

    version: int
    number: str
    holder: Holder
    institution: dict[str, str] | None
    course: dict[str, str]
    credit_hours: str
    verified_seconds: int
    lessons: list[Lesson]
    score: str | None
    assurance: str
    completed_on: str
    issued_on: str
    valid_until: str | None
    issuer: dict[str, str]
    is_demo: bool
    # Only where two persons counted the course as completed: what was issued before keeps its digest.
    by_correction: NotRequired[bool]


CORRECTABLE = ("name", "romanised", "document", "institution")


def digest(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON (RFC 8785) in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(facts))).hexdigest()


def last_valid_day(issued_on: date, months: int | None) -> date | None:
    """Return the last day of validity: 36 months from 2026-09-17 end with 2029-09-16; None is no end."""
    return add_months(issued_on, months) - timedelta(days=1) if months else None


def corrected(facts: Facts, changes: dict[str, str]) -> Facts:
    """Return the facts with corrections by the keys of `CORRECTABLE`; an empty institution is none."""
    holder: Holder = {
        "name": changes.get("name", facts["holder"]["name"]),
        "romanised": changes.get("romanised", facts["holder"]["romanised"]),
        "document": changes.get("document", facts["holder"]["document"]),
    }
    institution = facts["institution"]
    if "institution" in changes:
        name = changes["institution"]
        institution = {**(institution or {"uscc": ""}), "name": name} if name else None
    return {**facts, "holder": holder, "institution": institution}


def lessons_in_order(
    titles: Sequence[tuple[int, str]], covered_ms: dict[int, int], total: int
) -> list[Lesson]:
    """Return the lessons with verified seconds, in the edition's order.

    `titles` are (lesson id, title). Where nothing is recorded by lesson, the total stands alone.
    """
    lessons = [
        Lesson(title=title, seconds=covered_ms[pk] // 1000)
        for pk, title in titles
        if covered_ms.get(pk, 0) >= 1000
    ]
    if not lessons and total:
        return [Lesson(title="", seconds=total)]
    return lessons
