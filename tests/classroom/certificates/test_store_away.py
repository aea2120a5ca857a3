"""A certificate while the file store is away: it holds, its file is asked for again, and its making waits."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom.certificates import services, signing
from classroom.certificates.models import Certificate
from tests.factories.completion import CompletionFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.media.buckets import unreachable

pytestmark = pytest.mark.django_db


@pytest.fixture
def due() -> Certificate:
    """A certificate in force whose PDF is not made yet."""
    return services.award(completion=CompletionFactory(enrolment=EnrolmentFactory(completed=True)))


@pytest.fixture
def certificate(due: Certificate) -> Certificate:
    """A certificate in force with its PDF."""
    services.render(certificate_id=due.pk)
    due.refresh_from_db()
    return due


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "The file store cannot be used now"), ("zh-hans", "文件存储暂时不可用")],
)
def test_its_file_is_asked_for_again_and_is_not_made_anew(
    client: Client, certificate: Certificate, settings: Any, language: str, says: str
) -> None:
    client.force_login(certificate.user)
    client.cookies["django_language"] = language
    url = reverse("certificates:pdf", args=[certificate.number])
    with unreachable(settings):
        away = client.get(url)
    assert (away.status_code, away["Retry-After"]) == (503, "60")
    assert says in away.content.decode()
    assert services.due() == []
    back = client.get(url)
    assert signing.check_pdf(b"".join(back.streaming_content)).is_genuine


def test_the_public_page_still_says_what_the_certificate_says(
    client: Client, certificate: Certificate, settings: Any
) -> None:
    cache.clear()
    with unreachable(settings):
        page = client.get(
            reverse("certificates:verify_token", args=[certificate.token]), headers={"accept-language": "en"}
        )
        told = client.get(f"/api/verify/{certificate.token}/")
    assert (page.status_code, told.status_code) == (200, 200)
    assert "the PDF cannot be checked now" in page.content.decode()
    assert "does not match its signature" not in page.content.decode()
    assert (told.json()["status"], told.json()["is_file_intact"]) == ("valid", None)
    assert services.due() == []


def test_making_it_waits_for_the_store_and_is_not_given_up(due: Certificate, settings: Any) -> None:
    every = Certificate.objects.unscoped("the test looks at it")
    # One more failure that counted would be the last.
    every.filter(pk=due.pk).update(render_attempts=9)
    with unreachable(settings):
        assert not services.render(certificate_id=due.pk)
    due.refresh_from_db()
    assert (due.rendering, due.render_attempts, due.file) == (Certificate.Rendering.DUE, 9, "")
    assert due.render_due_at is not None
    assert 0 < (due.render_due_at - timezone.now()).total_seconds() <= 60
    assert services.render(certificate_id=due.pk)
