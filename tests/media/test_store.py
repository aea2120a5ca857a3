"""Files of the pipeline: whole or not at all, on a disk that fills up and in a bucket that goes away."""

import errno
import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from media import ingest, store, tasks
from media.errors import MediaError, NoSpace, UnusableSource
from media.models import Chunk, Encode, Lecture, Source
from tests.factories.media import SourceFactory
from tests.factories.people import UserFactory
from tests.media.buckets import bucket, unreachable
from tests.media.clips import render

Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say how many bytes every disk has left."""

    def left(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(1 << 50, 0, free))

    return left


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def root() -> Path:
    return Path(default_storage.path("."))


# --- putting and getting


def test_what_is_put_is_there_and_can_be_replaced() -> None:
    store.put("lectures/a/master.m3u8", b"first")
    store.put("lectures/a/master.m3u8", b"second, longer")
    assert store.get("lectures/a/master.m3u8") == b"second, longer"
    assert store.size("lectures/a/master.m3u8") == 14
    assert files(root()) == ["lectures/a/master.m3u8"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_write_that_fails_leaves_the_former_file_and_no_half(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store.put("lectures/a/index.m3u8", b"former")

    def full(_fd: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MediaError) as failed:
        store.put("lectures/a/index.m3u8", b"new")
    assert failed.value.code == ("storage" if code == errno.EIO else "disk_full")
    assert isinstance(failed.value, NoSpace) == (code != errno.EIO)
    assert store.get("lectures/a/index.m3u8") == b"former"
    assert files(root()) == ["lectures/a/index.m3u8"]


def test_what_is_not_there_says_so() -> None:
    assert store.size("lectures/a/nothing") == -1
    with pytest.raises(MediaError) as failed:
        store.get("lectures/a/nothing")
    assert failed.value.code == "storage"
    assert store.names_under("lectures/a") == set()
    store.remove({"lectures/a/nothing"})
    store.remove_tree("lectures/a/")


def test_only_what_lies_under_a_prefix_is_removed() -> None:
    for key in ("lectures/a/x/1.m4s", "lectures/a/m.m3u8", "lectures/ab/m.m3u8"):
        store.put(key, b"x")
    assert store.names_under("lectures/a/") == {"lectures/a/x/1.m4s", "lectures/a/m.m3u8"}
    store.remove_tree("lectures/a/")
    assert files(root()) == ["lectures/ab/m.m3u8"]
    assert not (root() / "lectures" / "a").exists()


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (-1, False)])
def test_room_is_asked_for_with_a_reserve_to_the_byte(
    disk: Callable[[int], None], spare: int, fits: bool
) -> None:
    disk(1000 + store.RESERVE + spare)
    if fits:
        store.require_space(1000)
    else:
        with pytest.raises(NoSpace) as full:
            store.require_space(1000)
        assert full.value.code == "disk_full"


# --- sources


@pytest.mark.django_db
def test_a_source_of_another_length_is_not_taken_for_it() -> None:
    source = SourceFactory(size=5)
    store.put(source.key, b"12345")
    assert store.local_source(source).read_bytes() == b"12345"
    store.put(source.key, b"1234")
    with pytest.raises(UnusableSource) as missing:
        store.local_source(source)
    assert missing.value.code == "source_missing"


@pytest.mark.django_db
def test_a_source_in_a_bucket_is_fetched_once_and_touched_when_used(settings: Any) -> None:
    with bucket(settings):
        source = SourceFactory(size=5)
        store.put(source.key, b"12345")
        path = store.local_source(source)
        assert path.read_bytes() == b"12345"
        assert path.is_relative_to(settings.SPOOL_DIR)
        os.utime(path, (0, 0))
        default_storage.delete(source.key)
        assert store.local_source(source) == path
        assert path.stat().st_mtime > 1_000_000
        path.write_bytes(b"half")  # a fetch that was killed
        with pytest.raises(UnusableSource):
            store.local_source(source)


@pytest.mark.django_db
def test_a_bucket_source_waits_for_room_and_leaves_no_half(
    settings: Any, disk: Callable[[int], None]
) -> None:
    with bucket(settings):
        source = SourceFactory(size=5)
        store.put(source.key, b"12345")
        disk(store.RESERVE + 4)
        with pytest.raises(NoSpace):
            store.local_source(source)
        assert not list((Path(settings.SPOOL_DIR) / "sources").glob("*"))
        disk(store.RESERVE + 5)
        assert store.local_source(source).read_bytes() == b"12345"


# --- the whole pipeline where room or store are missing


@pytest.fixture
def waiting(tmp_path: Path) -> Encode:
    path = render(tmp_path / "a.mp4", seconds=1, size="64x48")
    lecture = ingest.ingest_file(path=path, title="讲座", owner=UserFactory())
    return Encode.objects.get(lecture=lecture)


def due_now() -> None:
    """Let the pauses be over."""
    Encode.objects.update(due_at=timezone.now())
    Chunk.objects.update(due_at=timezone.now())


@pytest.mark.django_db
def test_a_full_disk_holds_a_lecture_up_and_room_lets_it_go_on(
    waiting: Encode, disk: Callable[[int], None], settings: Any
) -> None:
    disk(store.RESERVE)
    for _ in range(6):
        tasks.do_all()
        due_now()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (Encode.State.TRANSCODING, "")
    assert "bytes free" in waiting.chunks.exclude(detail="").first().detail
    assert files(Path(settings.SPOOL_DIR)) == []
    disk(1 << 45)
    tasks.do_all()
    waiting.refresh_from_db()
    assert waiting.state == Encode.State.PUBLISHED
    assert set(waiting.chunks.values_list("detail", flat=True)) == {""}


@pytest.mark.django_db
def test_a_store_that_is_away_when_publishing_is_waited_for(
    waiting: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    while Encode.objects.get().state != Encode.State.PACKAGING:
        assert tasks.do_one()
    written = os.fsync

    def away(_fd: int) -> None:
        raise OSError(errno.EIO, "away")

    monkeypatch.setattr(os, "fsync", away)
    for _ in range(6):
        tasks.do_all()
        due_now()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, waiting.attempts) == (Encode.State.PACKAGING, "", 0)
    assert Lecture.objects.get().current is None
    monkeypatch.setattr(os, "fsync", written)
    tasks.do_all()
    waiting.refresh_from_db()
    assert waiting.state == Encode.State.PUBLISHED


@pytest.mark.django_db
def test_a_bucket_that_is_away_is_not_the_fault_of_the_file(waiting: Encode, settings: Any) -> None:
    with unreachable(settings):
        tasks.do_all()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == (Encode.State.RECEIVED, 0)
    assert waiting.detail
    due_now()
    tasks.do_all()
    waiting.refresh_from_db()
    assert waiting.state == Encode.State.PUBLISHED


@pytest.mark.django_db
def test_taking_in_asks_for_room_first(tmp_path: Path, disk: Callable[[int], None]) -> None:
    path = render(tmp_path / "a.mp4", seconds=1, size="64x48")
    disk(store.RESERVE + path.stat().st_size - 1)
    with pytest.raises(NoSpace):
        ingest.ingest_file(path=path, title="讲座", owner=UserFactory())
    assert not Source.objects.exists()
    assert not Lecture.objects.exists()
    assert files(root()) == []
