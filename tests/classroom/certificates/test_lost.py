"""A certificate whose PDF the storage has lost: made anew from its frozen facts, by whoever asks first."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from classroom.certificates import files, services, signing
from classroom.certificates.models import Certificate
from classroom.people.models import AuditEntry
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost() -> Certificate:
    """A certificate in force whose stored file is gone."""
    certificate = services.award(completion=CompletionFactory(enrolment=EnrolmentFactory(completed=True)))
    services.render(certificate_id=certificate.pk)
    certificate.refresh_from_db()
    default_storage.delete(certificate.file)
    return certificate


def asked(client: Client, certificate: Certificate, language: str = "en") -> Any:
    client.force_login(certificate.user)
    client.cookies["django_language"] = language
    return client.get(reverse("certificates:pdf", args=[certificate.number]))


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "look again in a minute"), ("zh-hans", "请一分钟后再看")],
)
def test_the_reader_comes_back_in_a_minute_and_gets_it(
    client: Client, lost: Certificate, caplog: pytest.LogCaptureFixture, language: str, says: str
) -> None:
    facts = lost.facts_digest
    told = asked(client, lost, language)
    assert (told.status_code, told["Retry-After"]) == (503, "60")
    assert says in told.content.decode()
    (said,) = [record.getMessage() for record in caplog.records if record.name == "media.stored"]
    assert lost.file in said
    assert lost.number in said
    assert services.due() == [lost.pk]
    assert services.render(certificate_id=lost.pk)
    again = asked(client, lost)
    assert signing.check_pdf(b"".join(again.streaming_content)).is_genuine
    lost.refresh_from_db()
    assert lost.facts_digest == facts


def test_any_number_of_readers_cause_one_rendering(client: Client, lost: Certificate) -> None:
    for _ in range(3):
        assert asked(client, lost).status_code == 503
    assert AuditEntry.objects.filter(action="certificates.file_lost").count() == 1
    # Who read the row before it was made anew does not have it made once more.
    services.render(certificate_id=lost.pk)
    assert services.render_lost(certificate=lost) is False
    assert services.due() == []


def test_one_that_has_ended_is_not_made_again(lost: Certificate) -> None:
    services.revoke(
        certificate=lost, by=UserFactory(is_superuser=True), reason="issued_in_error", note="test"
    )
    assert services.render_lost(certificate=lost) is False


def test_the_public_page_says_of_a_lost_file_that_it_is_being_made(client: Client, lost: Certificate) -> None:
    html = client.get(reverse("certificates:verify_token", args=[lost.token])).content.decode()
    assert "PDF 正在生成" in html or "being made" in html
    assert files.stored_is_intact(lost) is None
    assert services.due() == [lost.pk]
    services.render(certificate_id=lost.pk)
    lost.refresh_from_db()
    assert files.stored_is_intact(lost) is True
