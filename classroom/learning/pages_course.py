"""A course's page as its learner sees it, with every part of its rule and where it stands."""

from dataclasses import replace
from typing import Any

from django.urls import reverse

from classroom.completion.queries import Learned
from classroom.completion.reasons import reasons
from classroom.completion.rules import place_of
from classroom.completion.words import Line
from classroom.enrolment.models import Enrolment
from classroom.learning.pages import Taken

# A question is met by playing up to it.
_LEAD_MS = 2000


def conditions(taken: Taken) -> list[Line]:
    """Return every part of the rule with its state and next step, and where that is done; empty where nowhere here."""
    addresses = {str(line.lesson.key): line.address for line in taken.lines}
    titles = {str(line.lesson.key): line.title for line in taken.lines}
    learned = Learned(
        lessons=[line.lesson for line in taken.lines],
        progress={line.lesson.pk: line.progress for line in taken.lines if line.progress},
        complete={line.lesson.pk: line.done_at for line in taken.lines if line.done_at},
    )
    listed = reasons(taken.enrolment, titles, learned)
    return [replace(line, address=_address(line, addresses, taken)) for line in listed]


def _address(line: Line, addresses: dict[str, str], taken: Taken) -> str:
    if line.is_met:
        return ""
    if line.kind == "exam":
        return reverse("exams:cover", args=[taken.enrolment.pk]) if taken.lessons_done else ""
    if line.kind == "questions":
        return _moment(line.keys, addresses)
    return next((addresses[key] for key in line.keys if key in addresses), "")


def _moment(keys: tuple[str, ...], addresses: dict[str, str]) -> str:
    """Return where the first question still to be answered is put: a little before its moment."""
    for key in keys:
        lesson, at_ms = place_of(key)
        if lesson in addresses:
            return f"{addresses[lesson]}?at={max(0, at_ms - _LEAD_MS)}"
    return ""


def course_page(taken: Taken) -> dict[str, Any]:
    """Return what the course's page adds for its learner."""
    return {
        "taken": taken,
        "reasons": conditions(taken),
        "may_leave": taken.enrolment.origin == Enrolment.Origin.SELF and not taken.is_completed,
    }
