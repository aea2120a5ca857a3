"""What can go wrong in the catalogue, each with words that say what to do."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext

from courses.catalogue.readiness import Problem


class CatalogueError(Exception):
    """The root of the room's errors."""


class PublishRefused(CatalogueError):
    """A course cannot be published as it is; `problems` says why, in the reader's language."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; the error's text joins their words."""
        super().__init__(" ".join(str(problem.words) for problem in problems))
        self.problems = tuple(problems)


class NotUnderReview(CatalogueError):
    """A decision on a course that nobody submitted."""


class MayNotReview(CatalogueError):
    """The person is not one who may decide on this course."""


class MayNotSubmit(CatalogueError):
    """The person may not edit this course, and so not submit it."""


class ReasonMissing(CatalogueError, PermissionDenied):
    """A course is sent back without a word on what has to be changed."""

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__(gettext("Say what has to be changed: the course goes back to its trainer with it."))
