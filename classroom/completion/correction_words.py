"""A correction by hand in plain words: the same text for the person concerned, manager and regulator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from classroom.completion.models import Correction
from courses.catalogue.titles import titled


@dataclass(frozen=True, slots=True)
class Told:
    """What was proposed, why, and what became of it."""

    correction: Correction
    state: str
    state_words: str
    title: str
    proposal: str
    reason: str
    text: str
    decision: str
    decision_text: str

    @property
    def course(self) -> str:
        """The course's code and title, in the reader's language."""
        enrolment = self.correction.enrolment
        return f"{enrolment.course.code} {titled(enrolment.edition)}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for a second person."""
        return self.state == Correction.State.PROPOSED


def what(correction: Correction) -> str:
    """Return what the correction does, as a heading."""
    kind = Correction.Kind(correction.kind)
    if kind == Correction.Kind.GRANT:
        return _("Count the course as completed, with %(hours)s credit hours") % {"hours": correction.hours}
    if kind == Correction.Kind.ADD_HOURS:
        return _("Add %(hours)s credit hours") % {"hours": correction.hours}
    if kind == Correction.Kind.REVERSE_HOURS and correction.entry is not None:
        return _("Take back %(hours)s credit hours of %(year)s") % {
            "hours": correction.entry.hours,
            "year": correction.entry.year,
        }
    return _("Withdraw the completion: its certificate is revoked, its credit hours are taken back")


def told(correction: Correction, now: datetime | None = None) -> Told:
    """Return a correction in words, in the reader's language."""
    state = correction.standing(now)
    proposal = _("%(name)s proposed this on %(at)s.") % _who(correction.proposed_by, correction.proposed_at)
    return Told(
        correction=correction,
        state=state,
        state_words=str(Correction.State(state).label),
        title=what(correction),
        proposal=proposal,
        reason=str(Correction.Reason(correction.reason).label),
        text=correction.text,
        decision=_decision(correction, state),
        decision_text=correction.decision,
    )


def _who(person: Any, at: datetime) -> dict[str, str]:
    return {"name": person.name, "at": _at(at)}


def _at(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i")


def _decision(correction: Correction, state: str) -> str:
    if state == Correction.State.LAPSED:
        return _(
            "It lapsed on %(at)s: nobody decided it within 30 days, so it has no effect. It may be proposed again."
        ) % {"at": _at(correction.expires_at)}
    if state == Correction.State.PROPOSED or correction.decided_by is None or correction.decided_at is None:
        return _("A second person has to decide it by %(at)s. Until then it has no effect.") % {
            "at": _at(correction.expires_at)
        }
    who = _who(correction.decided_by, correction.decided_at)
    if state == Correction.State.APPROVED:
        return _("%(name)s approved it on %(at)s, and with that it took effect.") % who
    return _("%(name)s rejected it on %(at)s; nothing was changed.") % who
