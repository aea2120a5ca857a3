"""Full disks and used up quotas."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import spool, upload_rules, uploads
from media.models import Lecture, Upload
from media.queries import used_bytes
from media.upload_rules import Declared
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory, UploadFactory
from tests.media.transfers import DIGEST, VIDEO, begun, body, parts_of, spooled, trainer

pytestmark = pytest.mark.django_db


def test_a_full_disk_is_said_before_anything_is_written(settings: Any) -> None:
    settings.SPOOL_RESERVE_BYTES = 1 << 60
    with pytest.raises(upload_rules.NoRoom):
        begun(trainer())
    assert not Upload.objects.exists()
    assert spooled() == []


def test_a_disk_that_fills_up_between_two_requests(settings: Any) -> None:
    upload = begun(trainer())
    uploads.receive(upload=upload, offset=0, body=body(VIDEO[:1000]))
    settings.SPOOL_RESERVE_BYTES = 1 << 60
    with pytest.raises(upload_rules.NoRoom):
        uploads.receive(upload=upload, offset=1000, body=body(VIDEO[1000:]))
    assert spool.synced_size(upload.pk) == 1000


@pytest.fixture
def small_files() -> Iterator[int]:
    """Let the system refuse to write beyond 48 MiB of any file, as a full disk would."""
    import resource

    most = 48 << 20
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, former[1]))
    yield most
    resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_a_disk_that_fills_up_within_a_request_keeps_what_was_there(small_files: int) -> None:
    upload = uploads.begin(
        owner=trainer(), declared=Declared(filename="big.mp4"), length=small_files + (8 << 20)
    )
    uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    start = len(VIDEO)
    more = uploads.Body(lambda n: bytes(n), small_files + (8 << 20) - start)
    with pytest.raises(upload_rules.NoRoom):
        uploads.receive(upload=upload, offset=start, body=more)
    assert spool.synced_size(upload.pk) == start
    assert Upload.objects.get(pk=upload.pk).state == Upload.State.RECEIVING
    assert not Lecture.objects.exists()


def test_the_quota_counts_what_is_kept_and_what_is_coming(settings: Any) -> None:
    owner = trainer()
    tenant = f"person:{owner.pk}"
    EncodeFactory(lecture=LectureFactory(owner=owner, tenant=tenant), source=SourceFactory(size=600))
    UploadFactory(owner=owner, tenant=tenant, length=300)
    UploadFactory(owner=owner, tenant=tenant, length=9000, expires_at=timezone.now() - timedelta(days=1))
    EncodeFactory(source=SourceFactory(size=9000))
    settings.TENANT_QUOTA_BYTES = 1000
    declared = Declared(filename="a.mp4")
    with pytest.raises(upload_rules.OverQuota):
        uploads.begin(owner=owner, declared=declared, length=101)
    assert uploads.begin(owner=owner, declared=declared, length=100).length == 100


def test_a_tenant_may_be_told_by_a_function(settings: Any) -> None:
    settings.MEDIA_TENANT_OF = "tests.media.test_upload_space.first_letter"
    assert begun(trainer(name="Zhang")).tenant == "Z"


def first_letter(user: Any) -> str:
    """A tenant, for the test above."""
    return str(user.name[0])


def employed(institution: Any, **fields: Any) -> Any:
    owner = trainer()
    MembershipFactory(user=owner, institution=institution, **fields)
    return owner


def test_trainers_of_one_institution_share_its_quota(settings: Any) -> None:
    institution = InstitutionFactory()
    first, second, other = employed(institution), employed(institution), employed(InstitutionFactory())
    settings.TENANT_QUOTA_BYTES = len(VIDEO) + 10
    uploads.receive(upload=begun(first), offset=0, body=body(VIDEO))
    assert Lecture.objects.get().tenant == f"institution:{institution.pk}"
    with pytest.raises(upload_rules.OverQuota):
        begun(second, VIDEO[:11])
    assert begun(second, VIDEO[:10]).length == 10
    assert begun(other).tenant != Lecture.objects.get().tenant


def test_who_works_nowhere_is_a_tenant_alone(settings: Any) -> None:
    left = timezone.localdate() - timedelta(days=1)
    former = employed(InstitutionFactory(), started_on=left - timedelta(days=9), ended_on=left)
    assert begun(former).tenant == f"person:{former.pk}"


def test_a_lecture_stays_on_the_account_of_the_institution_where_it_was_made() -> None:
    former, present = InstitutionFactory(), InstitutionFactory()
    owner = employed(former, started_on=timezone.localdate() - timedelta(days=30))
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    MembershipFactory(user=owner, institution=present, started_on=timezone.localdate())
    assert begun(owner).tenant == f"institution:{present.pk}"
    assert used_bytes(f"institution:{former.pk}") == len(VIDEO)


def test_parts_count_from_their_beginning_and_only_once(settings: Any) -> None:
    owner = trainer()
    tenant = f"person:{owner.pk}"
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    parts = parts_of(owner, VIDEO, 3)
    assert used_bytes(tenant) == len(VIDEO)
    with pytest.raises(upload_rules.OverQuota):
        uploads.begin(owner=owner, declared=Declared(), length=1, partial=True)
    uploads.concatenate(
        owner=owner, declared=Declared(filename="a.mp4"), part_ids=[part.pk for part in parts]
    )
    assert used_bytes(tenant) == len(VIDEO)


def test_a_cancelled_upload_gives_its_room_back(settings: Any) -> None:
    owner = trainer()
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    first = begun(owner)
    with pytest.raises(upload_rules.OverQuota):
        begun(owner)
    uploads.terminate(upload=first)
    assert begun(owner).state == Upload.State.RECEIVING


def test_the_same_file_twice_counts_once(settings: Any) -> None:
    owner = trainer()
    settings.TENANT_QUOTA_BYTES = len(VIDEO)
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    assert begun(owner, digest=DIGEST).state == Upload.State.FINISHED
    assert used_bytes(f"person:{owner.pk}") == len(VIDEO)


def test_no_quota_is_no_limit(settings: Any) -> None:
    settings.TENANT_QUOTA_BYTES = 0
    assert begun(trainer()).state == Upload.State.RECEIVING
