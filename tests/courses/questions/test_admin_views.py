"""The question bank in the admin: who may come in, versions, import with preview."""

import io

import openpyxl
import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.questions.models import Question, QuestionBank, QuestionVersion
from tests.classroom.institutions.spreadsheet_files import broken
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionBankFactory, QuestionFactory

pytestmark = pytest.mark.django_db

FILE = "编号,题型,题干,选项A,选项B,答案\nQ1,单选题,几年？,3年,6年,B\nQ2,填空题,填,,,六\n".encode("gb18030")


def member(group):
    user = UserFactory()
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def trainer(client):
    user = member("Trainers")
    client.force_login(user, backend="classroom.people.backends.IdentifierBackend")
    return client


@pytest.fixture
def reviewer(client):
    client.force_login(member("Reviewers"), backend="classroom.people.backends.IdentifierBackend")
    return client


def posted(**fields):
    return {
        "kind": "single",
        "stem": "几年？",
        "option_1": "3年",
        "option_2": "6年",
        "right_2": "on",
        "explanation": "",
        "legal_basis": "第十三条",
        **fields,
    }


def addresses(question):
    bank = question.bank_id
    return [
        reverse("question_bank:banks"),
        reverse("question_bank:bank", args=[bank]),
        reverse("question_bank:add", args=[bank]),
        reverse("question_bank:import", args=[bank]),
        reverse("question_bank:question", args=[question.pk]),
    ]


def test_a_trainer_opens_every_page(trainer):
    question = QuestionFactory()
    for address in addresses(question):
        assert trainer.get(address).status_code == 200


def test_others_stay_outside(client):
    question = QuestionFactory()
    for address in addresses(question):
        assert client.get(address).status_code == 302
    client.force_login(UserFactory(), backend="classroom.people.backends.IdentifierBackend")
    for address in addresses(question):
        assert client.get(address).status_code in (302, 403)
        assert question.current.stem not in client.get(address).content.decode()


def test_a_reviewer_reads_and_does_not_write(reviewer):
    question = QuestionFactory()
    banks, bank, add, import_file, detail = addresses(question)
    assert [reviewer.get(address).status_code for address in (banks, bank, detail)] == [200, 200, 200]
    for address in (add, import_file):
        assert reviewer.get(address).status_code in (302, 403)
    reviewer.post(detail, posted(seen=question.current.mark))
    reviewer.post(banks, {"name": "新", "code": "new"})
    reviewer.post(reverse("question_bank:retire", args=[question.pk]))
    question.refresh_from_db()
    assert (question.retired_at, question.versions.count(), QuestionBank.objects.count()) == (None, 1, 1)


def test_a_trainer_makes_a_bank_and_a_question(trainer):
    trainer.post(reverse("question_bank:banks"), {"name": "资质认定", "code": "cma-2"})
    bank = QuestionBank.objects.get(code="cma-2")
    answer = trainer.post(reverse("question_bank:add", args=[bank.pk]), posted())
    assert answer.status_code == 302
    version = bank.questions.get().current
    assert (version.stem, version.answers, version.legal_basis) == ("几年？", ["B"], "第十三条")


def test_a_bank_code_is_unique(trainer):
    QuestionBankFactory(code="cma-2")
    answer = trainer.post(reverse("question_bank:banks"), {"name": "又", "code": "cma-2"})
    assert answer.context["form"].errors["code"]


@pytest.mark.parametrize(
    "fields",
    [
        {"right_2": ""},
        {"right_1": "on"},
        {"option_2": ""},
        {"option_2": "3年"},
        {"stem": ""},
        {"right_4": "on"},
        {"kind": "essay"},
        {"reviewed_on": "gestern"},
    ],
)
def test_an_unanswerable_question_is_told_at_the_form(trainer, fields):
    bank = QuestionBankFactory()
    answer = trainer.post(reverse("question_bank:add", args=[bank.pk]), posted(**fields))
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Question.objects.exists()


def test_saving_a_frozen_question_makes_a_version(trainer):
    question = QuestionFactory()
    QuestionVersion.objects.update(frozen_at=timezone.now())
    address = reverse("question_bank:question", args=[question.pk])
    trainer.post(address, posted(seen=question.current.mark))
    question.refresh_from_db()
    assert (question.current.number, question.current.stem) == (2, "几年？")
    assert "v" not in trainer.get(address).context["form"].errors
    assert [version.number for version in trainer.get(address).context["history"]] == [2, 1]


def test_a_question_is_retired_and_used_again(trainer):
    question = QuestionFactory()
    address = reverse("question_bank:retire", args=[question.pk])
    trainer.post(address)
    question.refresh_from_db()
    assert question.retired_at is not None
    trainer.post(address, {"restore": "1"})
    question.refresh_from_db()
    assert question.retired_at is None
    assert trainer.get(address).status_code == 405


def test_the_list_filters(trainer):
    bank = QuestionBankFactory()
    QuestionFactory(bank=bank, version__stem="证书有效期")
    QuestionFactory(bank=bank, kind="multiple", version__stem="虚假报告", retired_at=timezone.now())
    address = reverse("question_bank:bank", args=[bank.pk])

    def listed(**query):
        return [question.current.stem for question in trainer.get(address, query).context["page"]]

    assert listed() == ["证书有效期"]
    assert listed(state="all", q="") == ["证书有效期", "虚假报告"]
    assert listed(state="retired") == ["虚假报告"]
    assert listed(q="有效 证书") == ["证书有效期"]
    assert listed(q="没有") == []
    assert listed(kind="multiple", state="all") == ["虚假报告"]
    assert listed(kind="nonsense", p="x") == ["证书有效期"]


def test_the_list_takes_the_same_queries_for_any_number(trainer, django_assert_max_num_queries):
    bank = QuestionBankFactory()
    address = reverse("question_bank:bank", args=[bank.pk])
    QuestionFactory(bank=bank)
    trainer.get(address)
    with django_assert_max_num_queries(20) as one:
        trainer.get(address)
    for _ in range(2):
        QuestionFactory(bank=bank)
    with django_assert_max_num_queries(20) as three:
        trainer.get(address)
    assert len(one) == len(three)


def test_a_file_is_previewed_then_imported(trainer):
    bank = QuestionBankFactory()
    address = reverse("question_bank:import", args=[bank.pk])
    preview = trainer.post(address, {"file": SimpleUploadedFile("题.csv", FILE)})
    report = preview.context["report"]
    assert (report.added, report.refused, preview.context["encoding"]) == (1, 1, "gb18030")
    assert not Question.objects.exists()
    trainer.post(address, {"previewed": preview.context["previewed"]})
    assert list(bank.questions.values_list("reference", flat=True)) == ["Q1"]


def test_only_the_previewed_file_of_the_same_person_and_bank_is_imported(trainer):
    bank, other = QuestionBankFactory(), QuestionBankFactory()
    address = reverse("question_bank:import", args=[bank.pk])
    previewed = trainer.post(address, {"file": SimpleUploadedFile("题.csv", FILE)}).context["previewed"]
    for wrong in (previewed + "x", "x"):
        assert trainer.post(address, {"previewed": wrong}).status_code == 302
    trainer.post(reverse("question_bank:import", args=[other.pk]), {"previewed": previewed})
    stranger = Client()
    stranger.force_login(member("Trainers"), backend="classroom.people.backends.IdentifierBackend")
    stranger.post(address, {"previewed": previewed})
    assert not Question.objects.exists()


def test_an_unreadable_file_is_told_and_changes_nothing(trainer):
    address = reverse("question_bank:import", args=[QuestionBankFactory().pk])
    answer = trainer.post(address, {"file": SimpleUploadedFile("题.xlsx", b"no sheet")})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert trainer.post(address, {"file": io.BytesIO(b"")}).context["form"].errors["file"]


def test_a_broken_sheet_is_told_at_its_field(trainer):
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    content = broken(book.getvalue(), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData>")
    address = reverse("question_bank:import", args=[QuestionBankFactory().pk])
    answer = trainer.post(address, {"file": SimpleUploadedFile("题.xlsx", content)})
    assert answer.status_code == 422
    assert "XLSX" in answer.context["form"].errors["file"][0]


def test_a_half_sign_in_a_file_is_refused_on_a_page_that_can_be_read(trainer):
    content = b'[{"id": "Q1", "stem": "\\ud800", "kind": "single", "options": [], "answers": []}]'
    address = reverse("question_bank:import", args=[QuestionBankFactory().pk])
    answer = trainer.post(address, {"file": SimpleUploadedFile("a.json", content)})
    assert answer.status_code == 200
    assert answer.context["report"].refused == 1


def test_a_post_without_token_is_refused():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member("Trainers"), backend="classroom.people.backends.IdentifierBackend")
    question = QuestionFactory()
    assert strict.post(reverse("question_bank:retire", args=[question.pk])).status_code == 403
    question.refresh_from_db()
    assert question.retired_at is None
