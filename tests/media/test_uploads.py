"""Rules and verbs of uploads: names, kinds, space, quotas, crashes, sweeps."""

import base64
import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from media import sources, spool, upload_rules, uploads
from media.models import Encode, Lecture, Source, Upload
from media.upload_rules import Declared
from tests.factories.media import EncodeFactory, LectureFactory, SourceFactory, UploadFactory
from tests.factories.people import UserFactory
from tests.media.buckets import bucket

VIDEO = b"\x00\x00\x00\x18ftypmp42" + os.urandom(3000)
DIGEST = hashlib.sha256(VIDEO).hexdigest()


def trainer(*more: str, **fields: Any) -> Any:
    """A person who may upload lectures."""
    user = UserFactory(**fields)
    names = ["add_lecture", "change_lecture", *more]
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="media", codename__in=names))
    return user


def body(data: bytes, **more: Any) -> uploads.Body:
    return uploads.Body(BytesIO(data).read, len(data), **more)


def begun(owner: Any, data: bytes = VIDEO, **declared: Any) -> Upload:
    return uploads.begin(owner=owner, declared=Declared(filename="lecture.mp4", **declared), length=len(data))


def spooled() -> list[str]:
    return sorted(path.name for path in spool.folder().iterdir())


# --- names and metadata


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("lecture.mp4", "lecture.mp4"),
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("C:\\Users\\me\\第1讲.mp4", "第1讲.mp4"),
        ("/var/files/../x.mkv", "x.mkv"),
        ("a/b/", "b"),
        ("..", ""),
        (".", ""),
        ("", ""),
        ("////", ""),
        ("a\x00b\r\n.mp4", "a b .mp4"),
        ("\u202egpj.mp4", "gpj.mp4"),
        ("e\u0301.mp4", "é.mp4"),
        ("x" * 400 + ".mp4", "x" * 251 + ".mp4"),
    ],
)
def test_a_name_that_is_a_path_is_only_a_name(given_name: str, kept: str) -> None:
    assert upload_rules.base_name(given_name) == kept


@given(st.text(max_size=600))
def test_every_name_becomes_harmless(name: str) -> None:
    kept = upload_rules.base_name(name)
    assert len(kept) <= 255
    assert not set(kept) & set("/\\\0\r\n")
    assert kept not in {".", ".."}
    assert upload_rules.base_name(kept) == kept


def _header(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def test_metadata_is_read_in_the_spellings_of_clients() -> None:
    uppy = upload_rules.declared_in(_header(name="第2讲.mov", type="video/quicktime", relativePath="null"))
    assert (uppy.filename, uppy.content_type) == ("第2讲.mov", "video/quicktime")
    ours = upload_rules.declared_in(
        _header(
            filename="a.mp4",
            filetype="video/mp4",
            title=" 不实 报告 ",
            language="en",
            sha256=DIGEST,
            lecture="7",
        )
    )
    assert (ours.title, ours.language, ours.digest, ours.lecture) == ("不实 报告", "en", DIGEST, 7)
    assert upload_rules.declared_in("is_confidential,filename YS5tcDQ=").filename == "a.mp4"
    assert upload_rules.declared_in("").filename == ""


@pytest.mark.parametrize(
    "header",
    [
        "filename !!!!",
        "filename YQ==,filename YQ==",
        "filename //79",
        "ключ YQ==",
        "x " + "A" * 9000,
        _header(sha256="abc"),
        _header(lecture="1; drop"),
        _header(lecture="-1"),
    ],
)
def test_malformed_metadata_is_a_bad_request(header: str) -> None:
    with pytest.raises(upload_rules.BadRequest):
        upload_rules.declared_in(header)


@given(st.text(max_size=200))
def test_metadata_never_breaks(header: str) -> None:
    with contextlib.suppress(upload_rules.BadRequest):
        upload_rules.declared_in(header)


@pytest.mark.parametrize(
    ("filename", "content_type", "is_refused"),
    [
        ("a.mp4", "video/mp4", False),
        ("a.MTS", "", False),
        ("a.mp4", "application/x-unknown", False),
        ("第3.2讲", "", False),
        ("第1讲.资质认定", "video/mp4", False),
        ("lecture", "", False),
        ("", "", False),
        ("a.rmvb", "application/vnd.rn-realmedia-vbr", False),
        ("notes.pdf", "application/pdf", True),
        ("talk.pptx", "", True),
        ("a.mp4.exe", "", True),
        ("a.m3u8", "application/vnd.apple.mpegurl", True),
        ("lecture", "application/pdf", True),
        ("photo.jpg", "image/jpeg", True),
    ],
)
def test_wrong_kinds_are_refused_by_name_or_type(filename: str, content_type: str, is_refused: bool) -> None:
    declared = Declared(filename=filename, content_type=content_type)
    if is_refused:
        with pytest.raises(upload_rules.WrongKind):
            upload_rules.check_declared(declared, 10, 100)
    else:
        upload_rules.check_declared(declared, 10, 100)


def test_sizes_are_checked() -> None:
    with pytest.raises(upload_rules.EmptyFile):
        upload_rules.check_declared(Declared(), 0, 100)
    with pytest.raises(upload_rules.TooLarge):
        upload_rules.check_declared(Declared(), 101, 100)


@pytest.mark.parametrize(
    "head",
    [b"%PDF-1.7", b"PK\x03\x04x", b"MZ\x90", b"\x7fELF", b"#EXTM3U\n", b"\xef\xbb\xbf#EXTM3U", b"ffconcat version 1.0",
     b" \n<!DOCTYPE html>", b"<?xml version='1.0'?>", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"#!/bin/sh", b"WEBVTT\n"],
)  # fmt: skip
def test_first_bytes_tell_what_is_no_recording(head: bytes) -> None:
    with pytest.raises(upload_rules.WrongKind):
        upload_rules.check_head(head + bytes(500))


@pytest.mark.parametrize(
    "head",
    [b"", b"\x00", VIDEO, b"\x1aE\xdf\xa3", b"RIFF\x00\x00\x00\x00AVI ", b"#!AMR\n", b"G" + bytes(187), b"FLV\x01", b"ID3\x03",
     b"0&\xb2u\x8ef\xcf\x11", b".RMF", b"OggS", b"\x00\x00\x01\xba"],
)  # fmt: skip
def test_first_bytes_of_recordings_pass(head: bytes) -> None:
    upload_rules.check_head(head)


@pytest.mark.samples
def test_no_real_video_is_refused_by_its_head_or_name(samples: Path) -> None:
    for path in sorted((samples / "video").iterdir()):
        if path.stat().st_size:
            upload_rules.check_declared(Declared(filename=path.name), path.stat().st_size, 1 << 40)
            upload_rules.check_head(path.read_bytes()[:512])


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("第1讲_主体责任.mp4", "第1讲 主体责任"),
        ("3.2 uncertainty", "3.2 uncertainty"),
        ("a.b.mkv", "a.b"),
        (".mp4", ".mp4"),
    ],
)
def test_a_lecture_is_called_after_its_file(filename: str, title: str) -> None:
    assert upload_rules.title_of(filename) == title


# --- beginning


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
    settings.MEDIA_TENANT_OF = "tests.media.test_uploads.first_letter"
    assert begun(trainer(name="Zhang")).tenant == "Z"


def first_letter(user: Any) -> str:
    """A tenant, for the test above."""
    return str(user.name[0])


# --- receiving and finishing


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
    raw = _header(filename="x.mp4", title="分包", language="en")
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
    with pytest.raises(upload_rules.NotAllowed):
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


def test_a_store_that_is_away_loses_nothing(settings: Any, caplog: Any) -> None:
    upload = begun(trainer())
    former = settings.STORAGES
    settings.STORAGES = {
        **former,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": "x",
                "access_key": "k",
                "secret_key": "s",
                "endpoint_url": "http://127.0.0.1:9",
                "region_name": "us-east-1",
            },
        },
    }
    assert uploads.receive(upload=upload, offset=0, body=body(VIDEO)) == len(VIDEO)
    assert "could not be stored" in caplog.text
    assert not Lecture.objects.exists()
    settings.STORAGES = former
    assert uploads.sweep_expired(timezone.now()) == 0  # it waits a minute
    assert uploads.sweep_expired(timezone.now() + timedelta(minutes=2)) == 1
    assert Source.objects.get().digest == DIGEST
    assert Upload.objects.get().state == Upload.State.FINISHED


def test_sources_go_to_a_bucket(settings: Any) -> None:
    with bucket(settings) as storage:
        uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
        source = Source.objects.get()
        assert source.key == sources.key_of(DIGEST)
        with storage.open(source.key) as file:
            assert file.read() == VIDEO
        uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
    assert Source.objects.count() == 1


def test_a_crash_between_store_and_row_is_repeated_harmlessly() -> None:
    upload = begun(trainer())
    with spool.locked(upload.pk) as fd:
        spool.write(fd, VIDEO, 0)
    sources.adopt(path=spool.path_of(upload.pk), digest=DIGEST, size=len(VIDEO))
    Upload.objects.filter(pk=upload.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    assert uploads.sweep_expired(timezone.now()) == 1
    assert uploads.sweep_expired(timezone.now()) == 0
    assert Lecture.objects.count() == 1


def test_a_source_that_was_lost_is_kept_again() -> None:
    SourceFactory(digest=DIGEST, size=len(VIDEO), key=sources.key_of(DIGEST))
    uploads.receive(upload=begun(trainer()), offset=0, body=body(VIDEO))
    assert default_storage.open(Source.objects.get().key).read() == VIDEO


# --- parts


def _parts(owner: Any, data: bytes, count: int) -> list[Upload]:
    size = -(-len(data) // count)
    made = []
    for at in range(0, len(data), size):
        part = uploads.begin(owner=owner, declared=Declared(), length=len(data[at : at + size]), partial=True)
        uploads.receive(upload=part, offset=0, body=body(data[at : at + size]))
        made.append(part)
    return made


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_parts_become_one_lecture(count: int) -> None:
    owner = trainer()
    parts = _parts(owner, VIDEO, count)
    assert not Lecture.objects.exists()
    whole = uploads.concatenate(
        owner=owner, declared=Declared(filename="a.mp4"), part_ids=[part.pk for part in parts]
    )
    assert whole.state == Upload.State.FINISHED
    assert Source.objects.get().digest == DIGEST
    assert spooled() == []
    with pytest.raises(upload_rules.NotAllowed):
        uploads.receive(upload=whole, offset=0, body=body(b"x"))
    with pytest.raises(upload_rules.Gone):
        uploads.concatenate(owner=owner, declared=Declared(), part_ids=[part.pk for part in parts])


def test_parts_must_be_whole_ones_own_and_named_once() -> None:
    owner = trainer()
    first, second = _parts(owner, VIDEO, 2)
    unfinished = uploads.begin(owner=owner, declared=Declared(), length=5, partial=True)
    ordinary = begun(owner)
    strangers = _parts(trainer(), VIDEO, 1)[0]
    refusals = {
        (): upload_rules.BadRequest,
        (first.pk, first.pk): upload_rules.BadRequest,
        (first.pk, unfinished.pk): upload_rules.BadRequest,
        (first.pk, ordinary.pk): upload_rules.BadRequest,
        (first.pk, uuid.uuid4()): upload_rules.BadRequest,
        (first.pk, strangers.pk): upload_rules.NotFound,
    }
    for ids, refusal in refusals.items():
        with pytest.raises(refusal):
            uploads.concatenate(owner=owner, declared=Declared(filename="a.mp4"), part_ids=list(ids))
    assert not Lecture.objects.exists()
    uploads.concatenate(owner=owner, declared=Declared(filename="a.mp4"), part_ids=[first.pk, second.pk])


def test_parts_of_a_document_are_refused_when_put_together() -> None:
    owner = trainer()
    parts = _parts(owner, b"%PDF-1.7" + bytes(900), 2)
    with pytest.raises(upload_rules.WrongKind):
        uploads.concatenate(
            owner=owner, declared=Declared(filename="a.mp4"), part_ids=[part.pk for part in parts]
        )
    assert not Lecture.objects.exists()


@pytest.mark.parametrize("crash_after", [0, 1, 2, 3])
def test_a_crash_while_parts_are_put_together_is_taken_up_again(crash_after: int) -> None:
    owner = trainer()
    parts = _parts(owner, VIDEO, 3)
    lengths = [(part.pk, part.length) for part in parts]
    whole = UploadFactory(
        owner=owner,
        length=len(VIDEO),
        concat="final",
        parts=[str(part.pk) for part in parts],
        updated_at=timezone.now() - timedelta(minutes=5),
    )
    if crash_after:
        os.rename(spool.path_of(parts[0].pk), spool.path_of(whole.pk))
    if crash_after > 1:  # half of the second part was copied
        with spool.path_of(whole.pk).open("ab") as file:
            file.write(spool.path_of(parts[1].pk).read_bytes()[:100])
    if crash_after > 2:
        spool.assemble(whole.pk, lengths)
    assert uploads.sweep_expired(timezone.now()) == 1
    assert Source.objects.get().digest == DIGEST
    assert spooled() == []


# --- finding and sweeping


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


def test_the_sweep_forgets_what_lapsed_and_nothing_else() -> None:
    owner = trainer()
    now = timezone.now()
    fresh, old = begun(owner), begun(owner)
    old_part = _parts(owner, VIDEO, 1)[0]
    finished = begun(owner)
    uploads.receive(upload=finished, offset=0, body=body(VIDEO))
    past = now - timedelta(seconds=1)
    Upload.objects.filter(pk__in=[old.pk, old_part.pk, finished.pk]).update(expires_at=past)
    orphan = spool.path_of(uuid.uuid4())
    orphan.write_bytes(b"x")
    os.utime(orphan, (0, 0))
    young = spool.path_of(uuid.uuid4())
    young.write_bytes(b"x")
    assert uploads.sweep_expired(now) == 3
    states = dict(Upload.objects.values_list("pk", "state"))
    assert states == {
        fresh.pk: "receiving",
        old.pk: "expired",
        old_part.pk: "expired",
        finished.pk: "finished",
    }
    assert spooled() == sorted([f"{fresh.pk.hex}.part", young.name])
    assert uploads.sweep_expired(now) == 0


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
