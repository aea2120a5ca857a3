"""The heartbeat: the most frequent request of the platform, answered without what it does not need.

It is described to the schema like every view, but reads, checks and answers by itself: the
framework's content negotiation, throttles and serializers cost more than the work.
"""

import json
import time
import uuid
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.authentication import CSRFCheck
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.views import APIView

from classroom.learning import services
from classroom.learning.api import serializers
from classroom.learning.api.problems import problem, status_of
from classroom.learning.api.reports import BadReport, Report, read_report
from classroom.learning.services import Beat
from classroom.people.api.authentication import PersonalTokenAuthentication
from classroom.people.claims import claim_of
from classroom.people.models import User
from classroom.progress.errors import ProgressError, SessionUnknown, SignedOut
from classroom.progress.words import why

_MINUTE = 60
# An honest player sends four a minute, and after a tunnel of 15 minutes sixty at once.
_PER_MINUTE = 600


class _Refused(Exception):
    """The request is answered before it is read."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


class HeartbeatView(APIView):
    """Reports of what was really shown."""

    @extend_schema(
        operation_id="learning_heartbeat",
        summary="Report what was shown",
        tags=["learning"],
        request=serializers.ReportRequest,
        responses={
            200: serializers.Acknowledgement,
            400: OpenApiResponse(description="Not a report; nothing was credited."),
            401: OpenApiResponse(description="Signed out: keep the report and send it again afterwards."),
            403: OpenApiResponse(description="The CSRF token is missing or wrong."),
            404: OpenApiResponse(description="No session of one's own."),
            429: OpenApiResponse(description="Too often; Retry-After says when."),
        },
    )
    def post(self, request: Any, session_id: uuid.UUID) -> HttpResponse:
        """Credit a report; 200 means that it is durable. Sent again, it changes nothing."""
        try:
            report = read_report(request.body)
            beat = _take(request, session_id, report)
        except _Refused as refused:
            return refused.response
        except BadReport as error:
            return problem(HTTPStatus.BAD_REQUEST, "bad_report", str(error))
        except ProgressError as error:
            return problem(status_of(error), error.code, str(error.message))
        return HttpResponse(json.dumps(acknowledgement(beat)), content_type="application/json")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a post without the framework's machinery; nothing else is allowed here."""
        if request.method != "POST":
            answer = problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", _("Use POST."))
            answer["Allow"] = "POST"
            return answer
        return self.post(request, *args, **kwargs)


def _nothing(request: HttpRequest) -> HttpResponse:
    """Stand for the view that the CSRF check would guard; it is never called."""
    return HttpResponse()


def _take(request: HttpRequest, session_id: uuid.UUID, report: Report) -> Beat:
    """Credit a report of whoever reports. Raises `_Refused` and what the services raise."""
    person, admits = _person(request)
    take = partial(
        services.take_heartbeat,
        user_id=person,
        session_id=session_id,
        seq=report.seq,
        spans=report.spans,
        position_ms=report.position_ms,
    )
    if admits is None:
        return take()
    try:
        return take(admits=admits)
    except (SessionUnknown, SignedOut):
        # Ask as every other page does: it ends a session that does not hold, and moves one to a new key.
        # Whoever is not signed in learns that, and not whether there is such a viewing.
        if not request.user.is_authenticated:
            raise _Refused(_signed_out()) from None
        return take()


def _person(request: HttpRequest) -> tuple[int, Callable[[User], bool] | None]:
    """Return who reports, by personal token or by session with a CSRF token. Raises `_Refused`.

    A session only claims who it is: the second value says of the person's row whether that holds, once the
    report's own read has brought it, so that the person is not read twice. With a token it is None.
    """
    if "HTTP_AUTHORIZATION" in request.META:
        try:
            found = PersonalTokenAuthentication().authenticate(Request(request))
        except AuthenticationFailed as failed:
            raise _Refused(problem(HTTPStatus.UNAUTHORIZED, "bad_token", str(failed.detail))) from failed
        if found is not None:
            return _throttled(int(found[0].pk)), None
    claim = claim_of(request.session)
    if claim is None and not request.user.is_authenticated:
        raise _Refused(_signed_out())
    if CSRFCheck(_nothing).process_view(request, _nothing, (), {}):
        words = _("The page is out of date. Reload it; what you watched is kept on this device.")
        raise _Refused(problem(HTTPStatus.FORBIDDEN, "csrf", words))
    if claim is None:
        return _throttled(int(request.user.pk)), None  # type: ignore[arg-type]  # signed in, as seen above
    return _throttled(claim.user_id), claim.holds


def _signed_out() -> HttpResponse:
    return problem(HTTPStatus.UNAUTHORIZED, SignedOut.code, str(SignedOut.message))


def _throttled(person: int) -> int:
    """Count a request of this minute; raises `_Refused` beyond what any player sends."""
    most = getattr(settings, "HEARTBEATS_PER_MINUTE", _PER_MINUTE)
    now = int(time.time())
    key = f"heartbeats:{person}:{now // _MINUTE}"
    try:
        count = cache.incr(key)
    except ValueError:
        cache.set(key, 1, _MINUTE)
        count = 1
    if count > most:
        answer = problem(HTTPStatus.TOO_MANY_REQUESTS, "throttled", _("Too many reports. Wait a moment."))
        answer["Retry-After"] = str(_MINUTE - now % _MINUTE)
        raise _Refused(answer)
    return person


def acknowledgement(beat: Beat) -> dict[str, Any]:
    """Return what the player is told."""
    credit = beat.credit
    presence = credit.presence
    return {
        "highest_seq": credit.highest_seq,
        "coverage": credit.coverage,
        "covered_ms": credit.covered_ms,
        "furthest_ms": credit.furthest_ms,
        "missing": credit.missing,
        "waiting": credit.waiting,
        "refused": [
            {"rule": one.rule, "s": one.s, "e": one.e, "reason": why(one.rule)} for one in credit.refused
        ],
        "has_lease": credit.has_lease,
        "presence": presence
        and {
            "id": str(presence.id),
            "seconds_left": presence.seconds_left,
            "extensions_left": presence.extensions_left,
        },
        "lesson_completed": credit.is_seen,
        "course_completed": beat.is_course_complete,
        "certificate": beat.certificate.number if beat.certificate else None,
        "session_ms": credit.session_ms,
    }
