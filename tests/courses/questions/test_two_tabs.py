"""The same question sent twice, and one question open in two places: nothing is doubled, nothing is lost."""

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from courses.questions import services
from courses.questions.errors import AskedAlready, ChangedMeanwhile, DuplicateReference
from courses.questions.forms import BankForm
from courses.questions.models import Question, QuestionBank, QuestionVersion
from courses.questions.rows import QuestionRow, lettered
from tests.factories.people import UserFactory
from tests.factories.questions import QuestionBankFactory, QuestionFactory
from tests.threads import in_threads

pytestmark = pytest.mark.django_db


def row(stem="几年？", **fields):
    values = {"kind": "single", "options": lettered(["3年", "6年"]), "answers": ("B",)}
    return QuestionRow(stem=stem, **{**values, **fields})


def posted(**fields):
    values = {"kind": "single", "stem": "几年？", "option_1": "3年", "option_2": "6年", "right_2": "on"}
    return {**values, "explanation": "", "legal_basis": "", **fields}


@pytest.fixture
def trainer(member, browser_of):
    return browser_of(member("Trainers"))


def page_of(question):
    return reverse("question_bank:question", args=[question.pk])


def opened(browser, question):
    """What the form sends back unchanged: every field that stands on the page."""
    form = browser.get(page_of(question)).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


# Added twice


def test_a_question_that_is_sent_twice_is_there_once_and_told_so(trainer):
    bank = QuestionBankFactory()
    address = reverse("question_bank:add", args=[bank.pk])
    first = trainer.post(address, posted())
    second = trainer.post(address, posted(), follow=True)
    assert (first.status_code, second.status_code) == (302, 200)
    question = bank.questions.get()
    assert second.redirect_chain == [(reverse("question_bank:bank", args=[bank.pk]), 302)]
    assert question.reference in second.content.decode()
    assert question.versions.count() == 1


@pytest.mark.parametrize(
    ("language", "says"), [("zh-hans", "题库中已有这道题"), ("en", "The bank asks this already")]
)
def test_the_same_words_with_other_answers_are_not_taken_for_it(trainer, language, says):
    bank = QuestionBankFactory()
    there = services.add_question(bank=bank, row=row(), by=None)
    trainer.cookies["django_language"] = language
    answer = trainer.post(
        reverse("question_bank:add", args=[bank.pk]), posted(option_3="9年", legal_basis="第十三条")
    )
    html = answer.content.decode()
    assert answer.status_code == 409
    assert says in str(answer.context["form"].errors["stem"])
    assert f'href="{page_of(there)}"' in html
    assert 'value="9年"' in html
    assert "第十三条" in html
    assert bank.questions.get().current.legal_basis == ""


def test_a_retired_question_is_shown_and_not_said_to_be_in_use(trainer):
    bank = QuestionBankFactory()
    there = services.retire(question=services.add_question(bank=bank, row=row(), by=None))
    answer = trainer.post(reverse("question_bank:add", args=[bank.pk]), posted())
    assert answer.status_code == 409
    assert answer.context["same"] == there
    assert bank.questions.count() == 1


def test_another_kind_another_bank_and_other_words_are_other_questions():
    bank = QuestionBankFactory()
    services.add_question(bank=bank, row=row(), by=None)
    for other, given in (
        (bank, row("几个月？")),
        (bank, row(kind="multiple", answers=("A", "B"))),
        (bank, row(reference="CMA-7")),
        (QuestionBankFactory(), row()),
    ):
        assert services.add_question(bank=other, row=given, by=None).versions.count() == 1
    assert bank.questions.count() == 4


def test_a_reference_that_is_taken_is_named_as_such_and_words_are_no_matter():
    bank = QuestionBankFactory()
    there = services.add_question(bank=bank, row=row(), by=None)
    with pytest.raises(DuplicateReference):
        services.add_question(bank=bank, row=row("另一题？", reference=there.reference), by=None)
    with pytest.raises(AskedAlready) as refused:
        services.add_question(bank=bank, row=row(answers=("A",)), by=None)
    assert refused.value.question == there


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_one_moment_make_one_question():
    bank = QuestionBankFactory()
    failures = in_threads(2, lambda n: services.add_question(bank=bank, row=row(), by=None))
    assert [type(failure) for failure in failures] == [AskedAlready]
    assert bank.questions.count() == 1


# Two tabs


@pytest.mark.parametrize("is_frozen", [False, True])
@pytest.mark.parametrize(("language", "says"), [("zh-hans", "尚未保存"), ("en", "Nothing is saved yet")])
def test_the_second_of_two_tabs_is_refused_and_keeps_what_was_typed(trainer, is_frozen, language, says):
    question = QuestionFactory()
    if is_frozen:
        services.freeze(versions=question.versions.all())
    first, second = opened(trainer, question), opened(trainer, question)
    assert trainer.post(page_of(question), {**first, "stem": "先改的？"}).status_code == 302
    trainer.cookies["django_language"] = language
    answer = trainer.post(page_of(question), {**second, "stem": "后改的？", "option_5": "又一项"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert says in str(answer.context["form"].non_field_errors())
    # What was typed is in the form, and what stands now in the history below.
    assert re.search(r"<textarea[^>]*name=.stem[^>]*>\s*后改的？", html)
    assert 'value="又一项"' in html
    assert "先改的？" in html
    question.refresh_from_db()
    assert question.current.stem == "先改的？"
    assert question.versions.count() == (2 if is_frozen else 1)


def test_who_has_read_what_stands_now_may_save_over_it(trainer):
    question = QuestionFactory()
    second = opened(trainer, question)
    services.add_version(question=question, row=row("先改的？"), by=None)
    refused = trainer.post(page_of(question), {**second, "stem": "后改的？"})
    form = refused.context["form"]
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert trainer.post(page_of(question), again).status_code == 302
    question.refresh_from_db()
    assert question.current.stem == "后改的？"


def test_options_that_the_other_tab_took_away_are_kept_where_they_were_typed(trainer):
    question = QuestionFactory()
    QuestionVersion.objects.update(options=[{"key": key, "text": f"选项{key}"} for key in "ABCDEFGHIJ"])
    second = opened(trainer, question)
    services.add_version(question=question, row=row(), by=None)
    answer = trainer.post(page_of(question), {**second, "right_10": "on", "right_1": ""})
    assert answer.status_code == 409
    assert answer.context["form"]["option_10"].value() == "选项J"
    assert answer.context["form"]["right_10"].value()


@pytest.mark.parametrize(
    "name",
    [
        "option_99",
        "option_0",
        "option_-1",
        pytest.param("option_" + "9" * 40, id="huge"),
        "option_x",
        "option",
    ],
)
def test_fields_that_no_form_has_are_passed_over(trainer, name):
    question = QuestionFactory()
    answer = trainer.post(page_of(question), {**opened(trainer, question), name: "x", "stem": "新？"})
    assert answer.status_code == 302
    question.refresh_from_db()
    assert len(question.current.options) == 4


def test_the_same_save_sent_twice_is_saved_once(trainer):
    question = QuestionFactory()
    services.freeze(versions=question.versions.all())
    form = {**opened(trainer, question), "stem": "改了？"}
    assert [trainer.post(page_of(question), form).status_code for _ in range(2)] == [302, 302]
    assert question.versions.count() == 2


@pytest.mark.parametrize(
    "seen", ["", "1", "1@", "2@2026-01-01T00:00:00+00:00", pytest.param("x" * 300, id="long")]
)
def test_a_form_that_has_seen_nothing_that_stands_here_is_refused(trainer, seen):
    question = QuestionFactory()
    answer = trainer.post(page_of(question), {**opened(trainer, question), "stem": "改了？", "seen": seen})
    assert answer.status_code == 409
    question.current.refresh_from_db()
    assert question.current.stem != "改了？"


def test_publishing_in_between_is_no_change_of_the_words(trainer):
    question = QuestionFactory()
    form = opened(trainer, question)
    services.freeze(versions=question.versions.all())
    assert trainer.post(page_of(question), {**form, "stem": "改了？"}).status_code == 302
    question.refresh_from_db()
    assert (question.current.number, question.current.stem) == (2, "改了？")


def test_a_question_without_any_wording_gets_its_first(trainer):
    question = QuestionFactory(version=False)
    assert trainer.post(page_of(question), posted(seen="")).status_code == 302
    question.refresh_from_db()
    assert question.current.number == 1


def test_an_import_and_a_program_say_what_they_mean_without_a_mark():
    question = QuestionFactory()
    services.add_version(question=question, row=row("一"), by=None)
    assert services.add_version(question=question, row=row("二"), by=None).stem == "二"


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_save_at_one_moment_do_not_both_win():
    user = UserFactory()
    user.groups.add(Group.objects.get(name="Trainers"))
    question = QuestionFactory()
    mark = question.current.mark
    failures = in_threads(
        2, lambda n: services.add_version(question=question, row=row(f"说法{n}"), by=user, seen=mark)
    )
    assert [type(failure) for failure in failures] == [ChangedMeanwhile]
    assert Question.objects.get(pk=question.pk).versions.count() == 1


def test_of_two_clicks_on_a_new_bank_the_second_is_told_that_the_code_is_taken(trainer, monkeypatch):
    """The first comes in between the look at the form and the writing of the second."""
    look = BankForm.is_valid

    def and_another(form):
        valid = look(form)
        QuestionBankFactory(code="cma-2")
        return valid

    monkeypatch.setattr(BankForm, "is_valid", and_another)
    answer = trainer.post(reverse("question_bank:banks"), {"code": "cma-2", "name": "资质认定"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["code"]
    assert QuestionBank.objects.filter(code="cma-2").count() == 1
    assert 'value="资质认定"' in answer.content.decode()
