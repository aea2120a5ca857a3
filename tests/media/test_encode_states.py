"""From received to published: each step once, each step again, nothing out of its order, never half."""

import itertools
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from media import ingest, leases, prepare, preview, publish, tasks
from media.errors import REASONS, LeaseLost, MediaError, OutputBroken, reason_of
from media.leases import Job
from media.models import Chunk, Encode, Lecture, Rendition
from media.signals import encode_published
from tests.factories.media import (
    ChunkFactory,
    EncodeFactory,
    RenditionFactory,
    TrackFactory,
    UploadFactory,
)
from tests.factories.people import UserFactory
from tests.media.clips import render

pytestmark = pytest.mark.django_db

State = Encode.State


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("clip") / "a.mp4", seconds=2, size="64x48", gop=15)


@pytest.fixture
def encode(clip: Path) -> Encode:
    """An encode that was just received, over a real recording of two seconds."""
    lecture = ingest.ingest_file(path=clip, title="讲座", owner=UserFactory())
    return Encode.objects.get(lecture=lecture)


def driven(encode: Encode, state: str, *, most: int = 12) -> Encode:
    """Work until the encode is in a state."""
    for _ in range(most):
        encode.refresh_from_db()
        if encode.state == state:
            return encode
        assert tasks.do_one(), f"nothing to do in {encode.state}"
    raise AssertionError(f"{encode.state} after {most} pieces of work")


def claimed() -> Job:
    job = leases.claim("here:1")
    assert job is not None
    return job


def lapsed(job: Job) -> None:
    """Let the lease run out, as of a worker that sleeps."""
    past = timezone.now() - timedelta(seconds=1)
    if job.chunk_id is None:
        Encode.objects.filter(pk=job.encode_id).update(leased_until=past)
    else:
        Chunk.objects.filter(pk=job.chunk_id).update(leased_until=past)


def rows(encode: Encode) -> list[Any]:
    """All that is known of an encode, to be compared."""
    chunks = Chunk.objects.filter(encode=encode).order_by("kind", "index").values()
    renditions = Rendition.objects.filter(encode=encode).order_by("name").values()
    lecture = Lecture.objects.filter(pk=encode.lecture_id).values()
    return [Encode.objects.filter(pk=encode.pk).values().get(), *chunks, *renditions, *lecture]


def files(encode: Encode) -> dict[str, int]:
    """The published files with what changes when one is written again."""
    root = Path(default_storage.path(f"lectures/{encode.pk}"))
    return {str(path.relative_to(root)): path.stat().st_ino for path in root.rglob("*") if path.is_file()}


class Beating:
    """A heart that has not noticed anything; `then` happens at its n-th beat."""

    done_ms = 0

    def __init__(self, then: Callable[[], object] = lambda: None, at: int = 1) -> None:
        self._then, self._left = then, at

    def check(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._then()


def test_the_steps_follow_in_their_order(encode: Encode) -> None:
    seen = [encode.state]
    while tasks.do_one():
        encode.refresh_from_db()
        seen.append(encode.state)
    assert [state for state, _ in itertools.groupby(seen)] == [
        State.RECEIVED,
        State.PROBED,
        State.TRANSCODING,
        State.PACKAGING,
        State.PUBLISHED,
    ]
    assert (encode.lease, encode.leased_until, encode.attempts) == (None, None, 1)


@pytest.mark.parametrize("state", [State.RECEIVED, State.PROBED, State.TRANSCODING, State.PACKAGING])
def test_a_worker_that_comes_back_late_changes_nothing(encode: Encode, state: str) -> None:
    driven(encode, state)
    late = claimed()
    lapsed(late)
    job = claimed()
    assert (job.encode_id, job.chunk_id) == (late.encode_id, late.chunk_id)
    tasks.perform(job)
    before = rows(encode)
    tasks.perform(late)
    assert rows(encode) == before
    driven(encode, State.PUBLISHED)


@pytest.mark.parametrize("beat", [1, 3])
def test_a_worker_that_is_overtaken_in_the_middle_never_writes_over_what_is_published(
    encode: Encode, beat: int
) -> None:
    driven(encode, State.PACKAGING)
    late = claimed()
    kept: dict[str, int] = {}

    def overtake() -> None:
        lapsed(late)
        tasks.perform(claimed())
        kept.update({name: inode for name, inode in files(encode).items() if name.endswith("m3u8")})

    with pytest.raises(LeaseLost):
        publish.publish(late, Beating(overtake, at=beat))  # type: ignore[arg-type]
    encode.refresh_from_db()
    assert encode.state == State.PUBLISHED
    assert kept
    assert {name: inode for name, inode in files(encode).items() if name in kept} == kept


def test_a_step_out_of_its_order_is_refused(encode: Encode) -> None:
    driven(encode, State.PACKAGING)
    job = Job(encode.pk, uuid.uuid4())
    steps = {
        State.PROBED: prepare.find_facts,
        State.TRANSCODING: prepare.lay_out,
        State.FAILED: publish.publish,
        State.TRANSCODING.value + " ": publish.publish,
    }
    for state, step in steps.items():
        Encode.objects.filter(pk=encode.pk).update(state=state.strip(), lease=job.lease, reason="internal")
        before = rows(encode)
        with pytest.raises(LeaseLost):
            step(job, Beating())  # type: ignore[arg-type]
        assert rows(encode) == before
    assert Lecture.objects.get().current is None


def test_a_chunk_that_ends_after_its_encode_failed_does_not_raise_the_dead(encode: Encode) -> None:
    driven(encode, State.TRANSCODING)
    first, second = claimed(), claimed()
    leases.fail(first, MediaError("stalled"), for_good=True)
    tasks.perform(second)
    encode.refresh_from_db()
    assert (encode.state, encode.reason) == (State.FAILED, "stalled")
    assert Chunk.objects.get(pk=second.chunk_id).state == Chunk.State.DONE
    assert leases.claim("here:1") is None
    ingest.retry(encode=encode)
    driven(encode, State.PUBLISHED)


def test_planning_twice_makes_no_chunk_twice(encode: Encode) -> None:
    driven(encode, State.PROBED)
    tasks.perform(claimed())
    first = list(Chunk.objects.order_by("pk").values_list("kind", "index"))
    Encode.objects.filter(pk=encode.pk).update(state=State.PROBED)  # as if its commit had been lost
    tasks.perform(claimed())
    assert list(Chunk.objects.order_by("pk").values_list("kind", "index")) == first


def test_publishing_again_after_a_crash_gives_the_same(encode: Encode) -> None:
    driven(encode, State.PUBLISHED)
    names, digest = set(files(encode)), encode.digest
    Encode.objects.filter(pk=encode.pk).update(state=State.PACKAGING, published_at=None)
    Lecture.objects.update(current=None)
    driven(encode, State.PUBLISHED)
    assert set(files(encode)) == names
    assert encode.digest == digest
    assert Rendition.objects.count() == len(encode.plan["rungs"]) + len(encode.plan["sounds"])


# --- never half


def segment(encode: Encode, kind: str = Chunk.Kind.COPY) -> Path:
    outputs = Chunk.objects.get(encode=encode, kind=kind).outputs["renditions"]
    found = next(iter(outputs.values()))["segments"][0]["key"]
    return Path(default_storage.path(f"lectures/{encode.pk}/{found}"))


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"half")])
@pytest.mark.parametrize("kind", [Chunk.Kind.COPY, Chunk.Kind.AUDIO])
def test_a_lost_segment_is_made_again_before_anything_is_published(
    encode: Encode, kind: str, damage: Callable[[Path], object]
) -> None:
    driven(encode, State.PACKAGING)
    damage(segment(encode, kind))
    tasks.perform(claimed())
    encode.refresh_from_db()
    assert encode.state == State.TRANSCODING
    assert Lecture.objects.get().current is None
    assert list(encode.chunks.filter(state=Chunk.State.DUE).values_list("kind", flat=True)) == [kind]
    driven(encode, State.PUBLISHED)
    assert segment(encode, kind).stat().st_size > 100


def test_a_store_that_spoils_every_segment_ends_with_a_reason(encode: Encode) -> None:
    driven(encode, State.PACKAGING)
    Chunk.objects.update(attempts=leases.MAX_CLAIMS - 2)
    for _ in range(9):
        encode.refresh_from_db()
        if encode.state == State.FAILED:
            break
        if encode.state == State.PACKAGING:
            segment(encode).write_bytes(b"half")
        tasks.do_one()
    assert (encode.state, encode.reason) == (State.FAILED, "gave_up")
    assert Lecture.objects.get().current is None


def test_a_rendition_that_is_missing_is_not_passed_over(encode: Encode) -> None:
    driven(encode, State.PACKAGING)
    sound = encode.chunks.get(kind=Chunk.Kind.AUDIO)
    sound.outputs = {**sound.outputs, "renditions": {}}
    sound.save()
    with pytest.raises(OutputBroken, match="a0 is missing"):
        publish.publish(claimed(), Beating())  # type: ignore[arg-type]
    assert Lecture.objects.get().current is None


def test_files_of_lost_attempts_go_and_those_that_count_stay(encode: Encode) -> None:
    driven(encode, State.PACKAGING)
    lost = segment(encode)
    lost.write_bytes(b"half")
    driven(encode, State.PUBLISHED)
    assert not lost.exists()
    assert segment(encode).exists()


def test_an_older_encode_that_ends_later_does_not_come_back(encode: Encode, clip: Path) -> None:
    driven(encode, State.PACKAGING)
    ingest.start_encode(lecture=encode.lecture, source=encode.source, filename="b.mp4")
    newer = Encode.objects.get(number=2)
    Encode.objects.filter(pk=encode.pk).update(due_at=timezone.now() + timedelta(hours=1))
    driven(newer, State.PUBLISHED)
    Encode.objects.filter(pk=encode.pk).update(due_at=timezone.now())
    driven(encode, State.PUBLISHED)
    assert Lecture.objects.get().current == newer


def test_a_replacement_that_fails_leaves_viewers_what_they_had(encode: Encode) -> None:
    driven(encode, State.PUBLISHED)
    newer = ingest.start_encode(lecture=encode.lecture, source=encode.source, filename="b.mp4")
    leases.fail(claimed(), MediaError("not_media"), for_good=True)
    newer.refresh_from_db()
    assert newer.state == State.FAILED
    assert Lecture.objects.get().current == encode


def test_it_is_told_once_and_a_bad_listener_undoes_nothing(
    encode: Encode, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[uuid.UUID] = []

    def good(encode: Encode, **_: object) -> None:
        heard.append(encode.pk)

    def bad(**_: object) -> None:
        raise RuntimeError

    driven(encode, State.PACKAGING)
    encode_published.connect(bad)
    encode_published.connect(good)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            tasks.do_all()
    finally:
        encode_published.disconnect(bad)
        encode_published.disconnect(good)
    encode.refresh_from_db()
    assert encode.state == State.PUBLISHED
    assert heard == [encode.pk]


def test_a_late_preview_never_opens_what_is_closed(encode: Encode) -> None:
    driven(encode, State.PUBLISHED)
    before = files(encode)
    assert preview.show(encode.pk)
    assert files(encode) == before


# --- what the database itself refuses


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: EncodeFactory(state=State.FAILED, reason=""),
        lambda: EncodeFactory(published=True, published_at=None),
        lambda: EncodeFactory(published=True, duration_ms=0),
        lambda: EncodeFactory(lecture=EncodeFactory(number=1).lecture, number=1),
        lambda: ChunkFactory(encode=ChunkFactory(index=0).encode, index=0),
        lambda: RenditionFactory(encode=RenditionFactory().encode),
        lambda: TrackFactory(lecture=TrackFactory().lecture),
        lambda: UploadFactory(length=10, offset=11),
    ],
)
def test_the_database_refuses_what_must_not_be(wrong: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong()


@pytest.mark.parametrize("code", REASONS)
def test_every_failure_says_in_both_languages_what_happened_and_what_to_do(code: str) -> None:
    reason = reason_of(code)
    said = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said[language] = (str(reason.reason), str(reason.remedy))
    assert all(words.endswith(".") for words in said["en"])
    assert all(words.endswith("。") for words in said["zh-hans"])
