"""What the list of lectures says of uploads that go straight into the bucket."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media import direct_check
from media.models import DirectTransfer, Upload
from tests.factories.media import DirectTransferFactory, UploadFactory
from tests.media.straight import Browser, again, completed
from tests.media.visitors import entered

pytestmark = pytest.mark.django_db
LECTURES = "/admin/lectures/"
LONG_AGO = timedelta(hours=1)


def shown(person: Any, language: str = "en") -> str:
    """The page as a person sees it in their language."""
    type(person).objects.filter(pk=person.pk).update(language=language)
    client = entered(person, headers={"Accept-Language": language})
    return str(client.get(LECTURES).content.decode())


def test_an_interrupted_upload_goes_on_the_way_it_was_begun(s3: Any, owner: Any, client: Client) -> None:
    sample = "sample1-" + "a" * 64
    url = Browser(client, owner).begin(sample=sample).json()["url"]
    other = UploadFactory(owner=owner, offset=5, updated_at=timezone.now() - LONG_AGO)
    Upload.objects.update(updated_at=timezone.now() - LONG_AGO)
    html = shown(owner)
    assert set(re.findall(r'data-up-resume="([^"]*)"', html)) == {url, f"/api/uploads/{other.pk}/"}
    assert set(re.findall(r'data-up-cancel="([^"]*)"', html)) == {url, f"/api/uploads/{other.pk}/"}
    assert re.findall(r'data-fingerprint="([^"]*)"', html) == [sample]


def test_one_that_is_checked_waits_for_nobody_however_long_it_takes(s3: Any, owner: Any) -> None:
    completed(owner)
    Upload.objects.update(updated_at=timezone.now() - LONG_AGO)
    html = shown(owner)
    assert "it is being checked and stored." in html
    assert "data-up-resume" not in html
    direct_check.do_one()
    assert "data-up-cancel" not in shown(owner)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Not accepted", "it changed or was damaged on its way", "Choose the file again"]),
        ("zh-hans", ["未接收", "传输途中", "重新选择"]),
    ],
)
def test_one_that_was_refused_says_why_and_what_to_do_until_it_is_taken_away(
    s3: Any, owner: Any, client: Client, language: str, said: list[str]
) -> None:
    browser = Browser(client, owner)
    upload = completed(owner, digest="0" * 64)
    direct_check.do_one()
    html = shown(owner, language)
    assert [words for words in said if words not in html] == []
    assert "data-up-resume" not in html
    (address,) = re.findall(r'data-up-cancel="([^"]*)" data-refused', html)
    assert browser.client.delete(address).status_code == 204
    assert "data-up-cancel" not in shown(owner, language)
    assert again(upload).state == Upload.State.TERMINATED


def test_a_refusal_is_shown_to_its_owner_alone_and_not_for_ever(owner: Any, member: Any) -> None:
    refused = DirectTransferFactory(
        upload__owner=owner, upload__state="terminated", stage="ended", reason="not_media"
    )
    assert "Not accepted" in shown(owner)
    assert "Not accepted" not in shown(member("Trainers"))
    Upload.objects.filter(pk=refused.upload_id).update(expires_at=timezone.now())
    assert "Not accepted" not in shown(owner)


def test_the_uploader_goes_straight_only_before_a_bucket(s3: Any, owner: Any, settings: Any) -> None:
    def told() -> Any:
        data = re.search(r'id="up-data" type="application/json">(.*?)</script>', shown(owner), re.S)
        assert data
        return json.loads(data[1])

    assert told()["direct"] == "/api/uploads/direct/"
    assert told()["endpoint"] == "/api/uploads/"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    }
    assert told()["direct"] == ""


def test_more_uploads_cost_no_more_queries(
    owner: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    DirectTransferFactory(upload__owner=owner)
    shown(owner)
    with django_assert_max_num_queries(60) as first:
        shown(owner)
    DirectTransferFactory.create_batch(2, upload__owner=owner, reason="not_media", upload__state="terminated")
    with django_assert_num_queries(len(first.captured_queries)):
        shown(owner)
    assert DirectTransfer.objects.count() == 3
