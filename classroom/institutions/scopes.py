"""Whose data a person may read. A query that forgets to say so fails; it never leaks.

A scoped model has `objects = ScopedManager(...)`, which answers only `visible_to(scope)` and
`unscoped("reason")`, and `rows`, Django's own default manager, for its internals and migrations.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import Q

M = TypeVar("M", bound=models.Model)


class UnscopedRead(RuntimeError):
    """A query on people's data did not say on whose behalf it reads."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may read. Everything empty means: only oneself.

    `institution_ids` are those the person manages, `authority_paths` the materialised paths of the
    supervising authorities whose institutions (all the way down) the person supervises.
    """

    person_id: int | None
    institution_ids: tuple[int, ...] = ()
    authority_paths: tuple[str, ...] = ()
    everything: bool = False

    def condition(self, person: str | None, institution: str | None) -> Q:
        """Return the filter over a model whose person and institution are at these lookups."""
        if self.everything:
            return Q()
        allowed = Q(pk__in=[])
        if person and self.person_id is not None:
            allowed |= Q(**{person: self.person_id})
        if institution is not None:
            prefix = f"{institution}__" if institution else ""
            if self.institution_ids:
                allowed |= Q(**{f"{institution}__in" if institution else "pk__in": self.institution_ids})
            for path in self.authority_paths:
                allowed |= Q(**{f"{prefix}supervising_authority__path__startswith": path})
        return allowed


class ScopedManager(models.Manager[M], Generic[M]):
    """A manager that reads nothing until it is told for whom."""

    use_in_migrations = False

    def __init__(self, *, person: str | None = "user_id", institution: str | None = "institution") -> None:
        super().__init__()
        self._person, self._institution = person, institution

    def get_queryset(self) -> models.QuerySet[M]:
        """Raise `UnscopedRead`: neither `all` nor `filter` nor `get` says whose data it reads."""
        raise UnscopedRead(f"{self.model.__name__}: call visible_to(scope) or unscoped(reason) first.")

    def visible_to(self, scope: Scope) -> models.QuerySet[M]:
        """Return the rows that `scope` may read."""
        return super().get_queryset().filter(scope.condition(self._person, self._institution))

    def unscoped(self, reason: str) -> models.QuerySet[M]:
        """Return all rows, for work on nobody's behalf; `reason` says why in a few words."""
        if not reason.strip():
            raise UnscopedRead("Say why nobody's scope applies.")
        return super().get_queryset()

    def create(self, **values: Any) -> M:
        """Insert one row; writing needs no scope, the services check permission."""
        return super().get_queryset().create(**values)

    def bulk_create(self, objs: Iterable[M], **options: Any) -> list[M]:  # type: ignore[override]
        """Insert many rows."""
        return super().get_queryset().bulk_create(objs, **options)
