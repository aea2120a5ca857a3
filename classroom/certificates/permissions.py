"""Who may do what with certificates."""

from typing import Any

from classroom.people.permissions import is_operator, is_reviewer


def may_end(user: Any) -> bool:
    """Whether the person may revoke, replace and render again."""
    return bool(user.is_authenticated and (user.is_superuser or is_operator(user) or is_reviewer(user)))
