"""Who answers for an enrolment, beside the learner."""

from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.institutions.queries import scope_of


def answers_for(user: Any, enrolment: Enrolment, *, or_manages: bool = False) -> bool:
    """Whether the person supervises the enrolment's institution today, or is a superuser; never its own learner.

    With `or_manages` also who manages the institution's training.
    """
    if not user.is_authenticated or not user.is_active or enrolment.user_id == user.pk:
        return False
    scope = scope_of(user)
    if scope.everything:
        return True
    if enrolment.institution is None:
        return False
    if or_manages and enrolment.institution_id in scope.institution_ids:
        return True
    office = enrolment.institution.supervising_authority.path
    return any(office.startswith(path) for path in scope.authority_paths)
