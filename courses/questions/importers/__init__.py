"""Reads questions from files: JSON, spreadsheets in the usual Chinese layouts, plain text, GIFT.

Reading never guesses silently. A question that cannot be taken over whole comes back with its
`problem`; what was left aside without harm is told in its `notes`; both are shown before anything
is imported.
"""

from dataclasses import dataclass
from pathlib import PurePath

from django.utils.translation import gettext_lazy as _

from courses.questions.errors import UnreadableFile
from courses.questions.importers.encodings import decode
from courses.questions.importers.gift import read_gift
from courses.questions.importers.plain import read_plain
from courses.questions.importers.records import read_json
from courses.questions.importers.sheets import read_csv, read_xlsx
from courses.questions.rows import QuestionRow

LARGEST_FILE = 2 * 1024 * 1024
MOST_ROWS = 5000
EXTENSIONS = ("json", "xlsx", "csv", "txt", "gift")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its questions in their order, and in which encoding it was read."""

    rows: list[QuestionRow]
    encoding: str


def read_questions(filename: str, content: bytes) -> Reading:
    """Return the questions of a file; its name's extension says which layout it has.

    Raises `UnreadableFile` with words that say what was expected.
    """
    extension = PurePath(filename).suffix.lower().lstrip(".")
    if extension not in EXTENSIONS:
        raise UnreadableFile(
            _("Use a file of one of these kinds: %(kinds)s.") % {"kinds": ", ".join(EXTENSIONS)}
        )
    if not content.strip():
        raise UnreadableFile(_("The file is empty."))
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(_("The file is larger than 2 MB. Split it."))
    if extension == "xlsx":
        reading = Reading(read_xlsx(content), "xlsx")
    else:
        text, encoding = decode(content)
        readers = {"json": read_json, "csv": read_csv, "txt": read_plain, "gift": read_gift}
        reading = Reading(readers[extension](text), encoding)
    if not reading.rows:
        raise UnreadableFile(_("No question was found in the file. Compare it with the template."))
    if len(reading.rows) > MOST_ROWS:
        raise UnreadableFile(_("The file holds more than %(n)d questions. Split it.") % {"n": MOST_ROWS})
    return reading
