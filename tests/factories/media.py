"""Lectures, sources and encodes as the pipeline leaves them."""

import uuid
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from media.models import (
    Chapter,
    Chunk,
    DirectTransfer,
    Encode,
    Lecture,
    Rendition,
    Slide,
    SlideScan,
    Source,
    Track,
    Upload,
)


class SourceFactory(DjangoModelFactory):
    """The original bytes; no file lies behind it."""

    class Meta:
        model = Source

    digest = factory.Sequence(lambda n: f"{n:064x}")
    size = 1_000_000
    key = factory.LazyAttribute(lambda o: f"sources/{o.digest[:2]}/{o.digest}")


class LectureFactory(DjangoModelFactory):
    """A lecture without an encode. `published=True` gives it a published one, as viewers get it."""

    class Meta:
        model = Lecture
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"评审准则解读 第{n + 1}讲")
    owner = factory.SubFactory("tests.factories.people.UserFactory")
    language = "zh-Hans"

    @factory.post_generation
    def published(self, create: bool, extracted: bool | None, **fields: object) -> None:
        """Attach a published encode; its fields may be set as `published__duration_ms=...`."""
        if create and (extracted or fields):
            self.current = EncodeFactory(lecture=self, published=True, **fields)
            self.save(update_fields=["current"])


class EncodeFactory(DjangoModelFactory):
    """An encode that was just received; `published` or `failed` moves it to its end."""

    class Meta:
        model = Encode

    id = factory.LazyFunction(uuid.uuid4)
    lecture = factory.SubFactory(LectureFactory)
    source = factory.SubFactory(SourceFactory)
    number = factory.LazyAttribute(lambda o: o.lecture.encodes.count() + 1)
    filename = "lecture.mp4"

    class Params:
        published = factory.Trait(
            state=Encode.State.PUBLISHED,
            duration_ms=180_000,
            planned_ms=180_000,
            width=1280,
            height=720,
            prefix=factory.LazyAttribute(lambda o: f"lectures/{o.id}"),
            digest="0" * 64,
            started_at=factory.LazyFunction(timezone.now),
            playable_at=factory.LazyFunction(timezone.now),
            published_at=factory.LazyFunction(timezone.now),
        )
        failed = factory.Trait(state=Encode.State.FAILED, reason="not_media")


class RenditionFactory(DjangoModelFactory):
    """A 720p picture."""

    class Meta:
        model = Rendition

    encode = factory.SubFactory(EncodeFactory)
    kind = Rendition.Kind.VIDEO
    name = "v720"
    width = 1280
    height = 720
    frame_rate = 30.0


class ChunkFactory(DjangoModelFactory):
    """A minute of picture that is due."""

    class Meta:
        model = Chunk

    encode = factory.SubFactory(EncodeFactory, state=Encode.State.TRANSCODING)
    kind = Chunk.Kind.VIDEO
    index = factory.LazyAttribute(lambda o: o.encode.chunks.filter(kind=o.kind).count())
    start_ms = factory.LazyAttribute(lambda o: o.index * 60_000)
    end_ms = factory.LazyAttribute(lambda o: o.start_ms + 60_000)

    class Params:
        at_work = factory.Trait(
            state=Chunk.State.LEASED,
            lease=factory.LazyFunction(uuid.uuid4),
            leased_until=factory.LazyFunction(lambda: timezone.now() + timedelta(seconds=30)),
        )


class TrackFactory(DjangoModelFactory):
    """Chinese captions of two cues."""

    class Meta:
        model = Track

    lecture = factory.SubFactory(LectureFactory)
    language = "zh-Hans"
    label = "中文"
    vtt = "WEBVTT\n\n00:00.000 --> 00:04.000\n资质认定\n\n00:04.000 --> 00:08.000\n评审准则\n"


class UploadFactory(DjangoModelFactory):
    """A transfer that has just begun."""

    class Meta:
        model = Upload

    owner = factory.SubFactory("tests.factories.people.UserFactory")
    filename = "lecture.mp4"
    length = 1000
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class DirectTransferFactory(DjangoModelFactory):
    """A transfer into the bucket that has just begun; no bucket knows of it."""

    class Meta:
        model = DirectTransfer

    upload = factory.SubFactory(UploadFactory)
    key = factory.LazyAttribute(lambda o: f"sources/{o.upload.pk.hex[:2]}/{o.upload.pk.hex}")
    multipart = factory.Sequence(lambda n: f"transfer-{n}")
    part_size = 16 << 20


class SlideFactory(DjangoModelFactory):
    """A slide of ten seconds, read and proposed; no file lies behind it."""

    class Meta:
        model = Slide

    encode = factory.SubFactory(EncodeFactory, published=True)
    number = factory.LazyAttribute(lambda o: o.encode.slides.count() + 1)
    start_ms = factory.LazyAttribute(lambda o: (o.number - 1) * 10_000)
    end_ms = factory.LazyAttribute(lambda o: o.start_ms + 10_000)
    file = factory.LazyAttribute(lambda o: f"slides/{o.number:04d}-0123456789.jpg")
    title = factory.LazyAttribute(lambda o: f"资质认定 之{o.number}")
    text = factory.LazyAttribute(lambda o: f"{o.title}\n依据：第163号令")
    is_read = True


class ChapterFactory(DjangoModelFactory):
    """A proposed chapter."""

    class Meta:
        model = Chapter

    encode = factory.SubFactory(EncodeFactory, published=True)
    start_ms = factory.LazyAttribute(lambda o: o.encode.chapters.count() * 10_000)
    title = factory.LazyAttribute(lambda o: f"第{o.encode.chapters.count() + 1}章")


class SlideScanFactory(DjangoModelFactory):
    """A search for slides that is due."""

    class Meta:
        model = SlideScan

    encode = factory.SubFactory(EncodeFactory, published=True)
