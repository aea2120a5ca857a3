"""Roles that an institution or an authority gives."""

from typing import Any

from classroom.institutions.models import Institution
from classroom.institutions.queries import scope_of


def is_manager(user: Any) -> bool:
    """Whether the person manages the training of an institution today."""
    return bool(scope_of(user).institution_ids)


def is_regulator(user: Any) -> bool:
    """Whether the person supervises institutions today, or may see everything."""
    scope = scope_of(user)
    return scope.everything or bool(scope.authority_paths)


def manages(user: Any, institution: Institution) -> bool:
    """Whether the person manages the training of this institution today."""
    scope = scope_of(user)
    return scope.everything or institution.pk in scope.institution_ids
