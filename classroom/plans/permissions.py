"""Who may plan for whom."""

from classroom.institutions.models import Institution, SupervisingAuthority
from classroom.institutions.scopes import Scope


def may_plan(scope: Scope, authority: SupervisingAuthority | None, institution: Institution | None) -> bool:
    """Whether the scope holds the office, or manages the institution, that a plan belongs to."""
    if scope.everything:
        return True
    if authority is not None:
        return any(authority.path.startswith(path) for path in scope.authority_paths)
    return institution is not None and institution.pk in scope.institution_ids
