"""What can be wrong with a request about a person; each message says what to do."""

from django.utils.translation import gettext_lazy as _


class PeopleError(Exception):
    """A refusal of this room; `message` is for the reader, in the reader's language."""

    message = _("This cannot be done.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class NoIdentifier(PeopleError):
    """Neither a mobile number nor an e-mail address was given."""

    message = _("Enter a mobile number or an e-mail address: one of them is needed to sign in.")


class IdentifierTaken(PeopleError):
    """Somebody else signs in with this number or address."""

    message = _("Somebody already signs in with this mobile number or e-mail address. Check it.")


class UnknownSession(PeopleError):
    """The session is not one's own or not there."""

    message = _("This session is not among yours. Reload the page.")


class UnknownToken(PeopleError):
    """The token is not one's own or not there."""

    message = _("This token is not among yours. Reload the page.")


class TooManyTokens(PeopleError):
    """Too many live tokens."""

    message = _("You have ten live tokens. Revoke one that you no longer use.")
