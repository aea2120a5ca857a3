"""Pagination and errors of the API."""

from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from classroom.people.trace import request_id


def only_our_own(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the endpoints under `/api/`: the admin's own interface is not for others."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


class Pages(PageNumberPagination):
    """Pages of 50, at most 200."""

    page_size_query_param = "page_size"
    max_page_size = 200


def _ours(error: Exception) -> Exception:
    """Return the API's own error for one of Django's. What a 404 says names models, so it is not passed on."""
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return PermissionDenied(str(error) or None)
    return error


def _title(error: APIException) -> str:
    """Return what errors of this kind say. Where that leaves room for a word, only this one says it whole."""
    said = str(getattr(error, "default_detail", ""))
    return str(error.detail) if "{" in said else said


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an API error into problem details (RFC 9457), `application/problem+json`.

    Returns None for an error that the API does not know, which then is a logged 500.
    """
    error = _ours(error)
    response = exception_handler(error, context)
    if response is None or not isinstance(error, APIException):
        return None
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    problem: dict[str, Any] = {
        "type": f"urn:cloud-classroom:problem:{code}",
        "title": _title(error) or response.status_text,
        "status": response.status_code,
        "instance": request_id.get(),
    }
    if isinstance(error, ValidationError):
        problem["title"] = str(ValidationError.default_detail)
        problem["errors"] = response.data
    elif isinstance(response.data, dict) and "detail" in response.data:
        problem["detail"] = str(response.data["detail"])
    extra = getattr(error, "extra", None)
    if isinstance(extra, dict):
        problem |= extra
    response.data = problem
    response.content_type = "application/problem+json"
    if response.status_code == status.HTTP_429_TOO_MANY_REQUESTS and "Retry-After" in response.headers:
        problem["retry_after"] = int(response.headers["Retry-After"])
    return response
