"""What can go wrong in an exam, each with a code for programs and words for the learner."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class ExamError(Exception):
    """A request that the rules of the exam refuse; nothing was changed."""

    code = "exam_error"
    message: "str | _StrPromise" = _("This is not possible in this exam.")


class NotEligible(ExamError):
    """The exam cannot be started now; `reason` is a `queries.Reason`."""

    code = "not_eligible"

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.message = words


class AttemptClosed(ExamError):
    """The attempt was handed in before."""

    code = "attempt_closed"
    message = _("This exam has been handed in; answers can no longer be changed.")


class DeadlinePassed(ExamError):
    """The server's clock is past the deadline."""

    code = "deadline_passed"
    message = _("The time is up. This answer came too late and was not saved; what was saved before counts.")


class UnknownQuestion(ExamError):
    """The question is not on this paper."""

    code = "unknown_question"
    message = _("This question is not on your paper. Reload the page.")


class ImpossibleChoice(ExamError):
    """The choice names options that the question does not have, or too many."""

    code = "impossible_choice"
    message = _("This answer does not fit the question. Reload the page and choose again.")


class NotAsked(ExamError):
    """The lecture does not put this question."""

    code = "question_unknown"
    message = _("This lecture does not ask this question. Reload the page.")


class NotInvigilator(ExamError):
    """The person may not say that this exam is supervised."""

    code = "not_invigilator"
    message = _(
        "Only who manages the training of the institution, or supervises it, records that an exam is "
        "supervised; and nobody watches over their own."
    )


class SupervisionIncomplete(ExamError):
    """Who, where or why is missing."""

    code = "supervision_incomplete"
    message = _("Say who watches over the exam and where; to take it back, say why.")


class NotUnderWay(ExamError):
    """The exam was handed in, or its time is over."""

    code = "not_under_way"
    message = _(
        "An exam is recorded as supervised while it goes on. This one has been handed in, or its time is over; "
        "nothing was changed."
    )


def lessons_missing(have: int, need: int) -> str:
    """Say how many lessons are still to be finished before the exam opens."""
    if need == 0:
        return gettext("Finish the lessons first.")
    left = max(1, need - have)
    return ngettext(
        "Finish the lessons first: %(left)d of %(need)d is left.",
        "Finish the lessons first: %(left)d of %(need)d are left.",
        left,
    ) % {"left": left, "need": need}
