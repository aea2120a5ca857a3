"""Certificates in the admin: find, revoke, replace, render again. For operators and reviewers."""

from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from classroom.certificates import errors, queries, services
from classroom.certificates.forms import EndForm, ReplaceForm, printed
from classroom.certificates.models import Certificate
from classroom.certificates.permissions import may_end
from classroom.certificates.tasks import render_soon
from classroom.people.models import User


def _for_enders(view: Any) -> Any:
    """Refuse whoever may not end certificates."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_end(request.user):
            raise PermissionDenied
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return checked


def _one(certificate_id: int) -> Certificate:
    every = Certificate.objects.unscoped("operators and reviewers see every certificate")
    return get_object_or_404(every.select_related("replaced_by", "ended_by", "user"), pk=certificate_id)


@_for_enders
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List certificates, the newest first, found by number, holder or institution."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:64]
    state = request.GET.get("state", "")
    found = queries.found(words, state)
    page = Paginator(found, 50).get_page(request.GET.get("p"))
    context = {"page": page, "words": words, "state": state, "states": queries.ADMIN_STATES}
    return render(request, "certificates/admin/index.html", context)


def _detail(request: HttpRequest, certificate: Certificate, **forms: Any) -> HttpResponse:
    context = {
        "certificate": certificate,
        "public": queries.public_view(certificate),
        "link": queries.verify_path(certificate),
        "revoke_form": forms.get("revoke_form") or EndForm(prefix="revoke"),
        "replace_form": forms.get("replace_form")
        or ReplaceForm(prefix="replace", initial=printed(certificate)),
    }
    return render(request, "certificates/admin/detail.html", context, status=422 if forms else 200)


@_for_enders
@require_GET
def detail(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Show one certificate with its frozen facts and what can be done with it."""
    return _detail(request, _one(certificate_id))


@_for_enders
@require_POST
def revoke(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Revoke it."""
    certificate, form = _one(certificate_id), EndForm(request.POST, prefix="revoke")
    if not form.is_valid():
        return _detail(request, certificate, revoke_form=form)
    try:
        services.revoke(certificate=certificate, by=cast(User, request.user), **form.cleaned_data)
        messages.success(request, _("%(number)s is revoked.") % {"number": certificate.number})
    except errors.CertificateError as error:
        messages.error(request, str(error))
    return redirect("certificate_detail", certificate.pk)


@_for_enders
@require_POST
def replace(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Replace it by a corrected one, and go to that."""
    certificate, form = _one(certificate_id), ReplaceForm(request.POST, prefix="replace")
    if not form.is_valid():
        return _detail(request, certificate, replace_form=form)
    try:
        successor = services.replace(
            certificate=certificate,
            by=cast(User, request.user),
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            changes=form.changes(certificate),
        )
    except errors.CertificateError as error:
        messages.error(request, str(error))
        return redirect("certificate_detail", certificate.pk)
    render_soon(successor)
    words = _("%(old)s is replaced by %(new)s.") % {"old": certificate.number, "new": successor.number}
    messages.success(request, words)
    return redirect("certificate_detail", successor.pk)


@_for_enders
@require_POST
def render_again(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Make its PDF again."""
    certificate = _one(certificate_id)
    try:
        services.render_again(certificate=certificate, by=cast(User, request.user))
        render_soon(certificate)
        messages.success(request, _("The PDF is being made again."))
    except errors.CertificateError as error:
        messages.error(request, str(error))
    return redirect("certificate_detail", certificate.pk)
