"""Parts that are sent in parallel and put together."""

import hashlib
import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import spool, upload_rules, upload_sweep, uploads
from media.models import Lecture, Source, Upload
from media.upload_rules import Declared
from tests.factories.media import LectureFactory, UploadFactory
from tests.media.buckets import unreachable
from tests.media.transfers import DIGEST, VIDEO, begun, body, parts_of, spooled, trainer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_parts_become_one_lecture(count: int) -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, count)
    assert not Lecture.objects.exists()
    whole = uploads.concatenate(
        owner=owner, declared=Declared(filename="a.mp4"), part_ids=[part.pk for part in parts]
    )
    assert whole.state == Upload.State.FINISHED
    assert Source.objects.get().digest == DIGEST
    assert spooled() == []
    with pytest.raises(upload_rules.Complete):
        uploads.receive(upload=whole, offset=0, body=body(b"x"))


def test_parts_must_be_whole_ones_own_and_named_once() -> None:
    owner = trainer()
    first, second = parts_of(owner, VIDEO, 2)
    unfinished = uploads.begin(owner=owner, declared=Declared(), length=5, partial=True)
    ordinary = begun(owner)
    strangers = parts_of(trainer(), VIDEO, 1)[0]
    refusals = {
        (): upload_rules.BadRequest,
        (first.pk, first.pk): upload_rules.BadRequest,
        (first.pk, unfinished.pk): upload_rules.BadRequest,
        (first.pk, ordinary.pk): upload_rules.BadRequest,
        (first.pk, uuid.uuid4()): upload_rules.NotFound,
        (first.pk, strangers.pk): upload_rules.NotFound,
    }
    for ids, refusal in refusals.items():
        with pytest.raises(refusal):
            uploads.concatenate(owner=owner, declared=Declared(filename="a.mp4"), part_ids=list(ids))
    assert not Lecture.objects.exists()
    uploads.concatenate(owner=owner, declared=Declared(filename="a.mp4"), part_ids=[first.pk, second.pk])


def test_parts_of_a_document_are_refused_when_put_together() -> None:
    owner = trainer()
    parts = parts_of(owner, b"%PDF-1.7" + bytes(900), 2)
    with pytest.raises(upload_rules.WrongKind):
        uploads.concatenate(
            owner=owner, declared=Declared(filename="a.mp4"), part_ids=[part.pk for part in parts]
        )
    assert not Lecture.objects.exists()


def concatenated(owner: Any, parts: list[Upload], **declared: Any) -> Upload:
    return uploads.concatenate(
        owner=owner,
        declared=Declared(filename="lecture.mp4", **declared),
        part_ids=[part.pk for part in parts],
    )


def test_asking_again_because_the_answer_was_lost_makes_no_second_lecture() -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 3)
    first = concatenated(owner, parts)
    again = concatenated(owner, parts)
    assert again == first
    assert again.lecture == Lecture.objects.get()


def test_a_disk_too_full_to_put_parts_together_loses_none(settings: Any) -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 3)
    reserve = settings.SPOOL_RESERVE_BYTES
    settings.SPOOL_RESERVE_BYTES = 1 << 60
    with pytest.raises(upload_rules.NoRoom):
        concatenated(owner, parts)
    assert len(spooled()) == 3
    settings.SPOOL_RESERVE_BYTES = reserve
    assert concatenated(owner, parts).state == Upload.State.FINISHED
    assert Source.objects.get().digest == DIGEST


def test_a_store_that_is_away_when_parts_are_put_together_loses_none(settings: Any) -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 2)
    with unreachable(settings):
        whole = concatenated(owner, parts)
        assert whole.state == Upload.State.RECEIVING
        assert not Lecture.objects.exists()
    assert concatenated(owner, parts) == whole
    assert Source.objects.get().digest == DIGEST
    assert Lecture.objects.count() == 1


def test_the_order_of_the_parts_is_the_order_of_the_bytes() -> None:
    owner = trainer()
    first, second = parts_of(owner, VIDEO, 2)
    whole = concatenated(owner, [second, first])
    half = len(VIDEO) // 2
    assert whole.digest == hashlib.sha256(VIDEO[half:] + VIDEO[:half]).hexdigest()


def test_a_part_is_used_once() -> None:
    owner = trainer()
    first, second = parts_of(owner, VIDEO, 2)
    concatenated(owner, [first])
    with pytest.raises(upload_rules.Gone):
        concatenated(owner, [first, second])
    with pytest.raises(upload_rules.Gone):
        uploads.find(owner=owner, upload_id=first.pk)
    assert uploads.offset_of(second) == second.length
    assert Lecture.objects.count() == 1


def test_a_part_whose_file_was_lost_cannot_be_put_together() -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 3)
    spool.remove(parts[1].pk)
    with pytest.raises(upload_rules.Gone):
        concatenated(owner, parts)
    assert not Upload.objects.filter(concat="final").exists()


def test_a_part_that_vanishes_while_put_together_ends_the_whole() -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 3)
    whole = UploadFactory(
        owner=owner, length=len(VIDEO), concat="final", parts=[str(part.pk) for part in parts]
    )
    spool.remove(parts[2].pk)
    with pytest.raises(upload_rules.Gone):
        uploads.finish(upload=whole)
    assert Upload.objects.get(pk=whole.pk).state == Upload.State.TERMINATED
    assert not Lecture.objects.exists()


def test_parts_other_than_declared_as_a_whole_are_refused() -> None:
    owner = trainer()
    with pytest.raises(upload_rules.ChecksumMismatch):
        concatenated(owner, parts_of(owner, VIDEO, 2), digest="0" * 64)
    assert not Lecture.objects.exists()
    assert spooled() == []


@pytest.mark.parametrize("most", [len(VIDEO) - 1, len(VIDEO)])
def test_parts_together_may_be_as_large_as_one_file(settings: Any, most: int) -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 2)
    settings.MAX_UPLOAD_BYTES = most
    if most < len(VIDEO):
        with pytest.raises(upload_rules.TooLarge):
            concatenated(owner, parts)
        assert len(spooled()) == 2
    else:
        assert concatenated(owner, parts).length == most


def test_who_is_no_trainer_any_more_puts_nothing_together() -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 2)
    owner.user_permissions.clear()
    owner = type(owner).objects.get(pk=owner.pk)
    with pytest.raises(upload_rules.NotAllowed):
        concatenated(owner, parts)


def test_parts_may_replace_the_video_of_a_lecture() -> None:
    owner = trainer()
    lecture = LectureFactory(owner=owner, published=True)
    whole = concatenated(owner, parts_of(owner, VIDEO, 2), lecture=lecture.pk)
    assert whole.lecture == lecture
    assert list(lecture.encodes.values_list("number", flat=True)) == [2, 1]


def test_the_sweep_keeps_parts_that_are_being_put_together() -> None:
    owner = trainer()
    parts = parts_of(owner, VIDEO, 3)
    whole = UploadFactory(
        owner=owner,
        length=len(VIDEO),
        concat="final",
        parts=[str(part.pk) for part in parts],
        updated_at=timezone.now() + timedelta(days=2),
    )
    Upload.objects.filter(pk__in=[part.pk for part in parts]).update(state=Upload.State.TERMINATED)
    for part in parts:
        os.utime(spool.path_of(part.pk), (0, 0))
    assert upload_sweep.sweep_expired(timezone.now()) == 0
    uploads.finish(upload=whole)
    assert Source.objects.get().digest == DIGEST
