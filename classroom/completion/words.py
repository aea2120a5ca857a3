"""Why a course is not complete yet, in plain words: the same text for learner, manager and regulator."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from classroom.completion.rules import Item, Outcome, Part, State, Step, place_of
from classroom.exams.queries import Eligibility


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the rule in words: what it asks, where it stands, what to do next."""

    kind: str
    state: str
    title: str
    standing: str
    next_step: str
    keys: tuple[str, ...] = ()
    # Where the next step is done; only on the pages of the learner, whose step it is.
    address: str = ""

    @property
    def is_met(self) -> bool:
        """Whether this part is satisfied."""
        return self.state == State.MET


def clock(milliseconds: int) -> str:
    """Return `12:38`, or `1:02:38` from an hour on; part seconds are cut off, so that nothing is told too soon."""
    seconds = max(0, milliseconds) // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def state(code: str) -> str:
    """Return a state as one short word."""
    return {
        State.MET: _("met"),
        State.UNDER_WAY: _("under way"),
        State.NOT_BEGUN: _("not begun"),
        State.BLOCKED: _("waits"),
        State.MISSED: pgettext("deadline", "missed"),
    }.get(code, _("cannot be judged"))


def lines(outcome: Outcome, titles: Mapping[str, str]) -> list[Line]:
    """Return each part of the rule in words; `titles` names lessons by key, and courses by code (the code is part of the name).

    A part that asks for nothing (no reading in the course) is left out.
    """
    return [_line(item, titles) for item in outcome.items if item.need > 0]


def _line(item: Item, titles: Mapping[str, str]) -> Line:
    unmet = tuple(part.key for part in item.parts if part.state != State.MET)
    say = {
        "lessons": _lessons,
        "readings": _readings,
        "questions": _questions,
        "prerequisites": _prerequisites,
        "exam": _exam,
        "deadline": _deadline,
        "correction": _correction,
    }.get(item.kind, _unknown)
    if item.state == State.UNKNOWN and item.kind != "exam":
        say = _unknown
    title, standing, next_step = say(item, titles)
    return Line(item.kind, item.state, title, standing, "" if item.is_met else next_step, unmet)


def _first(item: Item, titles: Mapping[str, str]) -> tuple[Part | None, str]:
    part = next((part for part in item.parts if part.state != State.MET), None)
    return part, titles.get(part.key, part.key) if part else ""


def _lessons(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    title = ngettext("Watch the lecture", "Watch all %(need)d lectures", item.need) % {"need": item.need}
    standing = _("%(have)d of %(need)d seen") % {"have": item.have, "need": item.need}
    part, name = _first(item, titles)
    if part is None:
        return title, standing, ""
    if part.have:
        next_step = _("Go on with “%(title)s”: %(have)s of %(need)s verified so far.") % {
            "title": name,
            "have": clock(part.have),
            "need": clock(part.need),
        }
    else:
        next_step = _("Begin “%(title)s” (%(need)s).") % {"title": name, "need": clock(part.need)}
    return title, standing, next_step


def _readings(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    title = ngettext("Read the text", "Read all %(need)d texts", item.need) % {"need": item.need}
    standing = _("%(have)d of %(need)d confirmed") % {"have": item.have, "need": item.need}
    _part, name = _first(item, titles)
    return title, standing, _("Read “%(title)s” and confirm it at its end.") % {"title": name}


def _questions(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    title = ngettext(
        "Answer the question inside the lectures rightly",
        "Answer all %(need)d questions inside the lectures rightly",
        item.need,
    ) % {"need": item.need}
    standing = _("%(have)d of %(need)d answered rightly") % {"have": item.have, "need": item.need}
    part, _name = _first(item, titles)
    lesson, at_ms = place_of(part.key) if part else ("", 0)
    values = {"at": clock(at_ms), "title": titles.get(lesson, lesson)}
    return title, standing, _("Answer the question at %(at)s of “%(title)s”.") % values


def _prerequisites(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    standing = _("%(have)d of %(need)d completed") % {"have": item.have, "need": item.need}
    _part, name = _first(item, titles)
    return (
        _("Complete the courses that come before"),
        standing,
        _("Complete “%(title)s” first.") % {"title": name},
    )


def _exam(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    mark = {"mark": f"{item.need / 10:g}", "score": f"{item.have / 10:g}"}
    title = _("Pass the exam with at least %(mark)s of 100") % mark
    if item.state == State.UNKNOWN:
        return _("Pass the exam"), _("The course has no exam."), _ask()
    if item.is_met:
        return title, _("Passed with %(score)s") % mark, ""
    # One that waits for something before it was perhaps sat already.
    is_sat = item.state == State.UNDER_WAY or item.have > 0
    standing = _("Best result so far: %(score)s") % mark if is_sat else _("Not sat yet")
    if item.state == State.UNDER_WAY:
        return title, standing, _("Sit the exam again.")
    if item.step == Step.FINISH_LESSONS:
        return title, standing, _("The exam opens when the lessons before it are finished.")
    return title, standing, _("Sit the exam.")


def sit_again(attempt: Eligibility) -> str:
    """Return the step after an exam that was not passed: at once, from a moment on, or none by oneself."""
    if attempt.next_at is not None:
        moment = date_format(timezone.localtime(attempt.next_at), "Y-m-d H:i")
        return _("Sit the exam again from %(moment)s on.") % {"moment": moment}
    return _("Sit the exam again.") if attempt.can_start else attempt.words


def _deadline(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    title = _("Complete it by %(date)s") % {"date": item.note}
    return title, _("In time") if item.is_met else _("The date has passed"), _ask()


def _correction(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    standing = _("Decided by two persons on %(date)s, not by the rules") % {"date": item.note}
    return _("Counted as completed by a correction by hand"), standing, ""


def _unknown(item: Item, titles: Mapping[str, str]) -> tuple[str, str, str]:
    return _("A condition that this version does not know"), _("cannot be judged"), _ask()


def _ask() -> str:
    return _("Ask the training centre that runs the course.")
