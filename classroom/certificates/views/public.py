"""Public verification: by the QR code's link, by number and surname, by file."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from classroom.certificates import engraving, files, queries, throttle
from classroom.certificates.forms import FileForm, SearchForm
from classroom.certificates.models import Certificate

_LINK = re.compile(r"/v/([A-Za-z0-9_-]{1,64})/?$")


def _page(
    request: HttpRequest,
    *,
    status: int = 200,
    certificate: Certificate | None = None,
    verdict: str = "",
    search: SearchForm | None = None,
    upload: FileForm | None = None,
) -> HttpResponse:
    """Answer with the one page of verification; it is never indexed and never kept."""
    public = queries.public_view(certificate) if certificate else None
    file = files.known_of_stored(certificate, asked=request.path) if certificate else files.StoredFile()
    context: dict[str, Any] = {
        "public": public,
        "intact": file.is_intact,
        "is_store_away": file.is_store_away,
        "verdict": verdict,
        "search": search or SearchForm(initial={"number": public.number if public else ""}),
        "upload": upload or FileForm(),
        "now": timezone.now(),
        "seal": _seal(public.issuer, public.is_demo) if public else None,
        "digest_groups": _grouped(public.facts_digest) if public else [],
    }
    response = render(request, "certificates/verify.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _seal(issuer: str, is_demo: bool) -> engraving.Seal:
    return engraving.seal(issuer, "演示" if is_demo else "培训专用")


def _grouped(digest: str) -> list[str]:
    groups = [digest[start : start + 8] for start in range(0, 64, 8)]
    return [" ".join(groups[:4]), " ".join(groups[4:])]


def _too_many(request: HttpRequest, search: SearchForm | None = None) -> HttpResponse:
    response = _page(request, status=429, verdict="too_many", search=search)
    response["Retry-After"] = str(throttle.seconds_left())
    return response


def _token_in(text: str) -> str:
    """Return the token where a link of ours was typed or pasted, else an empty text."""
    found = _LINK.search(text.strip())
    return found[1] if found else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Show the form; on a post find by number and surname, or follow the link that was entered."""
    if request.method != "POST":
        return _page(request)
    form = SearchForm(request.POST)
    if not form.is_valid():
        return _page(request, search=form, status=422)
    typed = form.cleaned_data["number"]
    token = _token_in(typed)
    if token:
        return redirect("certificates:verify_token", token[:64])
    if not form.cleaned_data["surname"]:
        form.add_error("surname", _("Enter the holder's surname too: a number alone says nothing."))
        return _page(request, search=form, status=422)
    if throttle.is_exhausted(request):
        return _too_many(request, form)
    certificate = queries.by_number(typed, form.cleaned_data["surname"])
    if certificate is None:
        throttle.count_miss(request)
        return _page(request, search=form, verdict="unknown", status=404)
    return redirect("certificates:verify_token", certificate.token)


@never_cache
@require_GET
def verify_token(request: HttpRequest, token: str) -> HttpResponse:
    """Show what holds of the certificate whose QR code was scanned."""
    certificate = queries.by_token(token)
    if certificate is None:
        if throttle.is_exhausted(request):
            return _too_many(request)
        throttle.count_miss(request)
        return _page(request, verdict="unknown", status=404)
    return _page(request, certificate=certificate)


@never_cache
@require_POST
def verify_file(request: HttpRequest) -> HttpResponse:
    """Check an uploaded PDF or credential: who signed it, whether it was changed, what holds now."""
    if throttle.is_exhausted(request):
        return _too_many(request)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, upload=form, status=422)
    check = files.check(form.cleaned_data["file"].read())
    if check.certificate is None:
        throttle.count_miss(request)
    status = 422 if check.verdict == files.BLOATED else 200
    return _page(request, certificate=check.certificate, verdict=f"file_{check.verdict}", status=status)
