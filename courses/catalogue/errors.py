"""What can go wrong in the catalogue, each with words that say what to do."""

from collections.abc import Sequence

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
