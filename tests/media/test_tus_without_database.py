"""A transfer while the database is locked or away: 503, and the client goes on where it was."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from media.models import Lecture, Upload
from tests.media.transfers import VIDEO, Tus, problem, trainer

HALF = len(VIDEO) // 2


@pytest.fixture
def tus(client: Client, db: None) -> Tus:
    return Tus(client, trainer())


def failing(error: Exception, *, wanted: str) -> Callable[..., Any]:
    """Let statements with these words fail, as those of a database do that is locked or gone."""

    def ask(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if wanted in sql:
            raise error
        return execute(sql, params, many, context)

    return ask


@pytest.mark.parametrize(
    "error",
    [OperationalError("database is locked"), InterfaceError("connection already closed")],
    ids=["locked", "gone"],
)
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_upload_that_cannot_be_looked_up_is_to_be_asked_for_again(
    tus: Tus, method: str, error: Exception
) -> None:
    url = tus.create()["Location"]
    tus.patch(url, VIDEO[:HALF])
    with connection.execute_wrapper(failing(error, wanted="media_upload")):
        answer = tus.call(method, url, VIDEO[HALF:] if method == "PATCH" else b"", Upload_Offset=str(HALF))
    assert (answer.status_code, answer["Retry-After"], answer["Tus-Resumable"]) == (503, "5", "1.0.0")
    assert "Upload-Offset" not in answer
    if method != "HEAD":
        assert problem(answer) == "database_away"
    assert tus.call("HEAD", url)["Upload-Offset"] == str(HALF)
    assert tus.patch(url, VIDEO[HALF:], HALF).status_code == 204
    assert Lecture.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_bytes_that_arrive_while_rows_cannot_be_written_are_kept(tus: Tus) -> None:
    url = tus.create()["Location"]
    with connection.execute_wrapper(failing(InterfaceError("closed"), wanted='UPDATE "media_upload"')):
        answer = tus.patch(url, VIDEO[:HALF])
    assert (answer.status_code, answer["Upload-Offset"]) == (204, str(HALF))
    assert tus.patch(url, VIDEO[HALF:], HALF)["Lecture-Id"] == str(Lecture.objects.get().pk)


def test_a_creation_that_cannot_be_written_leaves_nothing_and_may_be_sent_again(tus: Tus) -> None:
    error = OperationalError("database is locked")
    with connection.execute_wrapper(failing(error, wanted='INSERT INTO "media_upload"')):
        assert problem(tus.create()) == "database_away"
    assert not Upload.objects.exists()
    assert tus.create().status_code == 201
