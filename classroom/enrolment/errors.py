"""What can be refused about an enrolment, each with a code for programs and words for the reader."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class EnrolmentError(Exception):
    """A request that the rules of enrolment refuse; nothing was changed."""

    code = "enrolment_error"
    message: "str | _StrPromise" = _("This is not possible for this enrolment.")


class EditionWithdrawn(EnrolmentError):
    """The edition was withdrawn, so nobody may begin it."""

    code = "edition_withdrawn"
    message = _(
        "This edition of the course was withdrawn. Look in the catalogue for the one that replaces it."
    )


class NothingToEnrolIn(EnrolmentError):
    """The course has no published edition."""

    code = "no_edition"
    message = _("This course is not open for enrolment yet.")


class AlreadyCompleted(EnrolmentError):
    """What is completed cannot be withdrawn from."""

    code = "already_completed"
    message = _("This course is completed; the record stays.")
