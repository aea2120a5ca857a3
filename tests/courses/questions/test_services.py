"""Banks, questions, versions and imports."""

import json
from datetime import date

import pytest
from django.db import IntegrityError

from courses.questions import queries, services
from courses.questions.errors import BadQuestion, DuplicateReference, KindIsFixed
from courses.questions.importers.records import row_of
from courses.questions.models import Question, QuestionVersion
from courses.questions.rows import Option, QuestionRow, lettered
from tests.environment import ROOT
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionBankFactory, QuestionFactory, fill_bank

pytestmark = pytest.mark.django_db


def row(**fields):
    """A single-choice row that is right."""
    values = {
        "kind": "single",
        "stem": "资质认定证书的有效期为多少年？",
        "options": lettered(["3年", "6年"]),
        "answers": ("B",),
        "reference": "Q1",
    }
    return QuestionRow(**{**values, **fields})


def test_a_bank_begins_empty():
    user = UserFactory()
    bank = services.create_bank(code="cma", name="资质认定", by=user)
    assert (bank.created_by, queries.pool_sizes(bank)) == (user, {})
    with pytest.raises(IntegrityError):
        services.create_bank(code="cma", name="又一个", by=user)


def test_a_question_gets_a_first_version():
    user = UserFactory()
    question = services.add_question(bank=QuestionBankFactory(), row=row(), by=user)
    version = question.current
    assert (version.number, version.stem, version.answers) == (1, row().stem, ["B"])
    assert version.options == [{"key": "A", "text": "3年"}, {"key": "B", "text": "6年"}]
    assert version.created_by == user


def test_references_are_unique_and_given_where_absent():
    bank = QuestionBankFactory()
    services.add_question(bank=bank, row=row(reference="Q0001"), by=None)
    with pytest.raises(DuplicateReference):
        services.add_question(bank=bank, row=row(reference="Q0001"), by=None)
    assert (
        services.add_question(bank=bank, row=row(reference="", stem="又一题？"), by=None).reference == "Q0002"
    )
    assert (
        services.add_question(bank=QuestionBankFactory(), row=row(reference=""), by=None).reference == "Q0001"
    )


def test_an_unfrozen_version_is_corrected_in_place():
    question = QuestionFactory()
    version = services.add_version(question=question, row=row(), by=None)
    assert (version.pk, version.number, version.stem) == (question.current_id, 1, row().stem)
    assert question.versions.count() == 1


def test_a_frozen_version_stays_and_a_new_one_takes_over():
    question = QuestionFactory()
    old = question.current
    assert services.freeze(versions=QuestionVersion.objects.filter(pk=old.pk)) == 1
    assert services.freeze(versions=QuestionVersion.objects.filter(pk=old.pk)) == 0
    version = services.add_version(question=question, row=row(), by=None)
    question.refresh_from_db()
    assert (version.number, question.current) == (2, version)
    assert QuestionVersion.objects.get(pk=old.pk).stem == old.stem
    assert list(queries.history(question)) == [version, old]


def test_the_same_words_make_no_new_version():
    question = services.add_question(bank=QuestionBankFactory(), row=row(), by=None)
    services.freeze(versions=question.versions.all())
    assert services.add_version(question=question, row=row(), by=None) == question.current
    assert question.versions.count() == 1


def test_dates_of_an_unfrozen_version_can_be_corrected():
    question = services.add_question(bank=QuestionBankFactory(), row=row(), by=None)
    version = services.add_version(question=question, row=row(effective_from=date(2021, 6, 1)), by=None)
    assert version.effective_from == date(2021, 6, 1)


def test_a_question_keeps_its_kind():
    with pytest.raises(KindIsFixed):
        services.add_version(question=QuestionFactory(kind="multiple"), row=row(), by=None)


def test_retired_questions_leave_the_pool_and_come_back():
    bank = fill_bank(single=2, multiple=1)
    question = bank.questions.filter(kind="single").first()
    services.retire(question=question)
    assert queries.pool_sizes(bank) == {"single": 1, "multiple": 1}
    assert question.current not in queries.pool(bank, "single")
    first = services.retire(question=question).retired_at
    assert services.retire(question=question).retired_at == first
    services.restore(question=question)
    assert question.current in queries.pool(bank, "single")


def test_the_pool_holds_current_versions_only(django_assert_num_queries):
    bank = fill_bank(single=1)
    question = bank.questions.get()
    services.freeze(versions=question.versions.all())
    version = services.add_version(question=question, row=row(), by=None)
    QuestionFactory(bank=bank, version=False)
    QuestionFactory()
    with django_assert_num_queries(1):
        assert list(queries.pool(bank, "single")) == [version]


def test_banks_are_listed_with_counts(django_assert_num_queries):
    bank = fill_bank(single=2)
    services.retire(question=bank.questions.first())
    fill_bank(multiple=1)
    with django_assert_num_queries(1):
        assert [(b.in_use, b.retired) for b in queries.banks_with_counts().filter(pk=bank.pk)] == [(1, 1)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "essay"}, "kind"),
        ({"stem": "  "}, "stem"),
        ({"stem": "长" * 2001}, "stem"),
        ({"options": lettered(["6年"])}, "options"),
        ({"options": lettered([str(n) for n in range(13)])}, "options"),
        ({"options": lettered(["6年", " "])}, "options"),
        ({"options": lettered(["6年", "6年"])}, "options"),
        ({"options": lettered(["6年", "长" * 501])}, "options"),
        ({"options": (Option("A", "3年"), Option("A", "6年"))}, "options"),
        ({"answers": ()}, "answers"),
        ({"answers": ("C",)}, "answers"),
        ({"answers": ("A", "B")}, "answers"),
        ({"kind": "multiple"}, "answers"),
        ({"kind": "true_false", "options": lettered(["对", "错", "不知道"])}, "options"),
    ],
)
def test_what_nobody_could_answer_is_refused(fields, field):
    with pytest.raises(BadQuestion) as refusal:
        services.add_question(bank=QuestionBankFactory(), row=row(**fields), by=None)
    assert refusal.value.field == field
    assert str(refusal.value)
    assert not Question.objects.exists()


def test_an_import_tells_of_each_row_what_happened():
    bank = QuestionBankFactory()
    rows = [row(), row(reference="Q2", kind="essay", place="3"), row(reference="Q3", stem="另一题？")]
    report = services.import_questions(bank=bank, rows=rows, by=None)
    assert (report.added, report.changed, report.unchanged, report.refused) == (2, 0, 0, 1)
    assert [(line.place, line.reference, line.outcome) for line in report.lines] == [
        ("", "Q1", "added"),
        ("3", "Q2", "refused"),
        ("", "Q3", "added"),
    ]


def test_a_dry_run_changes_nothing():
    bank = QuestionBankFactory()
    report = services.import_questions(bank=bank, rows=[row()], by=None, dry_run=True)
    assert (report.is_dry_run, report.added) == (True, 1)
    assert not Question.objects.exists()


def test_a_second_run_changes_nothing_and_a_correction_is_a_version():
    bank = QuestionBankFactory()
    rows = [row(), row(reference="Q2", stem="乙？")]
    services.import_questions(bank=bank, rows=rows, by=None)
    again = services.import_questions(bank=bank, rows=rows, by=None)
    assert (again.unchanged, again.added, again.changed) == (2, 0, 0)
    services.freeze(versions=QuestionVersion.objects.all())
    corrected = services.import_questions(bank=bank, rows=[row(explanation="六年。")], by=None)
    assert corrected.changed == 1
    assert bank.questions.get(reference="Q1").versions.count() == 2


def test_rows_without_reference_are_matched_by_their_words():
    bank = QuestionBankFactory()
    services.import_questions(bank=bank, rows=[row(reference="")], by=None)
    again = services.import_questions(bank=bank, rows=[row(reference=""), row(reference="")], by=None)
    assert [line.outcome for line in again.lines] == ["unchanged", "refused"]
    assert bank.questions.count() == 1


def test_a_reference_twice_in_a_file_is_refused():
    rows = [row(), row(stem="另一题？")]
    report = services.import_questions(bank=QuestionBankFactory(), rows=rows, by=None)
    assert [line.outcome for line in report.lines] == ["added", "refused"]


def test_a_reference_of_another_kind_is_refused():
    bank = QuestionBankFactory()
    QuestionFactory(bank=bank, reference="Q1", kind="multiple")
    report = services.import_questions(bank=bank, rows=[row()], by=None)
    assert report.lines[0].outcome == "refused"


def test_the_demo_questions_are_all_imported_and_twice_is_once():
    records = json.loads((ROOT / "config/demo/content/questions.json").read_text("utf-8"))
    bank = QuestionBankFactory()
    report = services.import_questions(bank=bank, rows=records, by=None)
    assert (report.added, report.refused) == (61, 0)
    assert queries.pool_sizes(bank) == {"single": 34, "multiple": 10, "true_false": 17}
    assert services.import_questions(bank=bank, rows=records, by=None).unchanged == 61
    first = bank.questions.get(reference="Q001").current
    assert (first.answers, first.legal_basis[-4:]) == (["D"], "第十三条"[-4:])


@pytest.mark.parametrize(
    "record",
    [
        7,
        {"options": "A"},
        {"options": [7]},
        {"options": [], "answers": 7},
        {"options": [], "answers": [], "effective_from": "gestern"},
    ],
)
def test_records_of_another_shape_become_problems(record):
    assert row_of(record).problem
