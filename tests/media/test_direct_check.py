"""What a worker does after the last byte: the SHA-256, the source, the lecture. Whatever kills it, once."""

import hashlib
import uuid
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from django.utils import timezone

from media import bin as rubbish
from media import direct, direct_bucket, direct_check, leases, sources, store, tasks, upload_rules, uploads
from media.errors import LeaseLost
from media.models import DirectTransfer, Encode, Lecture, Leftover, Source, Upload
from media.queries import used_bytes
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory
from tests.media.buckets import S3, unreachable
from tests.media.straight import again, completed, send, sent
from tests.media.transfers import DIGEST, VIDEO, begun, body, metadata, trainer

pytestmark = pytest.mark.django_db


def make_due() -> None:
    """Let the pauses pass."""
    DirectTransfer.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_complete_upload_becomes_a_lecture_where_it_lies(s3: S3) -> None:
    owner = trainer()
    upload = completed(owner)
    assert direct_check.do_one()
    assert not direct_check.do_one()
    upload, source, encode = again(upload), Source.objects.get(), Encode.objects.get()
    assert (source.digest, source.size, source.key) == (DIGEST, len(VIDEO), upload.direct.key)
    assert (upload.state, upload.digest, upload.offset) == ("finished", DIGEST, len(VIDEO))
    assert (upload.lecture.owner, upload.lecture.tenant) == (owner, upload.tenant)
    assert (encode.lecture, encode.source, encode.filename) == (upload.lecture, source, "lecture.mp4")
    assert s3.objects() == [source.key]
    assert s3.transfers() == []
    assert used_bytes(upload.tenant) == len(VIDEO)
    assert direct.standing(direct.find(owner=owner, upload_id=upload.pk)).state == "finished"


def test_title_language_and_the_lecture_to_replace_are_as_with_tus(s3: S3) -> None:
    owner = trainer()
    raw = metadata(filename="x.mp4", title="分包", language="en")
    upload = direct.begin(owner=owner, declared=upload_rules.declared_in(raw), length=len(VIDEO))
    DirectTransfer.objects.update(part_size=1000)
    completed_again(upload, VIDEO)
    assert Lecture.objects.values_list("title", "language").get() == ("分包", "en")
    lecture, other = Lecture.objects.get(), VIDEO + b"more"
    completed(owner, other, lecture=lecture.pk)
    direct_check.do_one()
    assert list(lecture.encodes.values_list("number", flat=True)) == [2, 1]
    assert Lecture.objects.count() == 1


def completed_again(upload: Upload, data: bytes) -> None:
    """Send, complete and check an upload that has begun."""
    send(again(upload), data)
    direct.complete(upload=again(upload))
    direct_check.do_one()


def at_reading(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Let something happen once the object is being read."""
    whole = StreamingBody.iter_chunks

    def read(self: Any, size: int) -> Any:
        act()
        yield from whole(self, size)

    monkeypatch.setattr(StreamingBody, "iter_chunks", read)


def test_the_pipeline_takes_it_from_there(s3: S3) -> None:
    completed(trainer())
    tasks.sweep()
    assert tasks.do_one()
    assert Encode.objects.get().state == Encode.State.RECEIVED


def test_encoding_finds_the_bytes_that_were_read_for_the_digest(s3: S3) -> None:
    completed(trainer())
    direct_check.do_one()
    source = Source.objects.get()
    s3.lose(source.key)
    assert store.local_source(source).read_bytes() == VIDEO


def test_a_disk_without_room_keeps_no_copy_and_minds_nothing(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RESERVE", 1 << 60)
    completed(trainer())
    direct_check.do_one()
    assert Source.objects.get().digest == DIGEST
    assert list(store.spool("sources", "x").parent.iterdir()) == []


def test_the_same_bytes_are_kept_once(s3: S3) -> None:
    first, second = completed(trainer()), completed(trainer())
    direct_check.do_one()
    direct_check.do_one()
    source = Source.objects.get()
    assert source.key == first.direct.key
    assert Lecture.objects.count() == 2
    assert list(Leftover.objects.values_list("path", flat=True)) == [second.direct.key]
    assert rubbish.clear_leftovers() == 1
    assert s3.objects() == [source.key]


def test_what_tus_brought_before_is_not_kept_twice_and_the_other_way_round(s3: S3) -> None:
    uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
    upload = completed(trainer())
    direct_check.do_one()
    assert Source.objects.get().key == sources.key_of(DIGEST)
    rubbish.clear_leftovers()
    assert s3.objects() == [sources.key_of(DIGEST)]
    assert again(upload).state == Upload.State.FINISHED
    other = VIDEO[::-1]
    kept = completed(trainer(), other)
    direct_check.do_one()
    uploads.receive(upload=begun(trainer(), other), offset=0, body=body(other))
    assert s3.objects() == sorted([sources.key_of(DIGEST), kept.direct.key])


def test_a_source_that_the_bucket_lost_is_there_again(s3: S3) -> None:
    SourceFactory(digest=DIGEST, size=len(VIDEO), key=sources.key_of(DIGEST))
    upload = completed(trainer())
    direct_check.do_one()
    assert Source.objects.get().key == upload.direct.key
    assert not Leftover.objects.exists()


def test_bytes_other_than_declared_are_refused_with_a_reason(s3: S3) -> None:
    owner = trainer()
    upload = completed(owner, digest="0" * 64)
    direct_check.do_one()
    upload = again(upload)
    assert (upload.state, upload.direct.reason) == ("terminated", "upload_damaged")
    assert s3.objects() == []
    assert not Lecture.objects.exists()
    with pytest.raises(upload_rules.ChecksumMismatch):
        direct.standing(direct.find(owner=owner, upload_id=upload.pk))


@pytest.mark.parametrize(
    ("data", "reason"),
    [(None, "source_missing"), (VIDEO + b"x", "upload_damaged"), (b"%PDF" + VIDEO[4:], "not_media")],
)
def test_an_object_that_became_another_is_refused_with_a_reason(s3: S3, data: Any, reason: str) -> None:
    upload = completed(trainer())
    if data is None:
        s3.lose(upload.direct.key)
    else:
        s3.place(upload.direct.key, data)
    direct_check.do_one()
    assert (again(upload).state, again(upload).direct.reason) == ("terminated", reason)
    assert not direct_check.do_one()


def test_a_process_killed_before_or_after_it_put_the_parts_together_is_taken_up(s3: S3) -> None:
    before, after = sent(trainer()), completed(trainer(), VIDEO + b"2")
    # It had only written down that all is there.
    DirectTransfer.objects.filter(pk=before.direct.pk).update(
        stage="checking", due_at=timezone.now() - timedelta(seconds=9)
    )
    assert direct_check.do_one()
    assert direct_check.do_one()
    assert {again(before).state, again(after).state} == {"finished"}
    assert s3.transfers() == []


def test_the_request_that_completes_has_its_time_before_a_worker_does_it(s3: S3) -> None:
    upload = sent(trainer())
    DirectTransfer.objects.update(stage="checking", due_at=timezone.now() + timedelta(minutes=1))
    assert not direct_check.do_one()
    make_due()
    assert direct_check.do_one()
    assert again(upload).state == Upload.State.FINISHED


def test_a_worker_that_is_killed_while_it_reads_costs_one_reading(s3: S3) -> None:
    upload = completed(trainer())
    claim = direct_check.take()
    assert claim is not None
    assert direct_check.take() is None  # its lease runs
    DirectTransfer.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert direct_check.do_one()
    assert Lecture.objects.count() == 1
    # The dead worker awakes: its lease is lost, and nothing happens twice.
    direct_check.perform(claim)
    assert Lecture.objects.count() == 1
    assert again(upload).direct.stage == "ended"


def test_a_worker_that_lost_its_lease_at_the_very_end_makes_no_lecture(s3: S3) -> None:
    completed(trainer())
    claim = direct_check.take()
    assert claim is not None
    DirectTransfer.objects.update(lease=uuid.uuid4())
    with pytest.raises(LeaseLost):
        direct_check._finish(claim, DIGEST, "")
    assert not Lecture.objects.exists()
    assert not Source.objects.exists()


def test_a_worker_that_is_asked_to_stop_gives_the_work_back(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = completed(trainer())

    def stop() -> None:
        raise SystemExit

    at_reading(monkeypatch, stop)
    with pytest.raises(SystemExit):
        direct_check.do_one()
    monkeypatch.undo()
    assert (again(upload).direct.attempts, again(upload).direct.lease) == (0, None)
    assert direct_check.do_one()
    assert again(upload).state == Upload.State.FINISHED


def test_a_cancellation_during_the_check_wins(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = completed(trainer())
    at_reading(monkeypatch, lambda: direct.terminate(upload=again(upload)))
    direct_check.do_one()
    assert again(upload).state == Upload.State.TERMINATED
    assert not Lecture.objects.exists()
    assert not Source.objects.exists()
    assert s3.objects() == []


def test_a_bucket_that_is_away_is_waited_for_however_long(s3: S3, settings: Any) -> None:
    upload = completed(trainer())
    pauses = []
    for attempts in (0, 3, 1000):
        DirectTransfer.objects.update(attempts=attempts)
        make_due()
        with unreachable(settings):
            assert direct_check.do_one()
        transfer = again(upload).direct
        pauses.append(round((transfer.due_at - timezone.now()).total_seconds()))
        assert (transfer.stage, transfer.lease) == ("checking", None)
    assert pauses == [10, 80, 600]
    assert not direct_check.do_one()
    make_due()
    assert direct_check.do_one()
    assert again(upload).state == Upload.State.FINISHED


def test_storage_that_is_no_bucket_any_more_ends_nothing(s3: S3, settings: Any) -> None:
    upload = completed(trainer())
    kept = settings.STORAGES
    settings.STORAGES = {
        **kept,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    }
    assert direct_check.do_one()
    assert (again(upload).state, again(upload).direct.stage) == ("receiving", "checking")


def test_a_long_check_keeps_its_lease_until_another_has_it(s3: S3) -> None:
    completed(trainer())
    claim = direct_check.take()
    assert claim is not None
    heart = direct_check.Heart(claim)
    DirectTransfer.objects.update(leased_until=timezone.now())
    heart._beat()
    assert DirectTransfer.objects.get().leased_until > timezone.now() + leases.LEASE / 2
    heart.check()
    DirectTransfer.objects.update(lease=uuid.uuid4())
    heart._beat()
    with pytest.raises(LeaseLost):
        heart.check()


def test_a_reading_that_breaks_goes_on_where_it_broke(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = completed(trainer())
    whole, asked = StreamingBody.iter_chunks, []

    def breaking(self: Any, _size: int) -> Any:
        asked.append(1)
        for at, chunk in enumerate(whole(self, 700)):
            if at == 2 and len(asked) < 3:
                raise ReadTimeoutError(endpoint_url="bucket")
            yield chunk

    monkeypatch.setattr(StreamingBody, "iter_chunks", breaking)
    direct_check.do_one()
    assert len(asked) == 3
    assert again(upload).digest == DIGEST


def test_the_object_is_read_a_few_megabytes_at_a_time(s3: S3) -> None:
    data = VIDEO * 4000
    s3.place("sources/x", data)
    sizes, seen = [], hashlib.sha256()
    for block in direct_bucket.blocks_of("sources/x", len(data)):
        sizes.append(len(block))
        seen.update(block)
    assert seen.hexdigest() == hashlib.sha256(data).hexdigest()
    assert max(sizes) <= 4 << 20 < len(data)


def test_an_unused_lecture_gives_its_object_back(s3: S3) -> None:
    upload = completed(trainer())
    direct_check.do_one()
    Encode.objects.all().delete()
    Source.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert rubbish.drop_unused_sources(timezone.now()) == 1
    rubbish.clear_leftovers()
    assert s3.objects() == []
    assert again(upload).state == Upload.State.FINISHED


def test_checks_are_taken_in_the_order_of_their_completion(s3: S3) -> None:
    now = timezone.now()
    first, second = completed(trainer()), completed(trainer(), VIDEO + b"2")
    DirectTransfer.objects.filter(pk=first.direct.pk).update(due_at=now - timedelta(seconds=5))
    DirectTransfer.objects.filter(pk=second.direct.pk).update(due_at=now - timedelta(seconds=9))
    direct_check.do_one()
    assert (again(first).state, again(second).state) == ("receiving", "finished")
    assert direct_check.due_count(limit=8) == 1


def test_a_lecture_that_went_meanwhile_is_made_anew(s3: S3) -> None:
    owner = trainer()
    lecture = LectureFactory(owner=owner)
    completed(owner, lecture=lecture.pk)
    lecture.delete()
    EncodeFactory()
    direct_check.do_one()
    assert Upload.objects.get().lecture is not None
