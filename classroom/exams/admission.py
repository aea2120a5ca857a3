"""Whether the lessons before the exam are done. A higher room knows; this room only asks.

Exams sit beside progress and below completion, so neither can be imported here. The conductor
(`classroom.learning`) tells this room at start-up how to ask.
"""

from collections.abc import Callable
from dataclasses import dataclass

from classroom.enrolment.models import Enrolment


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether the exam is open to an enrolment, with lessons done and lessons needed."""

    is_met: bool
    have: int = 0
    need: int = 0


Ask = Callable[[Enrolment], Admission]
_asks: list[Ask] = []


def ask_with(ask: Ask) -> None:
    """Name the function that knows; called once, when the conductor's app is ready."""
    _asks[:] = [ask]


def admission_of(enrolment: Enrolment) -> Admission:
    """Return whether the lessons are done. Where nobody was named, nothing bars the exam."""
    return _asks[0](enrolment) if _asks else Admission(is_met=True)
