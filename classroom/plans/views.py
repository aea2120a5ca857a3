"""The pages of training plans: what is planned, a new plan, a change, the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom.institutions.models import Institution, Post, SupervisingAuthority
from classroom.institutions.permissions import is_manager, is_regulator
from classroom.institutions.queries import authorities_in, managed_institutions, scope_of
from classroom.people.models import User
from classroom.plans import services
from classroom.plans.errors import DueBeforeOpening, PlanError
from classroom.plans.forms import NewPlanForm, Owner, PlanForm
from classroom.plans.models import Plan
from classroom.plans.permissions import may_plan
from classroom.plans.queries import audience, lasts, own_plans, state_of, visible_plans
from courses.catalogue.titles import titled

PAGE = 50
STATES = {
    "coming": gettext_lazy("Opens later"),
    "open": pgettext_lazy("plan", "Open"),
    "past": gettext_lazy("Due day passed"),
    "ended": pgettext_lazy("plan", "Ended"),
}
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Line:
    """A plan as it is shown."""

    plan: Plan
    course: str
    owner: str
    posts: list[str]
    days: int
    state: str
    state_words: str
    is_own: bool


def _planners_only(view: View) -> View:
    """Let managers and regulators in: anonymous readers sign in first, others are told that they may not."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (is_manager(request.user) or is_regulator(request.user)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - _planners_only has let no one else in
    return request.user


def _line(plan: Plan, request: HttpRequest, today: date) -> Line:
    edition = plan.course.current
    state = state_of(plan, today)
    return Line(
        plan=plan,
        course=f"{plan.course.code} {titled(edition)}" if edition else plan.course.code,
        owner=plan.authority.spoken_name if plan.authority else plan.institution.name,  # type: ignore[union-attr]  # one of both is set
        posts=[str(label) for kind, label in Post.Kind.choices if kind in plan.posts],
        days=(plan.due_on - plan.opens_on).days,
        state=state,
        state_words=str(STATES[state]),
        is_own=may_plan(scope_of(request.user), plan.authority, plan.institution),
    )


@never_cache
@_planners_only
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """List the plans that concern the reader: those that still ask for somebody, or those that are over."""
    today = timezone.localdate()
    shows_past = request.GET.get("show") == "past"
    rows = visible_plans(scope_of(request.user)).select_related("course__current", "authority", "institution")
    rows = rows.exclude(lasts(today)) if shows_past else rows.filter(lasts(today))
    page = Paginator(rows.order_by("-due_on" if shows_past else "due_on", "pk"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "lines": [_line(plan, request, today) for plan in page],
        "shows_past": shows_past,
        **_way(request),
    }
    return render(request, "plans/plans.html", context)


def _way(request: HttpRequest) -> dict[str, bool]:
    """Say to which console the page belongs: an office's, else that of a manager."""
    return {"supervises": is_regulator(request.user)}


def _owners(request: HttpRequest) -> dict[str, Owner]:
    """Return for whom one may plan, by the value that a form sends."""
    places: list[Institution] = list(
        managed_institutions(request.user).filter(state=Institution.State.ACTIVE).order_by("name", "pk")
    )
    offices: list[SupervisingAuthority] = list(
        authorities_in(scope_of(request.user)).order_by("path") if is_regulator(request.user) else []
    )
    found: dict[str, Owner] = {f"authority-{row.pk}": row for row in offices}
    return found | {f"institution-{row.pk}": row for row in places}


@never_cache
@_planners_only
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Make a plan; whoever is due is enrolled by the sweep."""
    is_sent = request.method == "POST"
    form = NewPlanForm(
        request.POST if is_sent else None,
        owners=_owners(request),
        initial={"opens_on": timezone.localdate()},
    )
    if is_sent and form.is_valid():
        values = dict(form.cleaned_data)
        owner = values.pop("owner")
        kind = "authority" if isinstance(owner, SupervisingAuthority) else "institution"
        try:
            plan = services.create_plan(by=_user(request), **{kind: owner}, **values)
        except PlanError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("The plan is created. People are enrolled from the day it opens."))
            return redirect("plans:plan", plan.pk)
    context = {"form": form, **_way(request)}
    return render(request, "plans/new.html", context, status=400 if is_sent else 200)


def _refuse(form: PlanForm, error: PlanError) -> None:
    form.add_error("due_on" if isinstance(error, DueBeforeOpening) else None, str(error))


def _plan_or_404(request: HttpRequest, plan_id: int) -> Plan:
    rows = own_plans(scope_of(request.user)).select_related("course__current", "authority", "institution")
    plan = rows.filter(pk=plan_id).first()
    if plan is None:
        raise Http404
    return plan


@never_cache
@_planners_only
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Show one's own plan and change it; an ended one is only shown."""
    found = _plan_or_404(request, plan_id)
    today = timezone.localdate()
    is_sent = request.method == "POST"
    names = ("title", "posts", "opens_on", "due_on", "renews")
    form = PlanForm(request.POST if is_sent else None, initial={name: getattr(found, name) for name in names})
    if found.opens_on <= today:
        # A field that is disabled keeps what the plan has, whatever is sent.
        form.fields["opens_on"].disabled = True
        form.fields["opens_on"].help_text = _("The plan has opened, so this day stays.")
    if is_sent and form.is_valid():
        try:
            services.change_plan(plan=found, by=_user(request), **form.cleaned_data)
        except PlanError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("plans:plan", found.pk)
    context = {
        "line": _line(found, request, today),
        "form": form,
        "asked": audience(found, today).values("user_id").distinct().count(),
        **_way(request),
    }
    return render(request, "plans/plan.html", context, status=400 if is_sent else 200)


@_planners_only
@require_POST
def end(request: HttpRequest, plan_id: int) -> HttpResponse:
    """End one's own plan; whoever is enrolled stays so."""
    services.close_plan(plan=_plan_or_404(request, plan_id), by=_user(request))
    messages.success(request, _("The plan has ended. People who are enrolled stay enrolled."))
    return redirect("plans:plans")
