"""Refusals of learning as problem details, for the framework's views and for the lean heartbeat."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import APIException

from classroom.enrolment.errors import EnrolmentError
from classroom.exams import errors as exam_errors
from classroom.people.trace import request_id
from classroom.progress import errors

_STATUS: dict[type[Exception], HTTPStatus] = {
    errors.SessionUnknown: HTTPStatus.NOT_FOUND,
    errors.CheckUnknown: HTTPStatus.NOT_FOUND,
    errors.TooFarAhead: HTTPStatus.BAD_REQUEST,
    errors.LessonNotReadable: HTTPStatus.BAD_REQUEST,
    errors.LessonNotPlayable: HTTPStatus.BAD_REQUEST,
    exam_errors.NotAsked: HTTPStatus.NOT_FOUND,
    exam_errors.ImpossibleChoice: HTTPStatus.BAD_REQUEST,
}


def status_of(error: Exception) -> HTTPStatus:
    """Return the status of a refusal; a conflict with how things stand, where nothing else is said."""
    return _STATUS.get(type(error), HTTPStatus.CONFLICT)


class LearningProblem(APIException):
    """A refusal as it leaves a view of the framework."""

    def __init__(self, error: errors.ProgressError | EnrolmentError | exam_errors.ExamError) -> None:
        self.status_code = status_of(error)
        self.default_code = error.code
        self.default_detail = error.message
        super().__init__(detail=str(error.message), code=error.code)


def problem(status: HTTPStatus, code: str, detail: str, **extra: Any) -> HttpResponse:
    """Return problem details (RFC 9457) without the framework."""
    body = {
        "type": f"urn:cloud-classroom:problem:{code}",
        "title": status.phrase,
        "status": status,
        "detail": detail,
        "instance": request_id.get(),
        **extra,
    }
    return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
