"""The question bank in the admin: banks, their questions, one question over time, import with preview."""

import base64
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.core.signing import BadSignature, dumps, loads
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.questions import queries, services
from courses.questions.errors import AskedAlready, ChangedMeanwhile, UnreadableFile
from courses.questions.forms import BankForm, FilterForm, ImportForm, QuestionForm
from courses.questions.importers import read_questions
from courses.questions.models import Question, QuestionBank
from courses.questions.permissions import may_read, may_write

_PAGE = 30
_SALT = "questions.import"
# How long a preview may wait for its import.
_PREVIEW_S = 3600


def _reads(request: HttpRequest) -> None:
    if not may_read(request.user):
        raise PermissionDenied(_("Only trainers and reviewers may open the question bank."))


def _writes(request: HttpRequest) -> None:
    if not may_write(request.user):
        raise PermissionDenied(_("Only trainers may change questions."))


@require_http_methods(["GET", "HEAD", "POST"])
def banks(request: HttpRequest) -> HttpResponse:
    """List the banks; a trainer makes a new one here."""
    _reads(request)
    form = BankForm(request.POST or None)
    if request.method == "POST":
        _writes(request)
        made = _made(form, request.user) if form.is_valid() else None
        if made is not None:
            return HttpResponseRedirect(reverse("question_bank:bank", args=[made.pk]))
    context = {"banks": queries.banks_with_counts(), "form": form, "may_write": may_write(request.user)}
    return render(request, "questions/admin/banks.html", context)


def _made(form: BankForm, by: Any) -> QuestionBank | None:
    """Make the bank; None where a second click was quicker, and the form says that the code is taken."""
    try:
        with transaction.atomic():
            return services.create_bank(**form.cleaned_data, by=by)
    except IntegrityError:
        form.full_clean()
        return None


@require_safe
def bank(request: HttpRequest, pk: int) -> HttpResponse:
    """List a bank's questions, filtered by words, kind and state."""
    _reads(request)
    found = get_object_or_404(QuestionBank, pk=pk)
    form = FilterForm(request.GET or None)
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    listed = queries.questions_of(
        found, words=chosen.get("q", ""), kind=chosen.get("kind", ""), state=chosen.get("state", "")
    )
    page = Paginator(listed, _PAGE).get_page(request.GET.get("p"))
    context = {
        "bank": found,
        "form": form,
        "page": page,
        "may_write": may_write(request.user),
    }
    return render(request, "questions/admin/bank.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a question to a bank."""
    _writes(request)
    found = get_object_or_404(QuestionBank, pk=pk)
    form = QuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.row is not None:
        try:
            question = services.add_question(bank=found, row=form.row, by=request.user)
        except AskedAlready as refusal:
            return _asked_already(request, form, refusal.question)
        messages.success(request, _("Question %(reference)s is added.") % {"reference": question.reference})
        return HttpResponseRedirect(reverse("question_bank:bank", args=[found.pk]))
    return render(request, "questions/admin/question.html", {"bank": found, "form": form, "may_write": True})


def _asked_already(request: HttpRequest, form: QuestionForm, same: Question) -> HttpResponse:
    """Tell who sent a question twice that it is there; keep what was typed where only the wording is the same."""
    is_whole = form.row and same.current and services.content_of(same.current) == form.row.content()
    if is_whole and same.retired_at is None:
        words = _("The bank holds this question, as %(reference)s; nothing was added.")
        messages.info(request, words % {"reference": same.reference})
        return HttpResponseRedirect(reverse("question_bank:bank", args=[same.bank_id]))
    form.add_error("stem", _("The bank asks this already. Correct it there, or word this one differently."))
    context = {"bank": same.bank, "form": form, "may_write": True, "same": same}
    return render(request, "questions/admin/question.html", context, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a question with its history; saving it makes a version where the current one is frozen."""
    _reads(request)
    found = get_object_or_404(Question.objects.select_related("bank", "current"), pk=pk)
    form, status = QuestionForm(request.POST or None, question=found), 200
    if request.method == "POST":
        _writes(request)
        if form.is_valid() and form.row is not None:
            try:
                version = services.add_version(
                    question=found, row=form.row, by=request.user, seen=form.cleaned_data["seen"]
                )
            except ChangedMeanwhile:
                form, status = _changed_meanwhile(request, found), 409
            else:
                messages.success(request, _("Saved as version %(number)d.") % {"number": version.number})
                return HttpResponseRedirect(reverse("question_bank:question", args=[found.pk]))
    context = {
        "bank": found.bank,
        "question": found,
        "form": form,
        "history": queries.history(found),
        "may_write": may_write(request.user),
    }
    return render(request, "questions/admin/question.html", context, status=status)


def _changed_meanwhile(request: HttpRequest, found: Question) -> QuestionForm:
    """Return the form with what was typed; it has seen what stands now, so sending it again is meant."""
    found.refresh_from_db()
    typed = request.POST.copy()
    typed["seen"] = found.current.mark if found.current else ""
    form = QuestionForm(typed, question=found)
    form.add_error(
        None,
        _(
            "Nothing is saved yet: the question was changed after you had opened it. What you typed is kept here; "
            "what stands now is in the first row of the history. Take over what you need, then save again."
        ),
    )
    return form


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a question out of later exams, or let it in again."""
    _writes(request)
    found = get_object_or_404(Question, pk=pk)
    if request.POST.get("restore"):
        services.restore(question=found)
        messages.success(request, _("Later exams may draw the question again."))
    else:
        services.retire(question=found)
        messages.success(request, _("Later exams do not draw the question; published ones still do."))
    return HttpResponseRedirect(reverse("question_bank:question", args=[found.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a file and show what would become of each question; the second step imports just that file."""
    _writes(request)
    found = get_object_or_404(QuestionBank, pk=pk)
    if request.method == "POST" and request.POST.get("previewed"):
        return _import_previewed(request, found)
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"bank": found, "form": form}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            reading = read_questions(file.name, content)
        except UnreadableFile as refusal:
            form.add_error("file", str(refusal.words))
            return render(request, "questions/admin/import.html", context, status=422)
        report = services.import_questions(bank=found, rows=reading.rows, by=request.user, dry_run=True)
        packed = [found.pk, request.user.pk, file.name, base64.b64encode(content).decode()]
        context |= {
            "report": report,
            "encoding": reading.encoding,
            "filename": file.name,
            "previewed": dumps(packed, salt=_SALT, compress=True),
        }
    return render(request, "questions/admin/import.html", context)


def _import_previewed(request: HttpRequest, found: QuestionBank) -> HttpResponse:
    """Import the file that the same person saw for the same bank within the hour, and nothing else."""
    try:
        bank_pk, user_pk, name, packed = loads(request.POST["previewed"], salt=_SALT, max_age=_PREVIEW_S)
    except BadSignature:
        bank_pk = None
    if bank_pk != found.pk or user_pk != request.user.pk:
        messages.error(request, _("The preview is too old. Choose the file again."))
        return HttpResponseRedirect(reverse("question_bank:import", args=[found.pk]))
    reading = read_questions(name, base64.b64decode(packed))
    report = services.import_questions(bank=found, rows=reading.rows, by=request.user)
    messages.success(
        request,
        _("%(added)d added, %(changed)d changed, %(unchanged)d were there already, %(refused)d refused.")
        % {
            "added": report.added,
            "changed": report.changed,
            "unchanged": report.unchanged,
            "refused": report.refused,
        },
    )
    return HttpResponseRedirect(reverse("question_bank:bank", args=[found.pk]))
