"""An upload from its beginning to the lecture it becomes."""

import hashlib
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from media import sources, spool, upload_rules, uploads
from media.models import Encode, Lecture, Source, Upload
from media.upload_rules import Declared
from tests.factories.media import LectureFactory, SourceFactory, UploadFactory
from tests.factories.people import UserFactory
from tests.media.buckets import bucket
from tests.media.transfers import DIGEST, VIDEO, begun, body, metadata, spooled, trainer

pytestmark = pytest.mark.django_db


def test_begin_makes_a_row_and_an_empty_file() -> None:
    owner = trainer()
    upload = begun(owner)
    assert upload.state == Upload.State.RECEIVING
    assert spool.synced_size(upload.pk) == 0
    assert upload.expires_at > timezone.now() + timedelta(days=6)
    assert upload.tenant == f"person:{owner.pk}"
    assert spool.path_of(upload.pk).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("length", [0, 1 << 60])
def test_begin_refuses_sizes_and_changes_nothing(length: int) -> None:
    with pytest.raises((upload_rules.EmptyFile, upload_rules.TooLarge)):
        uploads.begin(owner=trainer(), declared=Declared(filename="a.mp4"), length=length)
    assert not Upload.objects.exists()
    assert spooled() == []


def test_only_trainers_upload() -> None:
    with pytest.raises(upload_rules.NotAllowed):
        begun(UserFactory())


def test_a_whole_file_becomes_a_lecture() -> None:
    owner = trainer()
    upload = begun(owner, title="主体责任", language="en")
    assert uploads.receive(upload=upload, offset=0, body=body(VIDEO)) == len(VIDEO)
    lecture = Lecture.objects.get()
    encode = Encode.objects.get()
    assert (lecture.owner, lecture.tenant, lecture.language) == (owner, upload.tenant, "zh-Hans")
    assert (encode.lecture, encode.number, encode.filename) == (lecture, 1, "lecture.mp4")
    assert encode.source.digest == DIGEST
    assert default_storage.open(encode.source.key).read() == VIDEO
    kept = Upload.objects.get()
    assert (kept.state, kept.lecture, kept.offset, kept.digest) == ("finished", lecture, len(VIDEO), DIGEST)
    assert spooled() == []


def test_title_and_language_come_from_the_metadata() -> None:
    owner = trainer()
    raw = metadata(filename="x.mp4", title="分包", language="en")
    upload = uploads.begin(owner=owner, declared=upload_rules.declared_in(raw), length=len(VIDEO))
    uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    assert Lecture.objects.values_list("title", "language").get() == ("分包", "en")


def test_a_file_in_many_pieces_is_the_same_file() -> None:
    upload = begun(trainer())
    for at in range(0, len(VIDEO), 700):
        uploads.receive(upload=upload, offset=at, body=body(VIDEO[at : at + 700]))
    assert Source.objects.get().digest == DIGEST


def test_another_process_may_receive_the_rest() -> None:
    upload = begun(trainer())
    uploads.receive(upload=upload, offset=0, body=body(VIDEO[:700]))
    uploads._hashers.take(upload.pk, 700)  # as if it had been received elsewhere
    uploads.receive(upload=upload, offset=700, body=body(VIDEO[700:]))
    assert Source.objects.get().digest == DIGEST


def test_a_connection_that_breaks_keeps_what_came() -> None:
    upload = begun(trainer())
    pieces = iter([VIDEO[:1000]])

    def read(_count: int) -> bytes:
        try:
            return next(pieces)
        except StopIteration:
            raise TimeoutError from None

    assert uploads.receive(upload=upload, offset=0, body=uploads.Body(read, len(VIDEO))) == 1000
    assert spool.synced_size(upload.pk) == 1000
    uploads.receive(upload=upload, offset=1000, body=body(VIDEO[1000:]))
    assert Source.objects.get().digest == DIGEST


def test_a_checksum_counts_only_whole_bodies() -> None:
    upload = begun(trainer())
    right = uploads.Checksum("sha1", hashlib.sha1(VIDEO[:1000]).digest())
    with pytest.raises(upload_rules.ChecksumMismatch):
        uploads.receive(upload=upload, offset=0, body=body(VIDEO[:999], checksum=right))
    assert spool.synced_size(upload.pk) == 0
    assert uploads.receive(upload=upload, offset=0, body=body(VIDEO[:1000], checksum=right)) == 1000


@pytest.mark.parametrize("offset", [0, 999, 1001, 1 << 40])
def test_another_offset_is_a_conflict(offset: int) -> None:
    upload = begun(trainer())
    uploads.receive(upload=upload, offset=0, body=body(VIDEO[:1000]))
    with pytest.raises(upload_rules.WrongOffset) as refused:
        uploads.receive(upload=upload, offset=offset, body=body(b"x"))
    assert refused.value.headers == {"Upload-Offset": "1000"}


def test_more_than_announced_is_refused_and_leaves_no_trace() -> None:
    upload = begun(trainer())
    with pytest.raises(upload_rules.TooLarge):
        uploads.receive(upload=upload, offset=0, body=body(VIDEO + b"x"))
    with pytest.raises(upload_rules.TooLarge):
        uploads.receive(upload=upload, offset=0, body=uploads.Body(BytesIO(VIDEO + b"x").read, None))
    assert spool.synced_size(upload.pk) == 0


def test_two_writers_never_mix() -> None:
    upload = begun(trainer())
    with spool.locked(upload.pk), pytest.raises(upload_rules.Busy):
        uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    uploads.receive(upload=upload, offset=0, body=body(VIDEO))


def test_a_document_named_mp4_is_cancelled_at_its_first_bytes() -> None:
    upload = begun(trainer())
    with pytest.raises(upload_rules.WrongKind):
        uploads.receive(upload=upload, offset=0, body=body(b"%PDF-1.7" + bytes(600)))
    assert Upload.objects.get().state == Upload.State.TERMINATED
    assert spooled() == []


def test_first_bytes_that_trickle_in_are_seen_too() -> None:
    upload = begun(trainer())
    uploads.receive(upload=upload, offset=0, body=body(b"%P"))
    with pytest.raises(upload_rules.WrongKind):
        uploads.receive(upload=upload, offset=2, body=body(b"DF-1.7"))


def test_bytes_other_than_declared_are_refused_at_the_end() -> None:
    upload = begun(trainer(), digest="0" * 64)
    with pytest.raises(upload_rules.ChecksumMismatch):
        uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    assert not Lecture.objects.exists()
    assert spooled() == []


def test_cancelling_while_bytes_arrive_stops_the_writer() -> None:
    upload = begun(trainer())

    def read(_count: int) -> bytes:
        uploads.terminate(upload=Upload.objects.get(pk=upload.pk))
        return VIDEO[:10]

    with pytest.raises(upload_rules.Gone):
        uploads.receive(upload=upload, offset=0, body=uploads.Body(read, len(VIDEO)))
    assert spooled() == []
    assert Upload.objects.get().state == Upload.State.TERMINATED


def test_what_became_a_lecture_cannot_be_cancelled() -> None:
    upload = begun(trainer())
    uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    with pytest.raises(upload_rules.Complete):
        uploads.terminate(upload=upload)
    assert Upload.objects.get().state == Upload.State.FINISHED


def test_the_same_file_is_kept_once() -> None:
    for owner in (trainer(), trainer()):
        uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    assert Source.objects.count() == 1
    assert Lecture.objects.count() == 2


def test_a_known_file_is_recognised_at_once() -> None:
    owner = trainer()
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    upload = begun(owner, digest=DIGEST)
    assert upload.state == Upload.State.FINISHED
    assert uploads.offset_of(upload) == len(VIDEO)
    assert Lecture.objects.count() == 2
    assert spooled() == []


def test_nobody_learns_of_a_file_they_may_not_see() -> None:
    uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
    upload = begun(trainer(), digest=DIGEST)
    assert upload.state == Upload.State.RECEIVING
    seer = trainer("view_every_lecture")
    assert begun(seer, digest=DIGEST).state == Upload.State.FINISHED
    longer = uploads.begin(
        owner=seer, declared=Declared(filename="a.mp4", digest=DIGEST), length=len(VIDEO) + 1
    )
    assert longer.state == Upload.State.RECEIVING


def test_replacing_makes_a_second_encode_of_the_same_lecture() -> None:
    owner = trainer()
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    lecture = Lecture.objects.get()
    other = VIDEO + b"more"
    upload = begun(owner, other, lecture=lecture.pk)
    uploads.receive(upload=upload, offset=0, body=body(other))
    assert list(lecture.encodes.values_list("number", flat=True)) == [2, 1]
    assert Lecture.objects.count() == 1


def test_nobody_replaces_what_is_not_theirs() -> None:
    lecture = LectureFactory()
    trashed = LectureFactory(owner=trainer(), trashed_at=timezone.now())
    reviewer = trainer("view_every_lecture")
    for owner, target in ((trainer(), lecture), (reviewer, lecture), (trashed.owner, trashed)):
        with pytest.raises(upload_rules.NotFound):
            begun(owner, lecture=target.pk)
    assert begun(trainer("view_every_lecture", "manage_every_lecture"), lecture=lecture.pk).lecture == lecture


def test_sources_go_to_a_bucket(settings: Any) -> None:
    with bucket(settings) as storage:
        uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
        source = Source.objects.get()
        assert source.key == sources.key_of(DIGEST)
        with storage.open(source.key) as file:
            assert file.read() == VIDEO
        uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
    assert Source.objects.count() == 1


def test_a_source_that_was_lost_is_kept_again() -> None:
    SourceFactory(digest=DIGEST, size=len(VIDEO), key=sources.key_of(DIGEST))
    uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
    assert default_storage.open(Source.objects.get().key).read() == VIDEO


def test_an_upload_is_seen_by_its_owner_only() -> None:
    upload = begun(trainer())
    assert uploads.find(owner=upload.owner, upload_id=upload.pk) == upload
    for stranger in (trainer(), trainer("view_every_lecture", "manage_every_lecture")):
        with pytest.raises(upload_rules.NotFound):
            uploads.find(owner=stranger, upload_id=upload.pk)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "terminated"},
        {"state": "expired"},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_lapsed_upload_is_gone(change: dict[str, Any]) -> None:
    upload = UploadFactory(**change)
    with pytest.raises(upload_rules.Gone):
        uploads.find(owner=upload.owner, upload_id=upload.pk)


def test_receiving_keeps_an_upload_alive() -> None:
    upload = begun(trainer())
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    uploads.receive(upload=upload, offset=0, body=body(VIDEO[:10]))
    assert Upload.objects.get().expires_at > timezone.now() + timedelta(days=6)


def test_a_lost_spool_begins_anew() -> None:
    upload = begun(trainer())
    uploads.receive(upload=upload, offset=0, body=body(VIDEO[:10]))
    spool.remove(upload.pk)
    assert uploads.offset_of(upload) == 0
    uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    assert Source.objects.get().digest == DIGEST
