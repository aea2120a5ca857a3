"""Who may correct a record by hand."""

from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.enrolment.permissions import answers_for


def may_correct(user: Any, enrolment: Enrolment) -> bool:
    """Whether the person may propose, or decide, a correction of this enrolment.

    Those who supervise its institution today, and a superuser. Never the learner in question, and by
    themselves neither training managers nor operators: who runs training or the platform does not
    write its results.
    """
    return answers_for(user, enrolment)
