"""Rows that are written once: neither changed nor deleted, by whichever road of the ORM."""

from typing import Any, NoReturn

from django.db import models


class AppendOnly(RuntimeError):
    """Code tried to change or delete a row of a record that only grows."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Reads and inserts."""

    def update(self, **values: Any) -> NoReturn:
        """Raise `AppendOnly`."""
        raise AppendOnly(f"{self.model.__name__}: rows are not changed.")

    def delete(self) -> NoReturn:
        """Raise `AppendOnly`."""
        raise AppendOnly(f"{self.model.__name__}: rows are not deleted.")


class AppendOnlyModel(models.Model):
    """A row that can be inserted and read."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises `AppendOnly` for one that is there."""
        if not self._state.adding:
            raise AppendOnly(f"{type(self).__name__}: rows are not changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `AppendOnly`."""
        raise AppendOnly(f"{type(self).__name__}: rows are not deleted.")
