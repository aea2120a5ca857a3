"""One's own certificates, and their files."""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET

from classroom.certificates import queries, specimens
from classroom.certificates.models import Certificate


@require_GET
@never_cache
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """List one's certificates with their state, file and verification link."""
    rows = [
        {
            "certificate": certificate,
            "public": queries.public_view(certificate),
            "link": queries.verify_url(certificate),
            "path": queries.verify_path(certificate),
        }
        for certificate in queries.own_certificates(request.user)
    ]
    return render(request, "certificates/mine.html", {"rows": rows, "site_url": settings.SITE_URL})


def _issued(request: HttpRequest, number: str) -> Certificate:
    """Return a certificate in force that the reader may open; any other is not there."""
    try:
        certificate = queries.readable(request.user, number)
    except Certificate.DoesNotExist as missing:
        raise Http404 from missing
    if certificate.state != Certificate.State.ISSUED:
        raise Http404
    return certificate


def _not_made_yet(request: HttpRequest, certificate: Certificate) -> HttpResponse:
    """Say that the file is being made, or that it could not be; the certificate holds all the same."""
    return render(
        request,
        "certificates/not_made_yet.html",
        {
            "certificate": certificate,
            "path": queries.verify_path(certificate),
            "is_own": certificate.user_id == request.user.pk,
        },
        status=202,
    )


@require_GET
@never_cache
@login_required
def pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """Send the PDF to its holder, the holder's manager or regulator; nobody else learns that it exists."""
    certificate = _issued(request, number)
    if not certificate.file:
        return _not_made_yet(request, certificate)
    return FileResponse(
        default_storage.open(certificate.file),
        filename=f"{certificate.number}.pdf",
        content_type="application/pdf",
        as_attachment="download" in request.GET,
    )


@require_GET
@never_cache
@login_required
def credential(request: HttpRequest, number: str) -> HttpResponse:
    """Send the Open Badges 3.0 credential, for wallets and offline checks."""
    certificate = _issued(request, number)
    if not certificate.file:
        return _not_made_yet(request, certificate)
    body = json.dumps(certificate.credential, ensure_ascii=False, indent=2)
    return HttpResponse(
        body,
        content_type="application/vc+ld+json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{certificate.number}.json"'},
    )


@require_GET
@cache_control(public=True, max_age=24 * 3600)
def specimen(request: HttpRequest, course_code: str) -> HttpResponse:
    """Show what the certificate of a published course looks like, marked as a specimen."""
    picture = specimens.picture(course_code)
    if picture is None:
        raise Http404
    return HttpResponse(picture, content_type="image/png")
