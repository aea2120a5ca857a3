"""The training manager's page on which a course is assigned to chosen people."""

from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.plans.forms import CourseField, DayInput, not_past
from classroom.reports.queries.board import member_of
from classroom.reports.services import assign as assigning
from classroom.reports.views.access import managers_only
from classroom.reports.views.people import back_to, chosen_people, institution_of


class AssignForm(forms.Form):
    """Which course, and by when."""

    course = CourseField()
    due_on = forms.DateField(label=gettext_lazy("Due on"), widget=DayInput())

    def clean_due_on(self) -> date:
        """Refuse a day that has passed."""
        return not_past(self.cleaned_data["due_on"])


@never_cache
@managers_only
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest) -> HttpResponse:
    """Enrol the ticked people in a course with a due day."""
    institution, _mine = institution_of(request)
    found = member_of(scope_of(request.user), institution, chosen_people(request), timezone.localdate())
    # Two memberships may hold on a day of change; the person is one.
    members = list(
        {member.user_id: member for member in found.select_related("user").order_by("user_id")}.values()
    )
    if not members:
        messages.error(request, _("Nobody of your institution is chosen. Tick the people first."))
        return redirect(back_to(institution))
    assert isinstance(request.user, User)  # noqa: S101 - managers_only has let no one else in
    is_sent = request.method == "POST" and "course" in request.POST
    form = AssignForm(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        done = assigning.assign(
            institution=institution,
            user_ids=[member.user_id for member in members],
            course=form.cleaned_data["course"],
            due_on=form.cleaned_data["due_on"],
            by=request.user,
        )
        said = ngettext("%(n)d person is enrolled.", "%(n)d people are enrolled.", done) % {"n": done}
        messages.success(request, said)
        return redirect(back_to(institution))
    context = {"institution": institution, "members": members, "form": form}
    return render(request, "reports/assign.html", context, status=400 if is_sent else 200)
