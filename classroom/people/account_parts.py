"""What the rooms above add to a person's own account page.

This room knows no institution; a room above registers, when its app starts, a function that reads
its part for one person, and the page shows it under that name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from classroom.people.models import User

_READERS: dict[str, Callable[[User], Any]] = {}


def register_part(name: str, reader: Callable[[User], Any]) -> None:
    """Add a part; registering a name again replaces it."""
    _READERS[name] = reader


def parts_of(user: User) -> Mapping[str, Any]:
    """Return all parts of the person's account page, by name."""
    return {name: reader(user) for name, reader in _READERS.items()}
