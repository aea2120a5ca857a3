"""Who may put on record that an exam was supervised."""

from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.institutions.queries import scope_of


def may_supervise(user: Any, enrolment: Enrolment) -> bool:
    """Whether the person may record that a sitting of this enrolment is supervised.

    Who manages the training of its institution today, who supervises the institution, and a superuser;
    never the learner in question. Trainers and operators have no right to anybody's learning records.
    """
    if not user.is_authenticated or not user.is_active or enrolment.user_id == user.pk:
        return False
    scope = scope_of(user)
    if scope.everything:
        return True
    if enrolment.institution is None:
        return False
    office = enrolment.institution.supervising_authority.path
    return enrolment.institution_id in scope.institution_ids or any(
        office.startswith(path) for path in scope.authority_paths
    )
