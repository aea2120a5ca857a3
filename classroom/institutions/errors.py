"""What can be wrong with institutions and their staff; each message says what to do."""

from django.utils.translation import gettext_lazy as _


class InstitutionError(Exception):
    """A refusal of this room; `message` is for the reader, in the reader's language."""

    message = _("This cannot be done.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class NotAllowed(InstitutionError):
    """Neither a manager of the institution nor an operator asks."""

    message = _("Only a training manager of the institution or an operator may do this.")


class BadCreditCode(InstitutionError):
    """The unified social credit code fails its check."""

    message = _("The unified social credit code fails its check. Compare all 18 characters.")


class BadCertificateNumber(InstitutionError):
    """The CMA certificate's number is not of its form."""

    message = _("A CMA certificate number has twelve digits. Compare it with the certificate.")


class Ended(InstitutionError):
    """An institution that ended cannot take another in."""

    message = _("This institution has ended itself. Choose the one that goes on.")


class AlreadyThere(InstitutionError):
    """What was to be made is there already."""

    message = _("This is there already. Nothing was changed.")


class EndsBeforeStart(InstitutionError):
    """A last day lies before the first."""

    message = _("The last day is before the first. Choose a later one.")


class Overlaps(InstitutionError):
    """The person is a member of the institution during some of these days already."""

    message = _("The person is there already during some of these days. Choose a later first day.")


class UnreadableFile(InstitutionError):
    """The file is no spreadsheet that can be read."""

    message = _("This file cannot be read. Save it as XLSX or as CSV and choose it again.")


class OldSpreadsheet(UnreadableFile):
    """The file is of a format that is not read."""

    message = _("This is an old or other spreadsheet format. Save it as XLSX or as CSV and choose it again.")


class ProtectedFile(UnreadableFile):
    """The file is encrypted."""

    message = _("This file is protected by a password. Save it without one and choose it again.")


class EmptyFile(UnreadableFile):
    """There is nothing in it."""

    message = _("There are no rows in this file. Fill in the template and choose it again.")


class FileTooLarge(UnreadableFile):
    """The file is larger than a staff list is."""

    message = _("This file is too large. Split it: at most 5 MB and 5,000 rows at a time.")


class MissingColumns(UnreadableFile):
    """The heading does not name what is needed."""

    message = _(
        "The first row must name the columns; needed are the name and the mobile number or e-mail address."
    )


class ImportGone(InstitutionError):
    """The dry run is not one's own, or not there any more."""

    message = _("This import is not there any more. Choose the file again.")
