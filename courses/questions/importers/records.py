"""JSON: a list of questions with `id`, `kind`, `stem`, `options`, `answers`, `explanation`, `reference`."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from courses.questions.errors import UnreadableFile
from courses.questions.rows import DAMAGED, Option, QuestionRow

# JSON may spell half of a pair (`\ud800`), which no page can show and no database keep.
_HALF_SIGN = re.compile("[\ud800-\udfff]")


def read_json(text: str) -> list[QuestionRow]:
    """Return the questions of a JSON list, or of the list under `questions`.

    Raises `UnreadableFile` where it is no such list.
    """
    try:
        data = json.loads(text)
        if isinstance(data, dict):
            data = data.get("questions")
        if not isinstance(data, list):
            raise UnreadableFile(_("A list of questions is expected."))
        return [row_of(item, place=str(number)) for number, item in enumerate(data, start=1)]
    except (ValueError, RecursionError) as error:
        # Not only what breaks the grammar: a number of thousands of digits, lists in lists without an end.
        raise UnreadableFile(_("This is not JSON: %(error)s") % {"error": error}) from error


def row_of(item: Any, *, place: str = "") -> QuestionRow:
    """Return a record as a row; what is not as expected becomes the row's problem."""
    if not isinstance(item, Mapping):
        return QuestionRow.refused(place, _("A question is expected to be an object."))
    options = item.get("options", [])
    if not isinstance(options, list) or not all(isinstance(option, Mapping) for option in options):
        return QuestionRow.refused(place, _("The options are expected to be a list."), _text(item, "stem"))
    answers = item.get("answers", [])
    if isinstance(answers, str):
        answers = list(answers)
    if not isinstance(answers, list):
        return QuestionRow.refused(place, _("The answers are expected to be a list."), _text(item, "stem"))
    try:
        effective, reviewed = _day(item, "effective_from"), _day(item, "reviewed_on")
    except ValueError:
        return QuestionRow.refused(place, _("A date is expected as 2026-01-31."), _text(item, "stem"))
    return QuestionRow(
        kind=_text(item, "kind"),
        stem=_text(item, "stem"),
        options=tuple(Option(_text(option, "key"), _text(option, "text")) for option in options),
        answers=tuple(str(answer) for answer in answers),
        reference=_text(item, "id"),
        explanation=_text(item, "explanation"),
        legal_basis=_text(item, "legal_basis") or _text(item, "reference"),
        effective_from=effective,
        reviewed_on=reviewed,
        place=place,
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return "" if value is None else _HALF_SIGN.sub(DAMAGED, str(value)).strip()


def _day(item: Mapping[str, Any], name: str) -> date | None:
    value = item.get(name)
    return date.fromisoformat(str(value)) if value else None
