"""What can be wrong with a report; each message says what to do."""

from django.utils.translation import gettext_lazy as _


class ReportError(Exception):
    """A refusal of this room; `message` is for the reader, in the reader's language."""

    message = _("This report cannot be made.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class OutOfScope(ReportError):
    """The asker may not, or no longer, see what the report is about."""

    message = _("You have no access to this report.")


class UnknownReport(ReportError):
    """The kind or the format is not one there is."""

    message = _("There is no such report. Choose a table and XLSX or CSV.")


class NobodyChosen(ReportError):
    """No person of the institution was chosen."""

    message = _("Nobody of your institution is chosen. Tick the people first.")


class FileMissing(ReportError):
    """The export is the asker's own, and has no file: not yet, not any more, or it could not be made."""
