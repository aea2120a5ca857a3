"""Errors of exams as problem details."""

from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException

from classroom.exams import errors

STATUS = {
    errors.NotEligible: status.HTTP_409_CONFLICT,
    errors.AttemptClosed: status.HTTP_409_CONFLICT,
    errors.DeadlinePassed: status.HTTP_410_GONE,
    errors.UnknownQuestion: status.HTTP_400_BAD_REQUEST,
    errors.ImpossibleChoice: status.HTTP_400_BAD_REQUEST,
}


class ExamProblem(APIException):
    """An `ExamError` as it leaves the API, with `extra` merged into the answer."""

    def __init__(self, error: errors.ExamError, **extra: Any) -> None:
        self.status_code = STATUS.get(type(error), status.HTTP_409_CONFLICT)
        self.default_code = error.code
        self.default_detail = error.message
        self.extra = extra
        super().__init__(detail=str(error.message), code=error.code)


class NewerAnswer(APIException):
    """An older revision met a newer one; `answer` is what stands."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "newer_answer"

    def __init__(self, detail: str, answer: dict[str, Any]) -> None:
        self.extra = {"answer": answer}
        super().__init__(detail=detail)
