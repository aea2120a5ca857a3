"""What can go wrong in the question bank, each with words that say what to do."""

from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from courses.questions.models import Question


class QuestionError(Exception):
    """The root of the room's errors."""


class BadQuestion(QuestionError):
    """A question that nobody could answer; `words` says what to correct, `field` where."""

    def __init__(self, field: str, words: str | Promise) -> None:
        """Keep the field and the words."""
        super().__init__(str(words))
        self.field = field
        self.words = words


class DuplicateReference(QuestionError):
    """The bank already has a question under this reference."""


class AskedAlready(QuestionError):
    """The bank asks this already, in the same words: `question` is the one that does."""

    def __init__(self, question: "Question") -> None:
        """Keep the question that is there."""
        super().__init__(question.reference)
        self.question = question


class ChangedMeanwhile(QuestionError):
    """The question says something else than what its editor saw; nothing was saved."""


class KindIsFixed(QuestionError):
    """A question cannot become one of another kind; retire it and add a new one."""


class UnreadableFile(QuestionError):
    """A file that holds no questions in a form that is known; `words` says what is expected."""

    def __init__(self, words: str | Promise) -> None:
        """Keep the words."""
        super().__init__(str(words))
        self.words = words
