"""What the sweep does for uploads into the bucket: expire, complete what was left, clear away for good."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import direct, direct_check, upload_sweep
from media.models import DirectTransfer, Source, Upload
from media.queries import used_bytes
from tests.factories.media import DirectTransferFactory
from tests.media.buckets import S3, put, unreachable
from tests.media.straight import PART, again, completed, send, sent, straight
from tests.media.transfers import DIGEST, VIDEO, begun, spooled, trainer

pytestmark = pytest.mark.django_db


def later(**ahead: float) -> datetime:
    return timezone.now() + timedelta(**ahead)


def test_a_lapsed_upload_is_thrown_away_and_nothing_else(s3: S3) -> None:
    owner = trainer()
    fresh, old, whole = straight(owner), sent(owner), completed(owner)
    by_tus = begun(owner)
    Upload.objects.filter(pk__in=[old.pk, whole.pk]).update(expires_at=timezone.now())
    assert upload_sweep.sweep_expired(later(seconds=1)) == 2  # expired and cleared
    states = {name: again(one).state for name, one in {"fresh": fresh, "old": old, "whole": whole}.items()}
    assert states == {"fresh": "receiving", "old": "expired", "whole": "receiving"}
    assert s3.transfers() == [fresh.direct.key]
    assert s3.objects() == [whole.direct.key]
    assert spooled() == [f"{by_tus.pk.hex}.part"]
    assert upload_sweep.sweep_expired(later(seconds=1)) == 0
    direct_check.do_one()
    assert again(whole).state == Upload.State.FINISHED


@pytest.mark.parametrize(("seconds", "state"), [(-1, "expired"), (0, "expired"), (1, "receiving")])
def test_an_upload_lapses_at_its_moment_and_not_before(s3: S3, seconds: int, state: str) -> None:
    now = timezone.now()
    upload = straight(trainer())
    Upload.objects.update(expires_at=now + timedelta(seconds=seconds))
    upload_sweep.sweep_expired(now)
    assert again(upload).state == state


def test_what_is_whole_is_completed_although_the_page_was_closed(s3: S3) -> None:
    upload = sent(trainer())
    direct.standing(upload)  # the last that was heard of it
    assert upload_sweep.sweep_expired(timezone.now()) == 0
    assert upload_sweep.sweep_expired(later(minutes=2)) == 1
    assert again(upload).direct.stage == "checking"
    assert direct_check.do_one()
    assert Source.objects.get().digest == DIGEST


def test_a_part_that_got_lost_keeps_an_upload_open_and_the_sweep_does_not_ask_for_ever(s3: S3) -> None:
    upload = sent(trainer())
    direct.standing(upload)
    (one,) = direct.addresses(upload=upload, numbers=[2])
    put(one.url, b"short")
    assert upload_sweep.sweep_expired(later(minutes=2)) == 0
    assert (again(upload).direct.stage, again(upload).offset) == ("sending", len(VIDEO) - PART)


def test_a_bucket_that_is_away_when_it_is_cancelled_is_cleared_later(s3: S3, settings: Any) -> None:
    owner = trainer()
    upload = sent(owner)
    with unreachable(settings):
        direct.terminate(upload=upload)
    assert used_bytes(f"person:{owner.pk}") == 0
    assert s3.transfers() == [upload.direct.key]
    upload_sweep.sweep_expired(later(minutes=10))
    with unreachable(settings):
        upload_sweep.sweep_expired(later(minutes=30))
    assert again(upload).direct.stage == "clearing"
    upload_sweep.sweep_expired(later(minutes=30))
    assert s3.transfers() == []
    assert again(upload).direct.stage == "ended"


def test_what_arrives_after_it_was_cancelled_is_thrown_away_too(s3: S3) -> None:
    upload = sent(trainer())
    direct.terminate(upload=upload)
    # A request that had begun to complete it came through after the cancellation.
    s3.place(upload.direct.key, VIDEO)
    upload_sweep.sweep_expired(later(minutes=1))
    assert s3.objects() == [upload.direct.key]
    upload_sweep.sweep_expired(later(minutes=21))
    assert s3.objects() == []


def test_the_object_of_a_lecture_is_never_cleared_away(s3: S3) -> None:
    upload = completed(trainer())
    direct_check.do_one()
    upload_sweep.sweep_expired(later(days=30))
    direct.drop(again(upload), Upload.State.EXPIRED)
    upload_sweep.sweep_expired(later(days=60))
    assert s3.objects() == [upload.direct.key]
    assert again(upload).state == Upload.State.FINISHED


def test_many_interrupted_uploads_do_not_hide_one_that_is_whole(s3: S3) -> None:
    DirectTransferFactory.create_batch(105, upload__updated_at=timezone.now() - timedelta(hours=1))
    upload = sent(trainer())
    direct.standing(upload)
    assert upload_sweep.sweep_expired(later(minutes=2)) == 1
    assert again(upload).direct.stage == "checking"


def test_one_that_stays_broken_does_not_stop_the_others(s3: S3) -> None:
    broken, good = sent(trainer(), b"%PDF" + bytes(3000)), sent(trainer())
    for upload in (broken, good):
        direct.standing(upload)
    Upload.objects.filter(pk=broken.pk).update(updated_at=timezone.now() - timedelta(hours=1))
    upload_sweep.sweep_expired(later(minutes=2))
    assert (again(broken).direct.reason, again(good).direct.stage) == ("not_media", "checking")


def test_without_a_bucket_the_sweep_leaves_transfers_as_they_are() -> None:
    whole = DirectTransferFactory(upload__offset=1000, upload__updated_at=timezone.now() - timedelta(hours=1))
    gone = DirectTransferFactory(stage="clearing", upload__state="terminated")
    assert upload_sweep.sweep_expired(timezone.now()) == 0
    assert dict(DirectTransfer.objects.values_list("pk", "stage")) == {
        whole.pk: "sending",
        gone.pk: "clearing",
    }


def test_a_part_alone_does_not_keep_an_upload_but_a_word_of_it_does(s3: S3) -> None:
    upload = straight(trainer())
    Upload.objects.update(expires_at=later(minutes=1))
    send(upload, VIDEO, 1)  # asking for its address is a word
    upload_sweep.sweep_expired(later(days=6))
    assert again(upload).state == Upload.State.RECEIVING
    upload_sweep.sweep_expired(later(days=8))
    assert again(upload).state == Upload.State.EXPIRED
