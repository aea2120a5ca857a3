"""Who may read and who may write questions. Answer keys are for these people only."""

from typing import Any


def may_read(user: Any) -> bool:
    """Whether the person may see the bank with its answers."""
    return bool(user.is_active and user.has_perm("questions.view_question"))


def may_write(user: Any) -> bool:
    """Whether the person may add, correct, retire and import questions."""
    return bool(user.is_active and user.has_perm("questions.change_question"))
