"""Who may put on record that an exam was supervised."""

from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.enrolment.permissions import answers_for


def may_supervise(user: Any, enrolment: Enrolment) -> bool:
    """Whether the person may record that a sitting of this enrolment is supervised.

    Who manages the training of its institution today, who supervises the institution, and a superuser;
    never the learner in question. Trainers and operators have no right to anybody's learning records.
    """
    return answers_for(user, enrolment, or_manages=True)
