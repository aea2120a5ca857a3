"""An upload that goes straight into the bucket, from its beginning to the request that completes it."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from media import direct, spool, upload_rules, uploads
from media.models import DirectTransfer, Lecture, Source, Upload
from media.queries import used_bytes
from media.upload_rules import Declared
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory, UploadFactory
from tests.factories.people import UserFactory
from tests.media.buckets import S3, bucket, put, unreachable
from tests.media.straight import (
    PART,
    again,
    completed,
    send,
    sent,
    straight,
)
from tests.media.transfers import DIGEST, VIDEO, begun, spooled, trainer

pytestmark = pytest.mark.django_db


def test_an_upload_opens_a_transfer_and_no_file_of_this_machine(s3: S3) -> None:
    owner = trainer()
    upload = straight(owner)
    assert (upload.state, upload.length, upload.tenant) == ("receiving", len(VIDEO), f"person:{owner.pk}")
    assert s3.transfers() == [upload.direct.key]
    assert spooled() == []


@pytest.mark.parametrize(
    ("fields", "length", "refusal"),
    [
        ({}, 0, upload_rules.EmptyFile),
        ({}, 1 << 60, upload_rules.TooLarge),
        ({"filename": "talk.pptx"}, 10, upload_rules.WrongKind),
        ({"filename": "", "content_type": "image/png"}, 10, upload_rules.WrongKind),
        ({"lecture": 1 << 40}, 10, upload_rules.NotFound),
    ],
)
def test_what_tus_refuses_is_refused_and_leaves_nothing(
    s3: S3, fields: dict[str, Any], length: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        direct.begin(owner=trainer(), declared=Declared(**{"filename": "a.mp4", **fields}), length=length)
    assert not Upload.objects.exists()
    assert s3.transfers() == []


def test_a_document_is_refused_by_its_first_bytes_before_it_is_sent(s3: S3) -> None:
    with pytest.raises(upload_rules.WrongKind):
        direct.begin(owner=trainer(), declared=Declared(filename="a.mp4"), length=10, head=b"%PDF-1.7")
    assert not Upload.objects.exists()


def test_only_trainers_begin_and_only_for_their_own_lectures(s3: S3) -> None:
    with pytest.raises(upload_rules.NotAllowed):
        straight(UserFactory())
    with pytest.raises(upload_rules.NotFound):
        straight(trainer(), lecture=LectureFactory().pk)
    owner = trainer()
    lecture = LectureFactory(owner=owner)
    assert straight(owner, lecture=lecture.pk).lecture == lecture


def test_without_a_bucket_there_is_only_tus(settings: Any) -> None:
    with pytest.raises(upload_rules.NotDirect):
        straight(trainer())
    with bucket(settings):
        assert begun(trainer()).transfer is None


def test_the_quota_counts_what_is_under_way_both_ways(s3: S3, settings: Any) -> None:
    owner = trainer()
    settings.TENANT_QUOTA_BYTES = 2 * len(VIDEO)
    straight(owner)
    begun(owner)
    with pytest.raises(upload_rules.OverQuota):
        straight(owner, b"x")
    assert used_bytes(f"person:{owner.pk}") == 2 * len(VIDEO)
    assert Upload.objects.count() == 2


@pytest.mark.parametrize("stage", ["sending", "checking"])
def test_a_cancelled_upload_gives_quota_and_bucket_back(s3: S3, stage: str) -> None:
    owner = trainer()
    upload = sent(owner) if stage == "sending" else completed(owner)
    direct.terminate(upload=upload)
    assert again(upload).state == Upload.State.TERMINATED
    assert used_bytes(f"person:{owner.pk}") == 0
    assert s3.transfers() == s3.objects() == []
    with pytest.raises(upload_rules.Gone):
        direct.find(owner=owner, upload_id=upload.pk)


def test_a_known_file_is_finished_at_once(s3: S3) -> None:
    owner = trainer()
    EncodeFactory(lecture=LectureFactory(owner=owner), source=SourceFactory(digest=DIGEST, size=len(VIDEO)))
    upload = straight(owner, digest=DIGEST)
    assert (upload.state, upload.offset, upload.direct.stage) == ("finished", len(VIDEO), "ended")
    assert upload.lecture is not None
    assert Source.objects.count() == 1
    assert s3.transfers() == []
    with pytest.raises(upload_rules.Complete):
        direct.terminate(upload=upload)


def test_nobody_learns_of_a_file_they_may_not_see(s3: S3) -> None:
    EncodeFactory(source=SourceFactory(digest=DIGEST, size=len(VIDEO)))
    assert straight(trainer(), digest=DIGEST).state == Upload.State.RECEIVING


def test_a_bucket_that_is_away_is_said_and_holds_no_quota(settings: Any) -> None:
    owner = trainer()
    with unreachable(settings), pytest.raises(upload_rules.BucketAway):
        straight(owner)
    assert Upload.objects.get().state == Upload.State.TERMINATED
    assert used_bytes(f"person:{owner.pk}") == 0


def test_an_address_takes_exactly_one_part_for_a_while(s3: S3) -> None:
    upload = straight(trainer())
    first, last = direct.addresses(upload=upload, numbers=[1, 4])
    assert (first.size, last.size) == (PART, len(VIDEO) - 3 * PART)
    said = parse_qs(urlsplit(last.url).query)
    assert said["partNumber"] == ["4"]
    assert said["X-Amz-Expires"] == [str(direct.ADDRESS_SECONDS)]
    # The bucket refuses other lengths than the one that was signed.
    assert "content-length" in said["X-Amz-SignedHeaders"][0].split(";")
    assert "x-amz-checksum" not in last.url.lower()


def test_there_are_no_parts_but_those_of_the_file(s3: S3) -> None:
    upload = straight(trainer())
    for numbers in ([0], [-1], [5], [1, 5], [1 << 40]):
        with pytest.raises(upload_rules.BadPart):
            direct.addresses(upload=upload, numbers=numbers)


def test_addresses_come_a_few_at_a_time_and_each_once(s3: S3) -> None:
    upload = straight(trainer(), bytes(40 * PART))
    for numbers in ([], [1, 1], list(range(1, 34))):
        with pytest.raises(upload_rules.BadRequest):
            direct.addresses(upload=upload, numbers=numbers)
    assert len(direct.addresses(upload=upload, numbers=list(range(1, 33)))) == 32


def test_what_has_arrived_is_asked_of_the_bucket(s3: S3) -> None:
    upload = straight(trainer())
    send(upload, VIDEO, 3, 1)
    found = direct.standing(upload)
    assert (found.state, found.have) == ("receiving", [1, 3])
    assert again(upload).offset == 2 * PART


def test_a_part_of_another_size_counts_for_nothing(s3: S3) -> None:
    upload = straight(trainer())
    send(upload, VIDEO)
    (one,) = direct.addresses(upload=upload, numbers=[2])
    put(one.url, b"short")
    assert direct.standing(upload).have == [1, 3, 4]
    with pytest.raises(upload_rules.PartsMissing) as refused:
        direct.complete(upload=upload)
    assert refused.value.extra == {"missing": [2]}
    send(upload, VIDEO, 2)
    direct.complete(upload=again(upload))
    assert again(upload).direct.stage == "checking"


def test_completing_too_early_names_what_is_missing_and_changes_nothing(s3: S3) -> None:
    upload = straight(trainer())
    send(upload, VIDEO, 1, 4)
    with pytest.raises(upload_rules.PartsMissing) as refused:
        direct.complete(upload=upload)
    assert refused.value.extra == {"missing": [2, 3]}
    assert again(upload).direct.stage == "sending"
    assert s3.transfers() == [upload.direct.key]


def test_after_days_it_goes_on_with_the_rest(s3: S3) -> None:
    owner = trainer()
    upload = straight(owner)
    send(upload, VIDEO, 1, 2)
    days = timezone.now() - timedelta(days=5)
    Upload.objects.update(updated_at=days, created_at=days, expires_at=timezone.now() + timedelta(hours=1))
    found = direct.find(owner=owner, upload_id=upload.pk)
    assert direct.standing(found).have == [1, 2]
    assert again(upload).expires_at > timezone.now() + timedelta(days=6)
    send(found, VIDEO, 3, 4)
    direct.complete(upload=found)
    assert s3.objects() == [upload.direct.key]


def test_a_transfer_that_the_bucket_has_forgotten_begins_anew(s3: S3) -> None:
    upload = straight(trainer())
    send(upload, VIDEO, 1, 2)
    s3.client.abort_multipart_upload(Bucket=s3.name, Key=upload.direct.key, UploadId=upload.direct.multipart)
    assert direct.standing(again(upload)).have == []
    assert again(upload).offset == 0
    send(again(upload), VIDEO)
    direct.complete(upload=again(upload))
    assert again(upload).direct.stage == "checking"


def test_a_process_that_was_killed_before_it_wrote_the_transfer_down_loses_nothing(s3: S3) -> None:
    upload = straight(trainer())
    DirectTransfer.objects.update(multipart="")
    send(again(upload), VIDEO)
    direct.complete(upload=again(upload))
    direct.terminate(upload=again(upload))
    # Also the transfer that nobody had written down.
    assert s3.transfers() == s3.objects() == []


def test_two_windows_send_one_file(s3: S3) -> None:
    upload = straight(trainer())
    first, second = again(upload), again(upload)
    send(first, VIDEO, 1, 2)
    send(second, VIDEO, 2, 3, 4)
    direct.complete(upload=first)
    direct.complete(upload=second)
    with pytest.raises(upload_rules.Complete):
        direct.addresses(upload=again(upload), numbers=[1])
    assert direct.standing(again(upload)).state == "checking"
    assert s3.objects() == [upload.direct.key]


def test_two_requests_that_find_the_transfer_lost_agree_on_one(s3: S3) -> None:
    upload = straight(trainer())
    DirectTransfer.objects.update(multipart="")
    first, second = again(upload), again(upload)
    send(first, VIDEO, 1, 2)
    send(second, VIDEO, 3, 4)
    assert first.direct.multipart == second.direct.multipart
    assert direct.standing(again(upload)).have == [1, 2, 3, 4]


def test_what_is_no_recording_is_refused_at_the_end_and_says_so_again(s3: S3) -> None:
    upload = sent(trainer(), b"%PDF-1.7" + bytes(2000))
    with pytest.raises(upload_rules.WrongKind):
        direct.complete(upload=upload)
    assert again(upload).state == Upload.State.TERMINATED
    assert s3.objects() == []
    # The answer was lost: who asks again is told the same.
    for act in (direct.complete, direct.standing):
        with pytest.raises(upload_rules.WrongKind):
            act(upload=direct.find(owner=upload.owner, upload_id=upload.pk))
    direct.terminate(upload=again(upload))
    with pytest.raises(upload_rules.Gone):
        direct.find(owner=upload.owner, upload_id=upload.pk)


def test_a_bucket_that_goes_away_while_it_completes_loses_nothing(s3: S3, settings: Any) -> None:
    upload = sent(trainer())
    with unreachable(settings), pytest.raises(upload_rules.BucketAway):
        direct.complete(upload=upload)
    assert again(upload).direct.stage == "sending"
    direct.complete(upload=again(upload))
    assert s3.objects() == [upload.direct.key]


def test_an_upload_is_its_owners_alone_and_not_for_tus(s3: S3) -> None:
    owner = trainer()
    upload, other = straight(owner), UploadFactory(owner=owner)
    for stranger in (trainer(), trainer("view_every_lecture", "manage_every_lecture")):
        with pytest.raises(upload_rules.NotFound):
            direct.find(owner=stranger, upload_id=upload.pk)
    with pytest.raises(upload_rules.NotFound):
        uploads.find(owner=owner, upload_id=upload.pk)
    with pytest.raises(upload_rules.NotFound):
        direct.find(owner=owner, upload_id=other.pk)
    assert not spool.path_of(upload.pk).exists()


def test_a_lapsed_upload_is_gone_but_never_one_that_is_complete(s3: S3) -> None:
    owner = trainer()
    early, whole = straight(owner), completed(owner)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(upload_rules.Gone):
        direct.find(owner=owner, upload_id=early.pk)
    assert direct.standing(direct.find(owner=owner, upload_id=whole.pk)).state == "checking"
    assert not Lecture.objects.exists()
