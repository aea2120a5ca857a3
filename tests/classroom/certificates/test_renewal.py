"""A file is made anew beside the one in use: late, killed and failing renderers harm nothing."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone, translation

from classroom.certificates import files, services, signing
from classroom.certificates.models import Certificate
from classroom.certificates.services import rendering
from tests.factories.completion import CompletionFactory
from tests.factories.people import UserFactory


def content(certificate):
    with default_storage.open(certificate.file) as file:
        return file.read()


def is_whole(certificate):
    certificate.refresh_from_db()
    return hashlib.sha256(content(certificate)).hexdigest() == certificate.file_digest


@pytest.fixture
def operator(db):
    return UserFactory(is_superuser=True)


@pytest.fixture
def certificate(db):
    one = services.award(completion=CompletionFactory())
    services.render(certificate_id=one.pk)
    one.refresh_from_db()
    return one


def test_a_renderer_that_comes_late_does_not_write_over_the_file_of_the_one_after_it(db):
    """The slow one's lease ran out, another made the file, and its digest is what the row says."""
    one = services.award(completion=CompletionFactory())
    slow = rendering._claim(one.pk, timezone.now() - timedelta(hours=1))
    made = rendering.make(slow)
    assert services.render(certificate_id=one.pk) is True
    assert rendering._keep(slow, made) is False
    assert is_whole(one)
    assert files.stored_is_intact(one) is True


def test_made_again_the_former_file_goes_only_once_the_new_one_stands(
    certificate, operator, django_capture_on_commit_callbacks
):
    former = certificate.file
    services.render_again(certificate=certificate, by=operator)
    with django_capture_on_commit_callbacks() as after:
        services.render(certificate_id=certificate.pk)
        assert default_storage.exists(former)
    certificate.refresh_from_db()
    assert certificate.file != former
    for act in after:
        act()
    assert not default_storage.exists(former)
    assert is_whole(certificate)


def test_two_names_take_turns_so_that_files_never_pile_up(
    certificate, operator, django_capture_on_commit_callbacks
):
    names = [certificate.file]
    for _ in range(3):
        services.render_again(certificate=certificate, by=operator)
        with django_capture_on_commit_callbacks(execute=True):
            services.render(certificate_id=certificate.pk)
        certificate.refresh_from_db()
        names.append(certificate.file)
    assert names[0] == names[2] != names[1] == names[3]
    folder = names[0].rpartition("/")[0]
    assert [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]] == [certificate.file]


def test_while_it_is_made_again_the_holder_still_gets_the_file_in_use(client, certificate, operator):
    client.force_login(certificate.user)
    before = content(certificate)
    services.render_again(certificate=certificate, by=operator)
    rendering._claim(certificate.pk, timezone.now())
    response = client.get(reverse("certificates:pdf", args=[certificate.number]))
    assert b"".join(response.streaming_content) == before


def test_killed_after_the_file_was_stored_it_is_done_again(certificate, operator):
    """The new file lies there whole or half, the row still names the old one: the sweep goes on."""
    services.render_again(certificate=certificate, by=operator)
    killed = rendering._claim(certificate.pk, timezone.now() - rendering.LEASE - timedelta(seconds=1))
    default_storage.save(certificate.file.replace(".pdf", "-2.pdf"), ContentFile(b"%PDF-half"))
    assert killed.pk in services.due()
    assert is_whole(certificate)
    assert services.render(certificate_id=certificate.pk) is True
    assert is_whole(certificate)
    assert signing.check_pdf(content(certificate)).is_genuine


def test_a_storage_that_is_full_leaves_the_row_due_with_a_reason_and_the_file_in_use(
    certificate, operator, monkeypatch
):
    services.render_again(certificate=certificate, by=operator)

    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    assert services.render(certificate_id=certificate.pk) is False
    assert is_whole(certificate)
    assert certificate.rendering == Certificate.Rendering.DUE
    assert "No space left" in certificate.render_failure
    assert certificate.leased_until is None
    assert certificate.render_due_at > timezone.now()


@pytest.mark.parametrize(("language", "words"), [("en", "No PDF was made"), ("zh-hans", "PDF")])
def test_one_that_ended_before_its_file_was_made_does_not_promise_one(client, operator, language, words):
    one = services.award(completion=CompletionFactory())
    services.revoke(certificate=one, by=operator, reason="issued_in_error", note="x")
    with translation.override(language):
        html = client.get(
            reverse("certificates:verify_token", args=[one.token]), headers={"accept-language": language}
        ).content.decode()
    assert words in html
    assert "look again in a minute" not in html
    assert "一分钟" not in html
