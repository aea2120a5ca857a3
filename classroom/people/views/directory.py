"""The operators' pages: accounts, roles, links to set a password, the audit."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom.people import queries, services
from classroom.people.errors import PeopleError
from classroom.people.forms import PersonForm, RolesForm
from classroom.people.invitations import invitation_path
from classroom.people.models import User
from classroom.people.permissions import is_operator

PAGE = 50
View = Callable[..., HttpResponse]


def operators_only(view: View) -> View:
    """Let operators in: anonymous readers sign in first, others are told that they may not."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_operator(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def _person(request: HttpRequest, user_id: int) -> User:
    """Return an account that this operator may change: not one's own, and no superuser's."""
    person = queries.find_people("").filter(pk=user_id).exclude(pk=request.user.pk or 0).first()
    if person is None:
        raise Http404
    return person


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - operators_only has let no one else in
    return request.user


@never_cache
@operators_only
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """List accounts and make new ones."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = services.register_person(**form.cleaned_data, by=_actor(request))
        except PeopleError as error:
            form.add_error(None, str(error))
        else:
            return redirect("people:directory_person", person.pk)
    search = request.GET.get("search", "").strip()[:64]
    page = Paginator(queries.find_people(search), PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "search": search}
    return render(request, "people/directory.html", context, status=400 if form.errors else 200)


@never_cache
@operators_only
@require_safe
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show an account with what an operator may do."""
    return _page(request, _person(request, user_id))


def _page(request: HttpRequest, shown: User, link: str = "") -> HttpResponse:
    roles = [group.name for group in shown.groups.all()]
    context = {"person": shown, "form": RolesForm(initial={"roles": roles}), "link": link}
    return render(request, "people/directory_person.html", context)


@operators_only
@require_POST
def roles(request: HttpRequest, user_id: int) -> HttpResponse:
    """Set the roles of an account."""
    shown, form = _person(request, user_id), RolesForm(request.POST)
    if form.is_valid():
        services.set_roles(user=shown, roles=form.cleaned_data["roles"], by=_actor(request))
        messages.success(request, _("The roles are saved."))
    else:
        messages.error(request, _("There is no such role. Nothing was changed."))
    return redirect("people:directory_person", shown.pk)


@never_cache
@operators_only
@require_POST
def link(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show, this once, a link by which the person sets a password. Audited."""
    shown = _person(request, user_id)
    if not shown.is_active:
        raise Http404
    services.audit(actor=_actor(request), action="people.link", target=f"user:{shown.pk}")
    return _page(request, shown, settings.SITE_URL + invitation_path(shown))


@operators_only
@require_POST
def close(request: HttpRequest, user_id: int) -> HttpResponse:
    """Close an account whose owner asked for it."""
    shown = _person(request, user_id)
    if shown.close_requested_at is None:
        messages.error(request, _("The person has not asked for this. Only a request closes an account."))
    else:
        services.close_account(user=shown, by=_actor(request))
        messages.success(request, _("The account is closed and the name erased."))
    return redirect("people:directory_person", shown.pk)


@never_cache
@operators_only
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Show the audit, newest first."""
    action = request.GET.get("action", "").strip()[:64]
    page = Paginator(queries.find_entries(action), PAGE).get_page(request.GET.get("page"))
    return render(request, "people/audit.html", {"page": page, "action": action})
