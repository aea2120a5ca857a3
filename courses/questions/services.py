"""Writes of the question bank. A wording that an exam may have drawn is never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from courses.questions.errors import (
    AskedAlready,
    BadQuestion,
    ChangedMeanwhile,
    DuplicateReference,
    KindIsFixed,
)
from courses.questions.importers.records import row_of
from courses.questions.models import Question, QuestionBank, QuestionVersion
from courses.questions.rows import QuestionRow, checked


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one row: `outcome` is added, changed, unchanged or refused."""

    place: str
    reference: str
    stem: str
    outcome: str
    words: str = ""
    notes: tuple[str, ...] = ()

    @property
    def outcome_words(self) -> str:
        """Return the outcome in the reader's language."""
        return {
            "added": _("new"),
            "changed": _("changed"),
            "unchanged": _("there already"),
            "refused": _("refused"),
        }[self.outcome]


@dataclass
class ImportReport:
    """What an import did, or would do where `is_dry_run`; a row for each question handed in."""

    is_dry_run: bool
    lines: list[Line] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """Return how many rows ended so."""
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def added(self) -> int:
        """How many questions are new."""
        return self.count("added")

    @property
    def changed(self) -> int:
        """How many questions get a new version."""
        return self.count("changed")

    @property
    def unchanged(self) -> int:
        """How many questions are there already, word for word."""
        return self.count("unchanged")

    @property
    def refused(self) -> int:
        """How many rows cannot be imported."""
        return self.count("refused")


def create_bank(*, code: str, name: str, by: Any) -> QuestionBank:
    """Make an empty bank. Raises IntegrityError where the code is taken."""
    return QuestionBank.objects.create(code=code, name=name, created_by=by)


@transaction.atomic
def add_question(*, bank: QuestionBank, row: QuestionRow, by: Any) -> Question:
    """Add a question with its first version; without a reference it gets the next free one.

    Without a reference its words tell it from others, as in an import: sent twice, it is there once.
    Locks the bank's row. Raises `BadQuestion`, `AskedAlready` and `DuplicateReference`.
    """
    row = checked(row)
    QuestionBank.objects.select_for_update().get(pk=bank.pk)
    same = _match(bank, row)
    if same is not None:
        raise DuplicateReference(row.reference) if row.reference else AskedAlready(same)
    return _create(bank, row, by)


@transaction.atomic
def add_version(*, question: Question, row: QuestionRow, by: Any, seen: str | None = None) -> QuestionVersion:
    """Say a question anew, and return the version that now is current.

    Equal content changes nothing. A version that no edition has frozen is corrected in place; a
    frozen one stays as it is, and a new version takes its place in later exams. `seen` is the mark of
    the wording that the editor had before the eyes ("" for none): where another stands meanwhile, and
    it does not say the same, nothing is saved. Locks the question's row. Raises `BadQuestion`,
    `KindIsFixed` and `ChangedMeanwhile`.
    """
    row = checked(row)
    question = Question.objects.select_for_update().get(pk=question.pk)
    if row.kind != question.kind:
        raise KindIsFixed(question.reference)
    current = question.current
    if current is not None and _says(current, row):
        return current
    if seen is not None and seen != (current.mark if current is not None else ""):
        raise ChangedMeanwhile(question.reference)
    if current is None or current.frozen_at is not None:
        return _write(question, row, by)
    _fill(current, row)
    current.created_by, current.created_at = by, timezone.now()
    current.save()
    return current


@transaction.atomic
def retire(*, question: Question) -> Question:
    """Keep a question out of later exams; editions that froze it still draw it. Locks its row."""
    question = Question.objects.select_for_update().get(pk=question.pk)
    if question.retired_at is None:
        question.retired_at = timezone.now()
        question.save(update_fields=["retired_at"])
    return question


@transaction.atomic
def restore(*, question: Question) -> Question:
    """Let later exams draw a retired question again. Locks its row."""
    question = Question.objects.select_for_update().get(pk=question.pk)
    question.retired_at = None
    question.save(update_fields=["retired_at"])
    return question


def freeze(*, versions: QuerySet[QuestionVersion]) -> int:
    """Freeze versions because an edition may draw them; return how many were not frozen before."""
    return versions.filter(frozen_at__isnull=True).update(frozen_at=timezone.now())


def import_questions(
    *,
    bank: QuestionBank,
    rows: Sequence[QuestionRow | Mapping[str, Any]],
    by: Any,
    dry_run: bool = False,
) -> ImportReport:
    """Import rows (or records as in a JSON file) into a bank, and tell of each what happened.

    A row that cannot be used is refused with the reason and the others go on. A row whose
    reference is there changes that question (see `add_version`) or nothing; so a second run of the
    same file changes nothing. Rows without a reference are matched by their words. With `dry_run`
    everything is tried and rolled back. One transaction; locks the bank's row.
    """
    report = ImportReport(is_dry_run=dry_run)
    with transaction.atomic():
        QuestionBank.objects.select_for_update().get(pk=bank.pk)
        seen: set[str] = set()
        for number, row in enumerate(rows, start=1):
            row = row if isinstance(row, QuestionRow) else row_of(row, place=str(number))
            report.lines.append(_import(bank, row, by, seen))
        if dry_run:
            transaction.set_rollback(True)
    return report


def _import(bank: QuestionBank, row: QuestionRow, by: Any, seen: set[str]) -> Line:
    def line(outcome: str, reference: str = row.reference, words: str = "") -> Line:
        return Line(row.place, reference, row.stem[:120], outcome, words, row.notes)

    try:
        row = checked(row)
    except BadQuestion as refusal:
        return line("refused", words=str(refusal))
    if row.reference and row.reference in seen:
        return line("refused", words=_("The reference stands twice in the file."))
    question = _match(bank, row)
    if question is not None and question.reference in seen:
        return line("refused", question.reference, _("The same question stands twice in the file."))
    if question is None:
        question = _create(bank, row, by)
        seen.add(question.reference)
        return line("added", question.reference)
    seen.add(question.reference)
    if question.kind != row.kind:
        return line(
            "refused",
            question.reference,
            _("It is there as another kind. Retire the old question or give a new reference."),
        )
    before = content_of(question.current) if question.current else None
    if before == row.content():
        return line("unchanged", question.reference)
    add_version(question=question, row=row, by=by)
    return line("changed", question.reference)


def _match(bank: QuestionBank, row: QuestionRow) -> Question | None:
    questions = bank.questions.select_related("current")
    if row.reference:
        return questions.filter(reference=row.reference).first()
    return questions.filter(kind=row.kind, current__stem=row.stem).order_by("pk").first()


def _next_reference(bank: QuestionBank) -> str:
    number = bank.questions.count() + 1
    while bank.questions.filter(reference=f"Q{number:04d}").exists():
        number += 1
    return f"Q{number:04d}"


def content_of(version: QuestionVersion) -> tuple[object, ...]:
    """Return what a learner sees of a version or is marked by; compare with `QuestionRow.content`."""
    return (
        version.stem,
        tuple((option["key"], option["text"]) for option in version.options),
        tuple(version.answers),
        version.explanation,
        version.legal_basis,
    )


def _says(version: QuestionVersion, row: QuestionRow) -> bool:
    """Whether a version is the row already. Dates of a frozen one are as fixed as its words."""
    dates = (version.effective_from, version.reviewed_on)
    has_dates = version.frozen_at is not None or dates == (row.effective_from, row.reviewed_on)
    return has_dates and content_of(version) == row.content()


def _fill(version: QuestionVersion, row: QuestionRow) -> None:
    version.stem = row.stem
    version.options = [{"key": option.key, "text": option.text} for option in row.options]
    version.answers = list(row.answers)
    version.explanation = row.explanation
    version.legal_basis = row.legal_basis
    version.effective_from = row.effective_from
    version.reviewed_on = row.reviewed_on


def _create(bank: QuestionBank, row: QuestionRow, by: Any) -> Question:
    reference = row.reference or _next_reference(bank)
    question = Question.objects.create(bank=bank, reference=reference, kind=row.kind)
    _write(question, row, by)
    return question


def _write(question: Question, row: QuestionRow, by: Any) -> QuestionVersion:
    version = QuestionVersion(question=question, number=question.versions.count() + 1, created_by=by)
    _fill(version, row)
    version.save()
    question.current = version
    question.save(update_fields=["current"])
    return version
