"""Who may do what, by the groups that the room's data migration makes."""

from typing import Any

TRAINERS = "Trainers"
REVIEWERS = "Reviewers"
OPERATORS = "Operators"


def _group_names(user: Any) -> frozenset[str]:
    """Return the names of the person's groups, read once an instance (that is, once a request)."""
    names: frozenset[str] | None = getattr(user, "_group_names", None)
    if names is None:
        names = frozenset(user.groups.values_list("name", flat=True))
        user._group_names = names
    return names


def forget_groups(user: Any) -> None:
    """Make the next question read again, after the roles of `user` changed."""
    user.__dict__.pop("_group_names", None)


def _belongs(user: Any, group: str) -> bool:
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or group in _group_names(user)


def is_trainer(user: Any) -> bool:
    """Whether the person writes courses and uploads lectures."""
    return _belongs(user, TRAINERS)


def is_reviewer(user: Any) -> bool:
    """Whether the person approves what trainers submit."""
    return _belongs(user, REVIEWERS)


def is_operator(user: Any) -> bool:
    """Whether the person keeps accounts and the platform, without a right to read learning records."""
    return _belongs(user, OPERATORS)
