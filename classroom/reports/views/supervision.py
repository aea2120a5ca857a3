"""Put on record that an exam under way is supervised, or take that back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from classroom.exams.errors import ExamError, NotUnderWay
from classroom.exams.models import Attempt
from classroom.exams.permissions import may_supervise
from classroom.exams.supervision import supervise as record
from classroom.exams.supervision import supervisions_of, take_back
from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.reports.queries import evidence
from courses.catalogue.titles import titled


class SuperviseForm(forms.Form):
    """Who watches over the exam, and where."""

    invigilator = forms.CharField(
        label=gettext_lazy("Invigilator"),
        max_length=64,
        help_text=gettext_lazy("The name of who is in the room and watches over the whole exam."),
    )
    place = forms.CharField(
        label=gettext_lazy("Place"),
        max_length=128,
        help_text=gettext_lazy("Such as the address and the room."),
    )


class TakeBackForm(forms.Form):
    """Why the record was a mistake."""

    reason = forms.CharField(label=gettext_lazy("Why it is taken back"), max_length=200)


def _under_way(enrolment_id: int, attempt_id: int, user: User) -> Attempt:
    """Return an attempt that the person may read and put on record. Raises `Http404`."""
    enrolment = evidence.readable(scope_of(user), enrolment_id)
    if enrolment is None or not may_supervise(user, enrolment):
        raise Http404
    own = Attempt.objects.unscoped("of an enrolment that was read in scope").filter(enrolment=enrolment)
    attempt = own.filter(pk=attempt_id).first()
    if attempt is None:
        raise Http404
    attempt.enrolment = enrolment
    return attempt


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def supervise(request: HttpRequest, enrolment_id: int, attempt_id: int) -> HttpResponse:
    """Record one sitting as supervised while it goes on; whose it is not in scope finds nothing."""
    person = request.user
    assert isinstance(person, User)  # noqa: S101 - login_required has let no one else in
    attempt = _under_way(enrolment_id, attempt_id, person)
    takes_back = "reason" in request.POST
    held = supervisions_of([attempt]).get(attempt.pk)
    form, taking = _forms(
        request, takes_back, *((held.invigilator, held.place) if held else (person.name, ""))
    )
    sent = taking if takes_back else form
    if request.method == "POST" and sent.is_valid():
        try:
            said = _act(attempt, person, takes_back, sent.cleaned_data)
        except NotUnderWay as error:
            messages.error(request, str(error.message))
            return redirect("reports:person", enrolment_id)
        except ExamError as error:
            sent.add_error(None, str(error.message))
        else:
            messages.success(request, said)
            return redirect("reports:person", enrolment_id)
    context = {
        "attempt": attempt,
        "enrolment": attempt.enrolment,
        "course_title": titled(attempt.enrolment.edition),
        "held": held,
        "form": form,
        "taking": taking,
    }
    return render(request, "reports/supervise.html", context, status=422 if sent.errors else 200)


def _forms(
    request: HttpRequest, takes_back: bool, invigilator: str, place: str
) -> tuple[forms.Form, forms.Form]:
    """Return both forms, the one that was sent with what was sent."""
    data = request.POST if request.method == "POST" else None
    initial = {"invigilator": invigilator, "place": place}
    form = SuperviseForm(None if takes_back else data, initial=initial)
    return form, TakeBackForm(data if takes_back else None)


def _act(attempt: Attempt, by: User, takes_back: bool, given: dict[str, Any]) -> str:
    if takes_back:
        take_back(attempt=attempt, by=by, **given)
        return _("Taken back. The exam counts as not supervised.")
    record(attempt=attempt, by=by, **given)
    return _("Recorded. The exam counts as supervised.")
