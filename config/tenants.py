"""Whose quota and whose turn a trainer's lectures count for: the institution's that employs the trainer."""

from typing import Any

from classroom.institutions.queries import employer_of


def tenant_of(user: Any) -> str:
    """Return a name for the person's institution, "" where the person has none and is one alone."""
    institution = employer_of(user)
    return f"institution:{institution.pk}" if institution is not None else ""
