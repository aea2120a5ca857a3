"""A course's page as its learner sees it."""

from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.learning.pages import Taken


def course_page(taken: Taken) -> dict[str, Any]:
    """Return what the course's page adds for its learner."""
    return {
        "taken": taken,
        "may_leave": taken.enrolment.origin == Enrolment.Origin.SELF and not taken.is_completed,
    }
