"""What can go wrong with certificates; each message says what to do."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class CertificateError(Exception):
    """A refusal of this room; nothing was changed."""

    code = "certificate_error"
    message: "str | _StrPromise" = _("This cannot be done with this certificate.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class NotPermitted(CertificateError):
    """Only operators and reviewers end certificates."""

    code = "not_permitted"
    message = _("Only operators and reviewers may do this.")


class AlreadyEnded(CertificateError):
    """It was revoked or replaced before."""

    code = "already_ended"
    message = _("This certificate was revoked or replaced before. Reload the page to see how it stands.")


class NothingChanged(CertificateError):
    """A replacement without a change would only burn a number."""

    code = "nothing_changed"
    message = _("Change at least one printed fact; without a change there is nothing to replace.")


class UnknownFact(CertificateError):
    """A replacement may correct a few facts only."""

    code = "unknown_fact"
    message = _(
        "Only the holder's name, its romanised form, the document and the institution can be corrected."
    )


class NoteMissing(CertificateError):
    """Ending a certificate needs an internal note."""

    code = "note_missing"
    message = _("Write a note: what was found, and who decided.")


class CompletionWithdrawn(Exception):
    """Two persons took the completion back: it earns no certificate any more."""


class CannotRender(Exception):
    """The PDF could not be made; the text says why. It is tried again."""


class NoSigningKey(Exception):
    """Outside the embedded mode SIGNING_CERT and SIGNING_KEY must be set."""
