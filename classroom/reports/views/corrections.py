"""The regulator's pages of corrections by hand: propose, list, decide."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classroom.completion import services as completion
from classroom.completion.correction_words import told
from classroom.completion.errors import CorrectionError
from classroom.completion.models import Correction, CreditEntry
from classroom.completion.permissions import may_correct
from classroom.completion.queries import completion_of, earnings_of, ledger_of
from classroom.completion.reasons import automatic_reasons
from classroom.enrolment.models import Enrolment
from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.people.services import audit
from classroom.reports.queries import corrections, evidence
from classroom.reports.services import corrections as deciding
from classroom.reports.views.access import regulators_only
from courses.catalogue.titles import titled


class EntryField(forms.ModelChoiceField):
    """Names an entry of the ledger by its hours, its year and its day."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the words of a choice."""
        day = timezone.localdate(obj.at).isoformat()
        return _("%(hours)s credit hours of %(year)s, entered %(day)s") % {
            "hours": obj.hours,
            "year": obj.year,
            "day": day,
        }


class ProposeForm(forms.Form):
    """What to correct, and why. Which kinds there are follows from how the record stands."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=gettext_lazy("What is to be corrected"), widget=forms.RadioSelect)
    hours = forms.DecimalField(
        label=gettext_lazy("Credit hours"), max_digits=5, decimal_places=1, required=False, min_value=0
    )
    entry = EntryField(
        label=gettext_lazy("Entry to take back"),
        queryset=CreditEntry.objects.none(),
        required=False,
        empty_label=None,
        help_text=gettext_lazy("Only for taking credit hours back."),
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=[("", "—"), *Correction.Reason.choices])
    text = forms.CharField(
        label=gettext_lazy("In words"),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The learner and the training manager read this, with your name."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note for the second person"),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Where the proof lies, such as a file number. The learner does not read it."),
    )

    def __init__(self, enrolment: Enrolment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        done = completion_of(enrolment)
        fields: Any = self.fields
        earned = earnings_of(done) if done else []
        fields["entry"].queryset = CreditEntry.objects.filter(pk__in=[entry.pk for entry in earned])
        kinds = kinds_for(enrolment)
        if not earned:
            kinds = [kind for kind in kinds if kind != Correction.Kind.REVERSE_HOURS]
            del fields["entry"]
        fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        if len(kinds) == 1:
            fields["kind"].initial = kinds[0].value
            fields["hours"].required = kinds[0] == Correction.Kind.GRANT
        nominal, held = enrolment.edition.credit_hours, ledger_of(done) if done else Decimal(0)
        fields["hours"].help_text = (
            _("Only for adding. The record holds %(held)s of the course's %(nominal)s.")
            if done
            else _("From 0 to the course's %(nominal)s.")
        ) % {"held": held, "nominal": nominal}

    def clean(self) -> dict[str, Any]:
        """Take the hours and the entry only for the kinds that need them, and say so where they lack."""
        data = super().clean() or {}
        kind = data.get("kind")
        if kind in {Correction.Kind.GRANT, Correction.Kind.ADD_HOURS}:
            if data.get("hours") is None and "hours" not in self.errors:
                self.add_error("hours", _("Say how many credit hours."))
        else:
            data["hours"] = None
        if kind == Correction.Kind.REVERSE_HOURS:
            if data.get("entry") is None and "entry" not in self.errors:
                self.add_error("entry", _("Choose the entry to take back."))
        else:
            data["entry"] = None
        return data


def kinds_for(enrolment: Enrolment) -> list[Correction.Kind]:
    """Return what can be corrected about an enrolment as it stands."""
    if enrolment.state == Enrolment.State.ACTIVE:
        return [Correction.Kind.GRANT]
    if enrolment.state == Enrolment.State.COMPLETED:
        return [Correction.Kind.WITHDRAW, Correction.Kind.ADD_HOURS, Correction.Kind.REVERSE_HOURS]
    return []


class DecideForm(forms.Form):
    """The second person's reason; the button says which way."""

    text = forms.CharField(
        label=gettext_lazy("Your reason"),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What you looked at. The learner and the training manager read this."),
    )
    decision = forms.ChoiceField(choices=[("approve", ""), ("reject", "")])


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - regulators_only has let no one else in
    return request.user


@never_cache
@regulators_only
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, enrolment_id: int) -> HttpResponse:
    """Propose a correction of one record; whose it is not in scope finds nothing."""
    person = _person(request)
    enrolment = evidence.readable(scope_of(person), enrolment_id)
    if enrolment is None or not may_correct(person, enrolment):
        raise Http404
    if not kinds_for(enrolment):
        messages.info(request, _("This record has ended; there is nothing to correct."))
        return redirect("reports:person", enrolment.pk)
    if request.method == "POST":
        form = ProposeForm(enrolment, request.POST)
        if form.is_valid():
            try:
                completion.propose(enrolment=enrolment, by=person, **form.cleaned_data)
            except CorrectionError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Proposed. It has no effect until a second person approves it."))
                return redirect("reports:person", enrolment.pk)
    else:
        form = ProposeForm(enrolment, initial={"key": uuid.uuid4()})
    context = {
        "enrolment": enrolment,
        "form": form,
        "reasons": automatic_reasons(enrolment),
        "course_title": titled(enrolment.edition),
    }
    return render(request, "reports/correct.html", context, status=422 if form.errors else 200)


@never_cache
@regulators_only
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show what waits for one's decision, what one proposed, and what was decided."""
    desk = corrections.desk(_person(request))
    context = {
        "to_decide": [told(row) for row in desk.to_decide],
        "own": [told(row) for row in desk.own],
        "decided": [told(row) for row in desk.decided],
        "most": corrections.SHOWN,
    }
    return render(request, "reports/corrections.html", context)


@never_cache
@regulators_only
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, correction_id: int) -> HttpResponse:
    """Show one correction, and let a second person decide it."""
    person = _person(request)
    row = corrections.one(person, correction_id)
    if row is None:
        raise Http404
    form = DecideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        approves = form.cleaned_data["decision"] == "approve"
        try:
            deciding.decide(correction=row, by=person, approves=approves, text=form.cleaned_data["text"])
        except CorrectionError as error:
            form.add_error(None, str(error))
        else:
            said = _("Approved; it has taken effect.") if approves else _("Rejected; nothing was changed.")
            messages.success(request, said)
            return redirect("reports:corrections")
    if request.method != "POST":
        audit(actor=person, action="reports.view_correction", target=f"correction:{row.pk}")
    context = {
        "told": told(row),
        "enrolment": row.enrolment,
        "form": form,
        "reasons": automatic_reasons(row.enrolment),
        "course_title": titled(row.enrolment.edition),
        "is_own": row.proposed_by_id == person.pk,
    }
    return render(request, "reports/correction.html", context, status=422 if form.errors else 200)
