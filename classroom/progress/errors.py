"""What can be refused about progress, each with a code for programs and words for the learner."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class ProgressError(Exception):
    """A request that cannot be met; nothing was changed."""

    code = "progress_error"
    message: "str | _StrPromise" = _("This is not possible in this lesson.")


class SessionUnknown(ProgressError):
    """There is no such session, or it is another person's."""

    code = "session_unknown"
    message = _("This viewing is not yours or does not exist. Reload the page to start a new one.")


class SignedOut(ProgressError):
    """The sign-in does not hold any more."""

    code = "signed_out"
    message = _("You are signed out. Sign in again; what you watched is kept on this device.")


class NotLearning(ProgressError):
    """The enrolment was withdrawn."""

    code = "not_learning"
    message = _("You are no longer enrolled in this course, so nothing can be counted. Enrol again to go on.")


class LessonNotGranted(ProgressError):
    """The lesson is of another edition than the enrolment."""

    code = "lesson_not_granted"
    message = _("This lesson is not part of the edition that you are enrolled in.")


class LessonNotPlayable(ProgressError):
    """The lesson has no lecture."""

    code = "lesson_not_playable"
    message = _("This lesson has no lecture to play.")


class LessonNotReadable(ProgressError):
    """A lecture is watched, not confirmed."""

    code = "lesson_not_readable"
    message = _("This lesson is a lecture: it counts by being watched.")


class TooFarAhead(ProgressError):
    """The number of a report leaves too many before it missing."""

    code = "too_far_ahead"
    message = _("Too many reports before this one are missing. Reload the page to start a new viewing.")


class MomentNotReached(ProgressError):
    """A question inside a lecture was answered before its moment was played."""

    code = "moment_not_reached"
    message = _(
        "The lecture has not been played up to this question, as far as the server knows. If you just played "
        "it, wait until your progress is saved and answer again; otherwise watch that part first."
    )


class CheckUnknown(ProgressError):
    """There is no such presence check, or it is another person's."""

    code = "check_unknown"
    message = _("This question is not open any more.")


class NoMoreTime(ProgressError):
    """A presence check was extended as often as it may be, or its time is over."""

    code = "no_more_time"
    message = _("The time for this question cannot be extended further. Answer it to go on.")
