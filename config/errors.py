"""Error pages in the reader's language: what happened, what is safe, what to do."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.utils.translation import gettext_lazy as _

from classroom.people.trace import request_id
from classroom.people.way_back import page_before
from config.sessions import CsrfRefused
from media.errors import reason_of

# What a program, or a page's script, is told where no view of the API has answered: what happened, what to do.
_PROBLEMS = {
    400: (
        _("This request cannot be read"),
        _(
            "The address, a header or the body is not as the API expects. Compare it with /api/docs/ and send it "
            "again; from a page, load the page again and repeat the step."
        ),
    ),
    403: (
        _("You may not do this"),
        _("Sign in with an account that may, or ask your institution's training manager for the role."),
    ),
    404: (
        _("There is nothing at this address"),
        _("The address may have a slip, or what it named was removed. /api/docs/ lists what there is."),
    ),
    413: (
        _("This is too large"),
        _("Nothing was kept of it. Send less at once; lectures go to /api/uploads/, in parts."),
    ),
    429: (_("Too many tries in a short time"), _("Wait a little, then try again.")),
    503: (
        _("The file store cannot be used now"),
        _(
            "What was saved before is safe, and the operators have been told. Send the request again in a minute."
        ),
    ),
    500: (
        _("A fault on our side"),
        _(
            "The step did not go through; what was saved before is safe. Try again in a minute. When you ask for "
            "help, give the number under “instance”."
        ),
    ),
}


def answer(
    request: HttpRequest, status: int, *, template: str = "", context: dict[str, Any] | None = None
) -> HttpResponse:
    """Answer with the page of this status, or with problem details where an API was asked."""
    if request.path.startswith("/api/"):
        return problem(status, detail=(context or {}).get("reason", ""))
    words = {
        "status": status,
        "request_id": request_id.get(),
        "again": _again(request),
        **(context or {}),
    }
    try:
        return render(request, template or f"shell/{status}.html", words, status=status)
    except TemplateDoesNotExist:
        return render(request, "shell/error.html", words, status=status)


def _again(request: HttpRequest) -> str:
    """Return where to load the page again: where a form was sent to takes no visits, so the page before it."""
    return request.path if request.method in {"GET", "HEAD"} else page_before(request) or "/"


def problem(status: int, *, title: str = "", detail: str = "") -> HttpResponse:
    """Return problem details (RFC 9457) for what no view of the API has answered, in the reader's language.

    `title` and `detail` say more of this case than its status does.
    """
    usual = _PROBLEMS.get(status, (_("This did not work"), _("Go back and try once more.")))
    return JsonResponse(
        {
            "type": "about:blank",
            "title": title or str(usual[0]),
            "status": status,
            "detail": detail or str(usual[1]),
            "instance": request_id.get(),
        },
        status=status,
        content_type="application/problem+json",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a post without a valid token: what happened and what to do."""
    if request.path.startswith("/api/"):
        refusal = CsrfRefused()
        return problem(refusal.status_code, title=str(refusal.default_detail), detail=str(refusal.detail))
    return answer(request, HTTPStatus.FORBIDDEN, template="shell/403_csrf.html")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read, or that holds more than a form may."""
    if isinstance(exception, RequestDataTooBig):
        return answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return answer(request, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer who may not see the page; a message given with the refusal is shown."""
    return answer(request, HTTPStatus.FORBIDDEN, context={"reason": str(exception)})


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return answer(request, HTTPStatus.NOT_FOUND)


def too_many_requests(request: HttpRequest, retry_after: int | None = None) -> HttpResponse:
    """Answer who asks too often; `retry_after` in seconds is said and sent."""
    minutes = -(-retry_after // 60) if retry_after else None
    response = answer(request, HTTPStatus.TOO_MANY_REQUESTS, context={"minutes": minutes})
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def store_away(request: HttpRequest, code: str, retry_after: int) -> HttpResponse:
    """Answer who needs the file store while it is away or full; `code` is one of media.errors."""
    page = answer(request, HTTPStatus.SERVICE_UNAVAILABLE, context={"why": reason_of(code).reason})
    page["Retry-After"], page["Cache-Control"] = str(retry_after), "no-store"
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of our own. The page asks nothing of the database, which may be what failed."""
    if request.path.startswith("/api/"):
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR)
    return render(
        None,
        "shell/500.html",
        {
            "status": 500,
            "request_id": request_id.get(),
            "again": "" if request.method == "GET" else _again(request),
            "is_bare": True,
        },
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
