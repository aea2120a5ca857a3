"""JSON of a reasonable size, read strictly, refused in the reader's language."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

# A note of 2,000 signs is at most 24 KB.
BYTES_AT_MOST = 64 * 1024


class TooLarge(APIException):
    """The body is larger than anything that is asked for here."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The request is too large.")
    default_code = "too_large"


class ShortJSON(JSONParser):
    """Reads no more than it needs, where the framework's parser reads what it is sent to the end.

    That one also answers brackets nested without end with a fault of the server.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body says. Raises `TooLarge` and `ParseError`."""
        raw = stream.read(BYTES_AT_MOST + 1)
        if len(raw) > BYTES_AT_MOST:
            raise TooLarge
        try:
            found = json.loads(raw, parse_constant=_no_constant)
            # What cannot be written down again (half of a sign that two codes make up, a number without end)
            # cannot be repeated either, to say what is wrong with it.
            json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The request is not JSON.")) from error
        return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
