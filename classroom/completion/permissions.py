"""Who may correct a record by hand."""

from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.institutions.queries import scope_of


def may_correct(user: Any, enrolment: Enrolment) -> bool:
    """Whether the person may propose, or decide, a correction of this enrolment.

    Those who supervise its institution today, and a superuser. Never the learner in question, and by
    themselves neither training managers nor operators: who runs training or the platform does not
    write its results.
    """
    if not user.is_authenticated or not user.is_active or enrolment.user_id == user.pk:
        return False
    scope = scope_of(user)
    if scope.everything:
        return True
    if enrolment.institution is None:
        return False
    office = enrolment.institution.supervising_authority.path
    return any(office.startswith(path) for path in scope.authority_paths)
