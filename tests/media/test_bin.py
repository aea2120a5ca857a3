"""The end of a lecture: deliberate, delayed, and never of what is used."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from wagtail.models import ReferenceIndex

from media import bin as rubbish
from media import lectures, sources, tasks, uploads
from media.models import (
    CaptionJob,
    Chunk,
    Encode,
    Lecture,
    Leftover,
    Rendition,
    SlideScan,
    Source,
    Track,
    Upload,
)
from media.queries import used_bytes
from tests.factories.catalogue import CoursePageFactory, EditionLessonFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.media import (
    ChunkFactory,
    EncodeFactory,
    LectureFactory,
    RenditionFactory,
    SourceFactory,
    TrackFactory,
    UploadFactory,
)
from tests.factories.progress import PlaySessionFactory
from tests.media.buckets import bucket, unreachable
from tests.media.transfers import DIGEST, VIDEO, begun, body, trainer

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def long_ago(days: float = 31) -> datetime:
    return NOW - timedelta(days=days)


def stored(key: str, data: bytes = b"x") -> str:
    return default_storage.save(key, ContentFile(data))


def files() -> list[str]:
    found, waiting = [], [""]
    while waiting:
        folder = waiting.pop()
        folders, names = default_storage.listdir(folder or ".") if default_storage.exists(".") else ([], [])
        waiting += [f"{folder}/{name}".strip("/") for name in folders]
        found += [f"{folder}/{name}".strip("/") for name in names]
    return sorted(found)


def whole_lecture(**fields: Any) -> Lecture:
    """A published lecture with everything that can hang on one, and its files."""
    lecture = LectureFactory(**{"trashed_at": long_ago(), "published": True, **fields})
    encode = lecture.current
    ChunkFactory(encode=encode, state=Chunk.State.DONE)
    RenditionFactory(encode=encode)
    TrackFactory(lecture=lecture)
    UploadFactory(owner=lecture.owner, lecture=lecture, state=Upload.State.FINISHED)
    stored(encode.source.key)
    for name in ("master.m3u8", "v720/index.m3u8", "v720/1.m4s"):
        stored(f"lectures/{encode.pk}/{name}")
    lecture.poster = stored(f"posters/{lecture.pk}/a.jpg")
    lecture.save()
    return lecture


def test_after_its_days_a_lecture_goes_with_all_that_is_its_own() -> None:
    lecture = whole_lecture()
    other = whole_lecture(trashed_at=None)
    kept = {name for name in files() if str(other.current_id) in name or f"posters/{other.pk}/" in name}
    assert tasks.clear_away() == 1 + 3  # the lecture, and three notes of files
    assert list(Lecture.objects.all()) == [other]
    for model in (Encode, Chunk, Rendition, Track, Source):
        assert model.objects.count() == 1, model
    assert set(files()) == kept | {other.current.source.key}
    assert Upload.objects.get(owner=lecture.owner).lecture is None
    assert not Leftover.objects.exists()
    assert tasks.clear_away() == 0


@pytest.mark.parametrize(("days", "is_gone"), [(29.99, False), (30, True), (30.01, True)])
def test_a_lecture_stays_in_the_bin_for_all_of_its_days(days: float, is_gone: bool) -> None:
    LectureFactory(trashed_at=long_ago(days))
    assert rubbish.purge_due(NOW) == is_gone
    assert Lecture.objects.exists() != is_gone


def test_the_days_are_a_setting_and_none_keep_for_ever(settings: Any) -> None:
    lecture = LectureFactory(trashed_at=long_ago(3))
    settings.LECTURE_BIN_DAYS = 0
    assert rubbish.purged_at(lecture) is None
    assert rubbish.purge_due(NOW) == 0
    settings.LECTURE_BIN_DAYS = 3
    assert rubbish.purged_at(lecture) == NOW
    assert rubbish.purge_due(NOW) == 1


def test_a_lecture_outside_the_bin_has_no_end() -> None:
    assert rubbish.purged_at(LectureFactory()) is None
    assert rubbish.purge_due(NOW + timedelta(days=1000)) == 0


@pytest.mark.parametrize("work", [CaptionJob, SlideScan])
def test_it_waits_for_who_looks_for_slides_or_makes_captions(work: type[Any]) -> None:
    """They write pictures and rows when they end: nobody would ever find those files again."""
    lecture = whole_lecture()
    row = work.objects.create(encode=lecture.current, state="leased", leased_until=NOW + timedelta(seconds=1))
    assert rubbish.purge_due(NOW) == 0
    work.objects.filter(pk=row.pk).update(leased_until=NOW - timedelta(seconds=1))
    assert rubbish.purge_due(NOW) == 1
    assert not work.objects.exists()


def test_what_was_taken_out_of_the_bin_stays() -> None:
    lecture = whole_lecture()
    lectures.restore(lecture=lecture)
    assert not rubbish.purge(lecture_id=lecture.pk, end=NOW, now=NOW)
    assert tasks.clear_away() == 0
    assert default_storage.exists(f"lectures/{lecture.current_id}/master.m3u8")


def test_what_was_taken_out_and_put_in_again_has_all_its_days_again() -> None:
    lecture = whole_lecture()
    lectures.restore(lecture=lecture)
    lectures.trash(lecture=lecture)
    assert tasks.clear_away() == 0


def test_putting_it_in_twice_does_not_begin_its_days_anew() -> None:
    lecture = LectureFactory(trashed_at=long_ago(10))
    lectures.trash(lecture=lecture)
    lecture.refresh_from_db()
    assert lecture.trashed_at == long_ago(10)


def test_an_edition_keeps_its_lecture_whole() -> None:
    lecture = whole_lecture()
    EditionLessonFactory(lecture=lecture)
    before = files()
    assert tasks.clear_away() == 0
    assert files() == before
    lecture.refresh_from_db()
    assert lecture.current is not None
    assert Track.objects.count() == Rendition.objects.count() == Chunk.objects.count() == 1
    assert not Leftover.objects.exists()


def test_a_replaced_video_that_somebody_watched_keeps_the_lecture() -> None:
    lecture = whole_lecture()
    former = lecture.current
    lesson = EditionLessonFactory(lecture=LectureFactory(published=True))
    enrolment = EnrolmentFactory(edition=lesson.edition)
    PlaySessionFactory(lesson=lesson, enrolment=enrolment, encode=former)
    lecture.current = EncodeFactory(lecture=lecture, published=True)
    lecture.save()
    assert tasks.clear_away() == 0
    assert lecture.encodes.count() == 2


def test_a_page_that_names_a_lecture_keeps_it() -> None:
    page = CoursePageFactory()
    ReferenceIndex.create_or_update_for_object(page)
    lecture = Lecture.objects.first()
    assert lecture is not None
    Lecture.objects.update(trashed_at=long_ago())
    assert rubbish.purge_due(NOW) == 0
    ReferenceIndex.remove_for_object(page)
    assert rubbish.purge_due(NOW) == 1


def test_one_lecture_that_is_kept_does_not_keep_the_others() -> None:
    EditionLessonFactory(lecture=whole_lecture(trashed_at=long_ago(90)))
    whole_lecture(trashed_at=long_ago(60))
    assert rubbish.purge_due(NOW) == 1
    assert Lecture.objects.count() == 1


def test_what_a_worker_is_at_waits() -> None:
    encode = EncodeFactory(lecture=LectureFactory(trashed_at=long_ago()), state=Encode.State.TRANSCODING)
    chunk = ChunkFactory(encode=encode, state=Chunk.State.LEASED, leased_until=NOW + timedelta(seconds=20))
    assert rubbish.purge_due(NOW) == 0
    Chunk.objects.filter(pk=chunk.pk).update(leased_until=NOW - timedelta(seconds=1))
    assert rubbish.purge_due(NOW) == 1
    step = EncodeFactory(
        lecture=LectureFactory(trashed_at=long_ago()), leased_until=NOW + timedelta(seconds=5)
    )
    assert rubbish.purge_due(NOW) == 0
    Encode.objects.filter(pk=step.pk).update(leased_until=None)
    assert rubbish.purge_due(NOW) == 1


def test_a_worker_whose_lecture_was_removed_stops_without_a_trace() -> None:
    EncodeFactory()
    job = tasks.leases.claim("here:1")
    assert job is not None
    Encode.objects.all().delete()
    tasks.perform(job)
    assert files() == []


def test_bytes_that_another_lecture_uses_stay() -> None:
    mine = whole_lecture()
    theirs = EncodeFactory(source=mine.current.source)
    assert rubbish.purge_due(NOW) == 1
    rubbish.clear_leftovers()
    assert files() == [theirs.source.key]


def test_two_sweeps_at_once_remove_a_lecture_once() -> None:
    lecture = whole_lecture()
    assert rubbish.purge(lecture_id=lecture.pk, end=NOW, now=NOW)
    assert not rubbish.purge(lecture_id=lecture.pk, end=NOW, now=NOW)
    assert Leftover.objects.count() == 3


def test_files_that_cannot_be_deleted_now_are_deleted_later(settings: Any, caplog: Any) -> None:
    whole_lecture()
    rubbish.purge_due(NOW)
    with unreachable(settings):
        assert rubbish.clear_leftovers() == 0
    assert "tries again" in caplog.text
    assert Leftover.objects.count() == 3
    assert len(files()) == 5
    assert rubbish.clear_leftovers() == 3
    assert files() == []


def test_files_that_are_gone_already_are_no_trouble() -> None:
    LectureFactory(trashed_at=long_ago(), published=True)
    rubbish.purge_due(NOW)
    assert rubbish.clear_leftovers() == 3
    assert not Leftover.objects.exists()


def test_files_in_a_bucket_are_deleted_too(settings: Any) -> None:
    with bucket(settings):
        source = SourceFactory()
        stored(source.key)
        EncodeFactory(source=source, lecture=LectureFactory(trashed_at=long_ago()))
        rubbish.purge_due(NOW)
        Leftover.objects.filter(path__endswith="/").delete()  # this bucket cannot list
        assert rubbish.clear_leftovers() == 1
        assert not default_storage.exists(source.key)


def test_the_same_bytes_uploaded_before_they_are_deleted_are_kept() -> None:
    owner = trainer()
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    Lecture.objects.update(trashed_at=long_ago())
    rubbish.purge_due(NOW)
    assert Leftover.objects.filter(path=sources.key_of(DIGEST)).exists()
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    rubbish.clear_leftovers()
    assert default_storage.open(Source.objects.get().key).read() == VIDEO


def test_an_original_that_no_encode_was_made_of_goes_after_a_day() -> None:
    fresh = SourceFactory(created_at=NOW - timedelta(hours=23))
    old = SourceFactory(created_at=NOW - timedelta(hours=25))
    used = EncodeFactory(source__created_at=NOW - timedelta(days=99)).source
    stored(old.key)
    assert rubbish.drop_unused_sources(NOW) == 1
    assert set(Source.objects.all()) == {fresh, used}
    rubbish.clear_leftovers()
    assert files() == []


def test_a_purged_lecture_gives_its_quota_back() -> None:
    owner = trainer()
    uploads.receive(upload=begun(owner), offset=0, body=body(VIDEO))
    tenant = Lecture.objects.get().tenant
    Lecture.objects.update(trashed_at=long_ago())
    assert used_bytes(tenant) == len(VIDEO)
    rubbish.purge_due(NOW)
    assert used_bytes(tenant) == 0


def test_an_upload_that_would_replace_a_purged_lecture_becomes_a_new_one() -> None:
    owner = trainer()
    lecture = LectureFactory(owner=owner, published=True)
    upload = begun(owner, lecture=lecture.pk)
    Lecture.objects.update(trashed_at=long_ago())
    assert rubbish.purge_due(NOW) == 1
    upload = uploads.find(owner=owner, upload_id=upload.pk)
    uploads.receive(upload=upload, offset=0, body=body(VIDEO))
    assert Lecture.objects.get().title == "lecture"
