"""What the exam's pages say in words: kinds, spans of time, and the strings of the script."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classroom.exams.papers import Section
from classroom.exams.queries import Marked


def kind(code: str) -> str:
    """Return the short name of a kind of question."""
    return {"single": _("single choice"), "multiple": _("multiple choice")}.get(code, _("true or false"))


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the exam in words."""

    name: str
    count: int
    points: str
    note: str


def sections(listed: Iterable[Section]) -> list[Part]:
    """Return each section with its kind, count and points, and how it is marked."""
    parts = []
    for section in listed:
        note = ""
        if section["kind"] == "multiple":
            note = _("part marks") if section.get("partial") else _("only all right options score")
        points = f"{Decimal(str(section['points'])).normalize():f}"
        parts.append(Part(kind(section["kind"]), section["count"], points, note))
    return parts


def span_of_minutes(minutes: int) -> str:
    """Say a span in the largest whole unit: `24 hours`, `90 minutes`; empty for 0."""
    if minutes == 0:
        return ""
    if minutes % 60 == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def span_of_seconds(seconds: int) -> str:
    """Say how long a sitting took: `22 min 39 s`."""
    return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}


def clock_ticks(minutes: int) -> list[dict[str, Any]]:
    """Return the ticks of the time scale: place in percent, whether major, and its figure.

    Majors are every 5, 10, 15 or 30 minutes, so that at most seven fit a phone.
    """
    major = next(step for step in (5, 10, 15, 30, 60, 1440) if minutes / step <= 6)
    minor = max(1, major // 10) if minutes <= 90 else major
    return [
        {
            "x": round(100 * minute / minutes, 3),
            "is_major": minute % major == 0,
            "label": str(minute) if minute % major == 0 else "",
        }
        for minute in range(0, minutes + 1, minor)
    ]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many questions of one kind were right."""

    name: str
    right: int
    count: int
    points: Decimal
    max_points: Decimal


def tallies(marked: Iterable[Marked]) -> list[Tally]:
    """Return right answers and points by kind, in the order of the paper; tells no key."""
    grouped: dict[str, list[Marked]] = {}
    for one in marked:
        grouped.setdefault(one.kind, []).append(one)
    return [
        Tally(
            kind(code),
            sum(one.is_right for one in group),
            len(group),
            sum((one.points for one in group), Decimal(0)),
            sum((one.max_points for one in group), Decimal(0)),
        )
        for code, group in grouped.items()
    ]


def for_script() -> dict[str, str]:
    """Return the strings that the sitting's script shows; names in braces are filled there."""
    return {
        "saving": _("Saving question {n}"),
        "saved": _("Question {n} saved {time}"),
        "offline": _("Offline; {count} kept on this device"),
        "resending": _("Resending {count}"),
        "signed_out": _("Signed out; {count} kept on this device. Sign in again in another tab."),
        "refused": _("Not saved: {reason}"),
        "newer": _("Question {n}: a newer answer from another page or device was kept"),
        "left": _("{minutes} minutes left"),
        "left_seconds": _("{seconds} seconds left"),
        "time_up": _("The time is up. Handing in what was saved."),
        "time_up_offline": _(
            "The time is up. What was saved has been handed in; the result shows once you are online."
        ),
        "answered": _("question {n}, answered"),
        "unanswered": _("question {n}, not answered"),
        "answered_flagged": _("question {n}, answered, flagged"),
        "unanswered_flagged": _("question {n}, not answered, flagged"),
        "flag": _("Flag"),
        "flagged": _("Flagged"),
        "ask_unanswered": _("{count} questions are not answered. Hand in all the same?"),
        "ask_complete": _("All questions are answered. Hand in now?"),
        "ask_unsaved": _("{count} answers have not reached the server yet. Wait until they are saved."),
        "note_unanswered": _("{count} not answered; you are asked once more before handing in."),
        "note_complete": _("All answered. You are asked once more before handing in."),
        "questions": _("{count} questions"),
    }
