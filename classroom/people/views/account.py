"""One's own account: profile, password, sessions, tokens, consents, closure."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom.people import queries, services
from classroom.people.account_parts import parts_of
from classroom.people.errors import PeopleError
from classroom.people.forms import ClosureForm, PasswordForm, ProfileForm, TokenForm
from classroom.people.models import User
from classroom.people.views.signing import admit, remember_language


def _person(request: HttpRequest) -> User:
    """Return who is signed in, read afresh: a bound form would otherwise change the header's name."""
    return User.objects.get(pk=request.user.pk or 0)


def _page(request: HttpRequest, status: int = 200, **changed: Any) -> HttpResponse:
    person = _person(request)
    context = {
        "person": person,
        "profile_form": ProfileForm(instance=_person(request)),
        "token_form": TokenForm(),
        "sign_ins": queries.live_sign_ins(person),
        "session_key": request.session.session_key,
        "tokens": queries.live_tokens(person),
        "consents": queries.consents_of(person),
        "privacy_version": queries.PRIVACY_VERSION,
        "has_read_privacy": queries.has_read_privacy(person),
        **parts_of(person),
    }
    return render(request, "people/me.html", context | changed, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """Show one's account; a post corrects the profile."""
    if request.method != "POST":
        return _page(request)
    form = ProfileForm(request.POST, instance=_person(request))
    if not form.is_valid():
        return _page(request, 400, profile_form=form)
    person = _person(request)
    try:
        services.update_profile(user=person, by=person, **form.cleaned_data)
    except PeopleError as error:
        form.add_error(None, str(error))
        return _page(request, 409, profile_form=form)
    with translation.override(form.cleaned_data["language"]):
        messages.success(request, _("Your profile is saved."))
    response = redirect("people:me")
    remember_language(response, form.cleaned_data["language"])
    return response


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; every other session ends."""
    person = _person(request)
    form = PasswordForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        person = services.change_password(user=person, password=form.cleaned_data["new"], by=person)
        admit(request, person)
        messages.success(request, _("Your password is changed. All other sessions have ended."))
        return redirect("people:me")
    return render(request, "people/password.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@require_POST
def end_session(request: HttpRequest, sign_in_id: int) -> HttpResponse:
    """End one of one's sessions."""
    try:
        services.end_session(user=_person(request), sign_in_id=sign_in_id)
    except PeopleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The session has ended."))
    return redirect("people:me")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    services.end_other_sessions(user=_person(request), keep=request.session.session_key or "")
    messages.success(request, _("All other sessions have ended."))
    return redirect("people:me")


@never_cache
@login_required
@require_POST
def issue_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its secret, this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, 400, token_form=form)
    try:
        token, secret = services.issue_token(user=_person(request), **form.cleaned_data)
    except PeopleError as error:
        form.add_error(None, str(error))
        return _page(request, 409, token_form=form)
    return _page(request, 201, new_token=token, new_secret=secret)


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one of one's tokens."""
    try:
        services.revoke_token(user=_person(request), token_id=token_id)
    except PeopleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The token is revoked."))
    return redirect("people:me")


@login_required
@require_POST
def confirm_privacy(request: HttpRequest) -> HttpResponse:
    """Record that the privacy notice was read; the training itself rests on duty, not on consent."""
    person = _person(request)
    if not queries.has_read_privacy(person):
        services.record_consent(user=person, subject="privacy", version=queries.PRIVACY_VERSION, basis="duty")
    return redirect("people:me")


@never_cache
@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Ask for the account to be closed; the password confirms it."""
    person = _person(request)
    form = ClosureForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        services.request_closure(user=person)
        messages.success(request, _("Your request is noted. An operator closes the account."))
        return redirect("people:me")
    context = {"form": form, "person": person}
    return render(request, "people/close.html", context, status=400 if form.errors else 200)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy notice, by version."""
    return render(request, "people/privacy.html", {"version": queries.PRIVACY_VERSION})
