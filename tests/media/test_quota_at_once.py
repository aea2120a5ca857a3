"""Uploads of one institution that begin at the same moment: together they never pass its quota."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import direct, upload_rules, uploads
from media.models import DirectTransfer, Tenant, Upload
from media.queries import used_bytes
from media.upload_rules import Declared
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory, UploadFactory
from tests.media.buckets import S3
from tests.media.straight import completed, straight
from tests.media.transfers import DIGEST, VIDEO, begun, parts_of, spooled, trainer
from tests.threads import in_threads

Begin = Callable[[Any], Upload]


def one_room(owners: list[Any], begin: Begin, settings: Any) -> None:
    """Let all begin at once where one of them has room, and where the tenant is counted for the first time."""
    settings.MEDIA_TENANT_OF = "tests.media.test_quota_at_once.of_all"
    settings.TENANT_QUOTA_BYTES = 2 * len(VIDEO) - 1
    failed = in_threads(len(owners), lambda n: begin(owners[n]))
    assert [type(error) for error in failed] == [upload_rules.OverQuota] * (len(owners) - 1)
    assert Upload.objects.filter(state=Upload.State.RECEIVING).count() == 1
    assert used_bytes("all") == len(VIDEO)


def of_all(_user: Any) -> str:
    """One tenant, for the tests of this file."""
    return "all"


@pytest.mark.django_db(transaction=True)
def test_of_many_that_begin_by_tus_at_once_one_is_taken(settings: Any) -> None:
    one_room([trainer() for _ in range(4)], begun, settings)
    assert len(spooled()) == 1


@pytest.mark.django_db(transaction=True)
def test_of_tus_and_the_bucket_at_once_one_is_taken(s3: S3, settings: Any) -> None:
    def begin(owner: Any) -> Upload:
        declared = Declared(filename="lecture.mp4")
        way = direct.begin if owner.pk % 2 else uploads.begin
        return way(owner=owner, declared=declared, length=len(VIDEO))

    one_room([trainer() for _ in range(4)], begin, settings)


@pytest.mark.django_db
def test_without_a_quota_nobody_waits_for_anybody(settings: Any) -> None:
    settings.TENANT_QUOTA_BYTES = 0
    begun(trainer())
    assert not Tenant.objects.exists()


@pytest.mark.django_db
def test_a_file_known_from_another_account_counts_on_this_one(settings: Any) -> None:
    owner = trainer()
    source = SourceFactory(digest=DIGEST, size=len(VIDEO))
    EncodeFactory(lecture=LectureFactory(owner=owner, tenant="institution:1"), source=source)
    settings.TENANT_QUOTA_BYTES = len(VIDEO) - 1
    with pytest.raises(upload_rules.OverQuota):
        begun(owner, digest=DIGEST)
    assert not Upload.objects.exists()
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    assert begun(owner, digest=DIGEST).state == Upload.State.FINISHED
    # Kept here already, it takes nothing more.
    assert begun(owner, digest=DIGEST).state == Upload.State.FINISHED


@pytest.mark.django_db
def test_what_replaces_a_video_counts_for_the_account_that_keeps_the_lecture(settings: Any) -> None:
    owner = trainer()
    lecture = LectureFactory(owner=owner, tenant="institution:1")
    EncodeFactory(lecture=lecture, source=SourceFactory(size=100))
    settings.TENANT_QUOTA_BYTES = len(VIDEO) + 99
    with pytest.raises(upload_rules.OverQuota):
        begun(owner, lecture=lecture.pk)
    settings.TENANT_QUOTA_BYTES = len(VIDEO) + 100
    assert begun(owner, lecture=lecture.pk).tenant == "institution:1"


@pytest.mark.django_db
def test_what_is_complete_in_the_bucket_counts_for_as_long_as_its_check_waits(s3: S3, settings: Any) -> None:
    owner = trainer()
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    upload = completed(owner)
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert DirectTransfer.objects.get(upload=upload).stage == DirectTransfer.Stage.CHECKING
    with pytest.raises(upload_rules.OverQuota):
        straight(owner, b"x")


@pytest.mark.django_db
def test_parts_that_have_lapsed_no_longer_count_and_cannot_be_put_together(settings: Any) -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 2)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    UploadFactory(owner=owner, tenant=f"person:{owner.pk}", length=len(VIDEO))
    with pytest.raises(upload_rules.Gone):
        uploads.concatenate(
            owner=owner, declared=Declared(filename="a.mp4"), part_ids=[part.pk for part in parts]
        )


@pytest.mark.django_db
def test_where_no_file_can_be_made_no_room_is_held(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def full(*_given: Any) -> int:
        raise OSError(28, "No space left on device")

    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    owner = trainer()
    with monkeypatch.context() as patch:
        patch.setattr("os.open", full)
        with pytest.raises(upload_rules.NoRoom):
            begun(owner)
    assert not Upload.objects.exists()
    assert begun(owner).length == len(VIDEO)
