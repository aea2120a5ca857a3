"""An attachment whose file the storage has lost."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from wagtail.documents import get_document_model

from tests.media.buckets import unreachable

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ["This file is lost", "the operators have been told", "come back later"]),
        ("zh-hans", ["文件已丢失", "已通知运维人员"]),
    ],
)
def test_the_reader_is_told_what_to_do_and_the_operators_which_file_it_is(
    client: Client, caplog: pytest.LogCaptureFixture, language: str, says: list[str]
) -> None:
    document = get_document_model().objects.create(title="记录表", file=ContentFile(b"one", "sheet.txt"))
    assert b"".join(client.get(document.url).streaming_content) == b"one"
    assert caplog.records == []
    name = document.file.name
    document.file.storage.delete(name)
    client.cookies["django_language"] = language
    lost = client.get(document.url)
    html = lost.content.decode()
    assert lost.status_code == 404
    assert [words for words in ["记录表", *says] if words not in html] == []
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert name in said
    assert f"Document {document.pk}" in said


def test_a_store_that_is_away_is_no_loss(
    client: Client, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    document = get_document_model().objects.create(title="记录表", file=ContentFile(b"one", "sheet.txt"))
    with unreachable(settings):
        away = client.get(document.url)
    assert (away.status_code, away["Retry-After"]) == (503, "60")
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert f"GET {document.url}" in said
    assert b"".join(client.get(document.url).streaming_content) == b"one"
