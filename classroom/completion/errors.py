"""What can be refused about a correction by hand; each message says what to do."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class CorrectionError(Exception):
    """A refusal; nothing was changed."""

    code = "correction_error"
    message: "str | _StrPromise" = _("This correction is not possible.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class NotPermitted(CorrectionError):
    """The person has no right to correct this record."""

    code = "not_permitted"
    message = _("Only who supervises the institution may correct its records, and nobody their own.")


class ReasonMissing(CorrectionError):
    """A correction is a reasoned act."""

    code = "reason_missing"
    message = _("Write down the reason: the person concerned reads it.")


class AlreadyProposed(CorrectionError):
    """One proposal at a time for an enrolment."""

    code = "already_proposed"
    message = _("A correction of this record waits for a decision. Decide that one first.")


class SamePerson(CorrectionError):
    """Whoever proposed does not decide."""

    code = "same_person"
    message = _("You proposed this correction. A second person has to decide it.")


class AlreadyDecided(CorrectionError):
    """Somebody decided it, otherwise or before."""

    code = "already_decided"
    message = _("This correction was decided before. Reload the page to see how.")


class Lapsed(CorrectionError):
    """Nobody decided in time."""

    code = "lapsed"
    message = _("This proposal has lapsed: nobody decided it within 30 days. Propose the correction again.")


class DoesNotApply(CorrectionError):
    """The record is not, or no longer, in the state that this correction corrects."""

    code = "does_not_apply"
    message = _(
        "The record does not stand as this correction supposes, or no longer. Look at the person's page."
    )


class HoursOutOfRange(CorrectionError):
    """Never more hours than the course gives."""

    code = "hours_out_of_range"
    message = _("With these hours the record would hold more, or less, than the course can give.")
