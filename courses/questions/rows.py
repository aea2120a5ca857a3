"""A question as it is handed in, and what makes it answerable. Pure but for the words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext_lazy as _

from courses.questions.errors import BadQuestion

KINDS = ("single", "multiple", "true_false")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONGEST_STEM, LONGEST_OPTION, MOST_OPTIONS = 2000, 500, 12
LONGEST_REFERENCE = 64
# What stands where a sign was lost on the way: nobody could answer what is left.
DAMAGED = "\ufffd"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question as an editor or a file hands it in. `place` says where in the file it stands."""

    kind: str
    stem: str
    options: tuple[Option, ...]
    answers: tuple[str, ...]
    reference: str = ""
    explanation: str = ""
    legal_basis: str = ""
    effective_from: date | None = None
    reviewed_on: date | None = None
    place: str = ""
    # What was left aside in reading it without harm; shown before anything is imported.
    notes: tuple[str, ...] = ()
    # Why it cannot be taken over from its file.
    problem: str = ""

    @classmethod
    def refused(cls, place: str, problem: str, stem: str = "") -> "QuestionRow":
        """Return a row that stands for a question that cannot be taken over."""
        return cls(kind="", stem=stem, options=(), answers=(), place=place, problem=problem)

    def named(self, reference: str, notes: tuple[str, ...] = ()) -> "QuestionRow":
        """Return the row under a reference and with further notes."""
        return replace(self, reference=reference, notes=(*self.notes, *notes))

    def noted(self, note: str) -> "QuestionRow":
        """Return the row with one more note."""
        return replace(self, notes=(*self.notes, note))

    def content(self) -> tuple[object, ...]:
        """Return what a learner would see or be marked by; equal content needs no new version."""
        return (
            self.stem,
            tuple((option.key, option.text) for option in self.options),
            self.answers,
            self.explanation,
            self.legal_basis,
        )


def lettered(texts: Sequence[str]) -> tuple[Option, ...]:
    """Return options named A, B, C and so on."""
    return tuple(Option(letter, text) for letter, text in zip(LETTERS, texts, strict=False))


def checked(row: QuestionRow) -> QuestionRow:
    """Return the row, its answers in the order of its options, or raise `BadQuestion`."""
    if row.problem:
        raise BadQuestion("file", row.problem)
    if row.kind not in KINDS:
        raise BadQuestion("kind", _("Only single choice, multiple choice and true-or-false can be used."))
    if not row.stem.strip():
        raise BadQuestion("stem", _("The question has no text."))
    if len(row.stem) > LONGEST_STEM:
        raise BadQuestion("stem", _("The question is longer than %(n)d characters.") % {"n": LONGEST_STEM})
    _check_signs(row)
    _check_options(row)
    _check_answers(row)
    order = {option.key: place for place, option in enumerate(row.options)}
    answers = tuple(sorted(set(row.answers), key=order.__getitem__))
    return replace(row, answers=answers)


def _check_signs(row: QuestionRow) -> None:
    """What a database would refuse, and with it everything else of the file; what came damaged."""
    if len(row.reference) > LONGEST_REFERENCE:
        words = _("The reference is longer than %(n)d characters.") % {"n": LONGEST_REFERENCE}
        raise BadQuestion("reference", words)
    options = (f"{option.key}{option.text}" for option in row.options)
    texts = (row.reference, row.stem, row.explanation, row.legal_basis, *options)
    if any("\x00" in text or DAMAGED in text for text in texts):
        raise BadQuestion("stem", _("It holds a sign that cannot be kept. Type the question anew."))


def _check_options(row: QuestionRow) -> None:
    texts = [option.text.strip() for option in row.options]
    if len(texts) < 2:
        raise BadQuestion("options", _("At least two options are needed."))
    if len(texts) > MOST_OPTIONS:
        raise BadQuestion("options", _("More than %(n)d options cannot be shown.") % {"n": MOST_OPTIONS})
    if row.kind == "true_false" and len(texts) != 2:
        raise BadQuestion("options", _("True-or-false has exactly two options."))
    if not all(texts):
        raise BadQuestion("options", _("An option is empty."))
    if any(len(text) > LONGEST_OPTION for text in texts):
        raise BadQuestion("options", _("An option is longer than %(n)d characters.") % {"n": LONGEST_OPTION})
    if len(set(texts)) != len(texts):
        raise BadQuestion("options", _("Two options say the same."))
    keys = [option.key for option in row.options]
    if len(set(keys)) != len(keys) or not all(keys):
        raise BadQuestion("options", _("Each option needs a letter of its own."))


def _check_answers(row: QuestionRow) -> None:
    answers, keys = set(row.answers), {option.key for option in row.options}
    if not answers:
        raise BadQuestion("answers", _("No right answer is marked."))
    if not answers <= keys:
        raise BadQuestion("answers", _("The right answer names an option that is not there."))
    if row.kind != "multiple" and len(answers) != 1:
        raise BadQuestion("answers", _("Exactly one answer may be right; choose multiple choice for more."))
    if row.kind == "multiple" and len(answers) < 2:
        raise BadQuestion("answers", _("Multiple choice needs at least two right answers."))
