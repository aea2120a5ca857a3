"""Errors of the API are problem details (RFC 9457)."""

import pytest
from rest_framework.exceptions import NotFound, Throttled, ValidationError

from config.rest import problem_details


def test_a_missing_thing() -> None:
    response = problem_details(NotFound(), {})
    assert response is not None
    assert response.content_type == "application/problem+json"
    assert response.data["status"] == 404
    assert response.data["type"] == "urn:cloud-classroom:problem:not_found"
    assert response.data["detail"]


def test_fields_are_named() -> None:
    response = problem_details(ValidationError({"mobile": ["Enter eleven digits."]}), {})
    assert response is not None
    assert response.status_code == 400
    assert response.data["errors"] == {"mobile": ["Enter eleven digits."]}


def test_extra_members_are_merged() -> None:
    error = NotFound()
    error.extra = {"reason": "gone"}
    response = problem_details(error, {})
    assert response is not None
    assert response.data["reason"] == "gone"


def test_an_unknown_error_is_not_hidden() -> None:
    assert problem_details(RuntimeError("x"), {}) is None


def test_a_throttled_client_learns_how_long() -> None:
    response = problem_details(Throttled(wait=7), {})
    assert response is not None
    assert response.status_code == 429
    assert response.data["retry_after"] == 7


@pytest.mark.django_db
def test_an_unknown_address_of_the_api_is_a_problem(client) -> None:
    response = client.get("/api/learning/sessions/nothing/")
    assert response.status_code in {403, 404}
