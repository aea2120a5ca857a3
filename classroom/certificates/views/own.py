"""One's own certificates, and their files."""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET

from classroom.certificates import queries, services, specimens, tasks
from classroom.certificates.models import Certificate
from media import stored


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


def _not_made_yet(request: HttpRequest, certificate: Certificate, *, is_lost: bool = False) -> HttpResponse:
    """Say that the file is being made, anew where it is lost, or could not be; the certificate holds."""
    return render(
        request,
        "certificates/not_made_yet.html",
        {
            "certificate": certificate,
            "path": queries.verify_path(certificate),
            "is_own": certificate.user_id == request.user.pk,
            "is_lost": is_lost,
        },
        status=503 if is_lost else 202,
    )


def _lost(request: HttpRequest, certificate: Certificate) -> HttpResponse:
    """Have the PDF made anew from the frozen facts, and ask the reader to come back in a minute."""
    if services.render_lost(certificate=certificate):
        tasks.render_soon(certificate)
    certificate.refresh_from_db()
    response = _not_made_yet(request, certificate, is_lost=True)
    response["Retry-After"] = "60"
    return response


@require_GET
@never_cache
@login_required
def pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """Send the PDF to its holder, the holder's manager or regulator; nobody else learns that it exists."""
    certificate = _issued(request, number)
    if not certificate.file:
        return _not_made_yet(request, certificate)
    try:
        file = stored.open_named(certificate.file, row=f"certificates.Certificate {certificate.number}")
    except stored.FileLost:
        return _lost(request, certificate)
    return FileResponse(
        file,
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
