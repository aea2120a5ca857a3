"""The bank over time: who may do what, versions and freezing, large imports, and its pages with bad input."""

import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import TimestampSigner
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from courses.questions import queries, services
from courses.questions.errors import DuplicateReference
from courses.questions.importers import MOST_ROWS
from courses.questions.models import Question, QuestionBank, QuestionVersion
from courses.questions.rows import QuestionRow, lettered
from tests.factories.questions import QuestionBankFactory, QuestionFactory, fill_bank

pytestmark = pytest.mark.django_db
CSV = "编号,题型,题干,选项A,选项B,答案\n"


def row(stem="几年？", **fields):
    values = {"kind": "single", "options": lettered(["3年", "6年"]), "answers": ("B",)}
    return QuestionRow(stem=stem, **{**values, **fields})


def address(name, *args):
    return reverse(f"question_bank:{name}", args=args)


@pytest.fixture
def trainer(member, browser_of):
    browser = browser_of(member("Trainers"))
    browser.user = member
    return browser


def posted(**fields):
    return {
        "kind": "single",
        "stem": "几年？",
        "option_1": "3年",
        "option_2": "6年",
        "right_2": "on",
        "explanation": "",
        "legal_basis": "",
        **fields,
    }


def a_file(text, name="题.csv"):
    return SimpleUploadedFile(name, text.encode())


# Versions


def test_each_correction_after_a_freeze_is_a_version_and_each_before_is_none():
    question = services.add_question(bank=QuestionBankFactory(), row=row("一"), by=None)
    for stem in ("二", "三"):
        services.add_version(question=question, row=row(stem), by=None)
    assert [version.stem for version in question.versions.all()] == ["三"]
    services.freeze(versions=question.versions.all())
    services.add_version(question=question, row=row("四"), by=None)
    services.add_version(question=question, row=row("五"), by=None)
    services.freeze(versions=question.versions.all())
    services.add_version(question=question, row=row("六"), by=None)
    assert [(v.number, v.stem) for v in queries.history(question)] == [(3, "六"), (2, "五"), (1, "三")]


def test_the_moment_of_freezing_does_not_move():
    question = QuestionFactory()
    services.freeze(versions=question.versions.all())
    first = question.versions.get().frozen_at
    assert services.freeze(versions=question.versions.all()) == 0
    assert question.versions.get().frozen_at == first


def test_who_corrected_is_named_with_the_version(member):
    writer, corrector = member("Trainers"), member("Trainers")
    question = services.add_question(bank=QuestionBankFactory(), row=row("一"), by=writer)
    services.freeze(versions=question.versions.all())
    assert services.add_version(question=question, row=row("二"), by=corrector).created_by == corrector
    assert question.versions.get(number=1).created_by == writer


def test_a_retired_question_can_still_be_corrected_and_stays_out():
    bank = fill_bank(single=1)
    question = bank.questions.get()
    services.retire(question=question)
    services.add_version(question=question, row=row("新"), by=None)
    assert list(queries.pool(bank, "single")) == []
    services.restore(question=question)
    assert [version.stem for version in queries.pool(bank, "single")] == ["新"]


def test_restoring_what_was_never_retired_changes_nothing():
    question = QuestionFactory()
    assert services.restore(question=question).retired_at is None


def test_nothing_of_a_bank_is_deleted_while_something_hangs_on_it():
    question = QuestionFactory()
    for thing in (question.bank, question, question.current):
        with pytest.raises(ProtectedError), transaction.atomic():
            thing.delete()


def test_the_database_refuses_two_versions_of_a_number_and_none_of_zero():
    question = QuestionFactory()
    for number in (1, 0):
        with pytest.raises(IntegrityError), transaction.atomic():
            QuestionVersion.objects.create(question=question, number=number, stem="x", options=[], answers=[])


@pytest.mark.parametrize("count", [1, 3])
def test_sizes_and_pools_cost_one_query_each_for_any_number(count, django_assert_num_queries):
    bank = fill_bank(single=count, multiple=count)
    with django_assert_num_queries(1):
        assert queries.pool_sizes(bank) == {"single": count, "multiple": count}
    with django_assert_num_queries(1):
        assert len({version.question.reference for version in queries.pool(bank, "single")}) == count


def test_the_next_reference_steps_over_those_that_are_taken():
    bank = QuestionBankFactory()
    for reference in ("Q0002", "Q0003"):
        services.add_question(bank=bank, row=row(reference, reference=reference), by=None)
    assert services.add_question(bank=bank, row=row("无号"), by=None).reference == "Q0004"
    with pytest.raises(DuplicateReference):
        services.add_question(bank=bank, row=row("又", reference="Q0004"), by=None)


# Imports


def test_a_reference_that_is_too_long_is_refused_and_the_others_go_on():
    bank = QuestionBankFactory()
    rows = [row("一", reference="Q" * 65), row("二", reference="Q" * 64)]
    report = services.import_questions(bank=bank, rows=rows, by=None)
    assert [line.outcome for line in report.lines] == ["refused", "added"]
    assert report.lines[0].words


def test_a_sign_that_no_database_keeps_is_refused_and_the_others_go_on():
    bank = QuestionBankFactory()
    report = services.import_questions(bank=bank, rows=[row("一\x00"), row("二")], by=None)
    assert [line.outcome for line in report.lines] == ["refused", "added"]


def test_the_same_question_in_two_banks_is_two_questions():
    first, second = QuestionBankFactory(), QuestionBankFactory()
    for bank in (first, second):
        assert services.import_questions(bank=bank, rows=[row(reference="Q1")], by=None).added == 1
    services.import_questions(bank=first, rows=[row("改了", reference="Q1")], by=None)
    assert second.questions.get().current.stem == "几年？"


def test_a_dry_run_tells_exactly_what_the_run_will_do():
    bank = fill_bank(single=1)
    question = bank.questions.get()
    services.freeze(versions=question.versions.all())
    rows = [
        row("改了", reference=question.reference),
        row("新的"),
        row("新的"),
        row("", reference="Q77"),
        row("判断", reference=question.reference, kind="multiple", answers=("A", "B")),
    ]
    dry = services.import_questions(bank=bank, rows=rows, by=None, dry_run=True)
    assert question.versions.count() == 1
    wet = services.import_questions(bank=bank, rows=rows, by=None)
    assert dry.lines == wet.lines
    assert [line.outcome for line in wet.lines] == ["changed", "added", "refused", "refused", "refused"]


def test_an_import_of_a_retired_question_does_not_bring_it_back():
    bank = QuestionBankFactory()
    services.import_questions(bank=bank, rows=[row(reference="Q1")], by=None)
    services.retire(question=bank.questions.get())
    assert services.import_questions(bank=bank, rows=[row(reference="Q1")], by=None).unchanged == 1
    assert bank.questions.get().retired_at is not None


def test_the_largest_file_is_imported_in_a_bearable_time():
    bank = QuestionBankFactory()
    rows = [row(f"第{n}题？", reference=f"R{n:05d}") for n in range(MOST_ROWS // 10)]
    begin = time.monotonic()
    assert services.import_questions(bank=bank, rows=rows, by=None).added == MOST_ROWS // 10
    assert time.monotonic() - begin < 10


def test_a_row_costs_as_many_queries_in_a_long_file_as_in_a_short_one():
    bank, counts = QuestionBankFactory(), []
    for size in (1, 3):
        rows = [row(f"{size}.{n}") for n in range(size)]
        with CaptureQueriesContext(connection) as caught:
            services.import_questions(bank=bank, rows=rows, by=None)
        counts.append(len(caught))
    assert (counts[1] - counts[0]) / 2 <= 12


# Pages


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "", "code": "x"}, "name"),
        ({"name": "新", "code": ""}, "code"),
        ({"name": "新", "code": "资质"}, "code"),
        ({"name": "新", "code": "a b"}, "code"),
        ({"name": "新", "code": "x" * 33}, "code"),
        ({"name": "新" * 129, "code": "x"}, "name"),
    ],
)
def test_a_bank_without_a_proper_name_and_code_is_refused_at_its_field(trainer, fields, wrong):
    answer = trainer.post(address("banks"), fields)
    assert list(answer.context["form"].errors) == [wrong]
    assert not QuestionBank.objects.exists()


@pytest.mark.parametrize("name", ["bank", "add", "import", "question", "retire"])
def test_what_is_not_there_is_not_found(trainer, name):
    method = trainer.post if name == "retire" else trainer.get
    assert method(address(name, 10**6)).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(trainer, method):
    question = QuestionFactory()
    for name, pk in (("bank", question.bank_id), ("question", question.pk), ("import", question.bank_id)):
        assert getattr(trainer, method)(address(name, pk)).status_code == 405


def test_what_is_typed_is_shown_as_text(trainer):
    QuestionFactory(bank=(bank := QuestionBankFactory()), version__stem="<script>alert(1)</script>")
    for page in (address("bank", bank.pk), address("question", bank.questions.get().pk)):
        html = trainer.get(page).content.decode()
        assert "<script>alert(1)" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_the_kind_of_a_question_cannot_be_posted_away(trainer):
    question = QuestionFactory(kind="multiple")
    fields = {"kind": "single", "right_1": "on", "right_2": "on", "stem": "新的问法"}
    trainer.post(address("question", question.pk), posted(seen=question.current.mark, **fields))
    question.refresh_from_db()
    assert (question.kind, question.current.stem) == ("multiple", "新的问法")


def test_a_refused_correction_keeps_what_was_typed_and_the_old_version(trainer):
    question = QuestionFactory()
    answer = trainer.post(address("question", question.pk), posted(stem="改了一半", right_2=""))
    assert answer.status_code == 200
    assert "改了一半" in answer.content.decode()
    question.current.refresh_from_db()
    assert question.current.stem != "改了一半"


def test_options_left_empty_in_between_close_up(trainer):
    bank = QuestionBankFactory()
    trainer.post(address("add", bank.pk), posted(option_2="", right_2="", option_4="6年", right_4="on"))
    version = bank.questions.get().current
    assert [(option["key"], option["text"]) for option in version.options] == [("A", "3年"), ("B", "6年")]
    assert version.answers == ["B"]


@pytest.mark.parametrize("page", ["1", "2", "99", "-1", "x", ""])
def test_a_long_bank_is_paged_and_odd_pages_do_not_fail(trainer, page):
    bank = fill_bank(single=31)
    answer = trainer.get(address("bank", bank.pk), {"p": page})
    assert answer.status_code == 200
    assert len(answer.context["page"].object_list) == (1 if page in ("2", "99", "-1") else 30)


@pytest.mark.parametrize("words", ["%", "_", "'", '"', "\\", "<", "长" * 65])
def test_signs_in_a_filter_are_signs(trainer, words):
    bank = fill_bank(single=2)
    answer = trainer.get(address("bank", bank.pk), {"q": words})
    assert answer.status_code == 200
    assert len(answer.context["page"].object_list) == (2 if len(words) > 64 else 0)


def test_a_question_is_found_by_its_reference_in_any_case(trainer):
    bank = QuestionBankFactory()
    QuestionFactory(bank=bank, reference="CMA-7")
    QuestionFactory(bank=bank, reference="CMA-77")
    found = trainer.get(address("bank", bank.pk), {"q": "cma-7"}).context["page"].object_list
    assert [question.reference for question in found] == ["CMA-7"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_of_banks_and_histories_do_not_grow_with_their_lists(trainer, count):
    question = QuestionFactory()
    pages = [address("banks"), address("question", question.pk)]
    for page in pages:
        trainer.get(page)
    few = [_count(trainer, page) for page in pages]
    for number in range(2, 2 + count):
        services.freeze(versions=question.versions.all())
        services.add_version(question=question, row=row(f"说法{number}"), by=None)
        QuestionBankFactory()
    assert [_count(trainer, page) for page in pages] == few


def _count(browser, page):
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(page).status_code == 200
    return len(caught)


def test_a_preview_waits_for_an_hour_and_no_longer(trainer, monkeypatch):
    bank = QuestionBankFactory()
    page = address("import", bank.pk)
    preview = trainer.post(page, {"file": a_file(CSV + "Q1,单选题,几年？,3年,6年,B\n")}).context["previewed"]
    now = timezone.now().timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 3700)
    trainer.post(page, {"previewed": preview})
    assert not Question.objects.exists()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 3500)
    trainer.post(page, {"previewed": preview})
    assert bank.questions.count() == 1


def test_a_replayed_import_changes_nothing(trainer):
    bank = QuestionBankFactory()
    page = address("import", bank.pk)
    preview = trainer.post(page, {"file": a_file(CSV + "Q1,单选题,几年？,3年,6年,B\n")}).context["previewed"]
    for _ in range(2):
        trainer.post(page, {"previewed": preview})
    assert bank.questions.get().versions.count() == 1


def test_another_signature_is_no_preview(trainer):
    bank = QuestionBankFactory()
    forged = TimestampSigner(salt="other").sign_object([bank.pk, 1, "a.csv", ""])
    assert trainer.post(address("import", bank.pk), {"previewed": forged}).status_code == 302
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    "name", ["题.docx", "题.xls", "题.pdf", "题", "a" * 300 + ".csv", "../题.csv", "题.CSV"]
)
def test_the_name_of_a_file_decides_only_how_it_is_read(trainer, name):
    page = address("import", QuestionBankFactory().pk)
    answer = trainer.post(page, {"file": a_file(CSV + "Q1,单选题,几年？,3年,6年,B\n", name)})
    is_read = name.lower().endswith(".csv")
    assert answer.status_code == (200 if is_read else 422)
    assert ("report" in answer.context) is is_read
    assert not Question.objects.exists()


def test_a_preview_shows_what_is_refused_and_why(trainer):
    page = address("import", QuestionBankFactory().pk)
    lines = "Q1,单选题,几年？,3年,6年,Z\nQ2,填空题,填,,,六\nQ3,单选题,<b>粗</b>？,3年,6年,A\n"
    answer = trainer.post(page, {"file": a_file(CSV + lines)})
    html = answer.content.decode()
    report = answer.context["report"]
    assert (report.added, report.refused) == (1, 2)
    assert all(line.words in html for line in report.lines if line.outcome == "refused")
    assert "<b>粗" not in html
