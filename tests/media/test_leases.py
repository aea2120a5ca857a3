"""Claims, fairness and what happens when work fails."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import ingest, leases, publish
from media.errors import LeaseLost, MediaError, NoSpace, OutputBroken, UnusableSource
from media.leases import MAX_ATTEMPTS, Job
from media.models import Chunk, Encode
from media.package import Assembled
from media.transcode import finish_chunk
from tests.factories.media import ChunkFactory, EncodeFactory, LectureFactory

pytestmark = pytest.mark.django_db


def transcoding(**fields: Any) -> Encode:
    tenant = fields.pop("tenant", "")
    defaults = {"state": Encode.State.TRANSCODING, "planned_ms": 60_000, "started_at": timezone.now()}
    return EncodeFactory(lecture=LectureFactory(tenant=tenant), **{**defaults, **fields})


def claimed() -> Job:
    job = leases.claim("here:1")
    assert job is not None
    return job


def test_nothing_due_is_nothing_claimed() -> None:
    EncodeFactory(published=True)
    EncodeFactory(failed=True)
    assert leases.claim("here:1") is None
    assert leases.due_count() == 0


def test_a_claim_is_had_by_one() -> None:
    encode = EncodeFactory()
    job = claimed()
    assert job.encode_id == encode.pk
    assert leases.claim("there:2") is None
    encode.refresh_from_db()
    assert (encode.lease, encode.attempts) == (job.lease, 1)


def test_an_abandoned_claim_is_taken_over() -> None:
    chunk = ChunkFactory()
    first = claimed()
    Chunk.objects.filter(pk=chunk.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    second = claimed()
    assert second.chunk_id == first.chunk_id
    assert second.lease != first.lease
    chunk.refresh_from_db()
    assert (chunk.attempts, chunk.worker) == (2, "here:1")


def test_what_is_not_due_yet_waits() -> None:
    EncodeFactory(due_at=timezone.now() + timedelta(minutes=1))
    ChunkFactory(due_at=timezone.now() + timedelta(minutes=1))
    assert leases.claim("here:1") is None


def test_chunks_of_a_failed_encode_are_left_alone() -> None:
    ChunkFactory(encode=EncodeFactory(failed=True))
    assert leases.claim("here:1") is None


def test_a_hundred_uploads_do_not_hold_up_one() -> None:
    for _ in range(5):
        ChunkFactory(encode=transcoding(tenant="large"))
    claimed()
    lonely = ChunkFactory(encode=transcoding(tenant="small"))
    assert claimed().chunk_id == lonely.pk


def test_five_hundred_files_just_sent_do_not_hold_up_one_that_came_last() -> None:
    """While one piece of theirs is under way, the other institution's only file is next, however late."""
    large = transcoding(tenant="large")
    ChunkFactory(encode=large)
    claimed()
    sent = EncodeFactory(lecture=LectureFactory(tenant="large"))
    Encode.objects.bulk_create(
        Encode(lecture=sent.lecture, source=sent.source, number=number, filename=f"{number}.mp4")
        for number in range(2, 502)
    )
    late = EncodeFactory(lecture=LectureFactory(tenant="small"))
    assert claimed().encode_id == late.pk


def test_whoever_got_least_lately_comes_first() -> None:
    ChunkFactory(encode=transcoding(tenant="served"), state=Chunk.State.DONE, done_ms=600_000)
    ChunkFactory(encode=transcoding(tenant="served"))
    patient = ChunkFactory(encode=transcoding(tenant="patient"))
    assert claimed().chunk_id == patient.pk


def test_owners_without_a_tenant_are_told_apart() -> None:
    ChunkFactory(
        encode=transcoding(), state=Chunk.State.LEASED, leased_until=timezone.now() + timedelta(minutes=1)
    )
    other = ChunkFactory(encode=transcoding())
    assert claimed().chunk_id == other.pk


def test_priority_goes_before_fairness() -> None:
    ChunkFactory(encode=transcoding(tenant="small"))
    urgent = ChunkFactory(encode=transcoding(tenant="large"))
    ingest.raise_priority(encode=urgent.encode, priority=5)
    assert claimed().chunk_id == urgent.pk


def test_short_steps_and_openings_go_before_the_rest() -> None:
    encode = transcoding(tenant="one")
    ChunkFactory(encode=encode, kind=Chunk.Kind.VIDEO, index=1)
    picture = ChunkFactory(encode=encode, kind=Chunk.Kind.VIDEO, index=0)
    sound = ChunkFactory(encode=encode, kind=Chunk.Kind.AUDIO, index=0)
    copied = ChunkFactory(encode=encode, kind=Chunk.Kind.COPY, index=0)
    step = EncodeFactory(lecture=LectureFactory(tenant="one"))
    order = [claimed() for _ in range(4)]
    assert order[0].encode_id == step.pk
    assert [job.chunk_id for job in order[1:]] == [copied.pk, sound.pk, picture.pk]


def test_what_is_nearest_its_end_goes_first() -> None:
    ChunkFactory(encode=transcoding(tenant="one", planned_ms=7_200_000, playable_at=timezone.now()))
    short = ChunkFactory(encode=transcoding(tenant="one", planned_ms=60_000, playable_at=timezone.now()))
    assert claimed().chunk_id == short.pk


def test_a_failure_waits_longer_each_time_and_then_is_final() -> None:
    chunk = ChunkFactory()
    pauses = []
    for _ in range(MAX_ATTEMPTS):
        Chunk.objects.update(due_at=timezone.now())
        leases.fail(claimed(), MediaError("stalled", "no frames"), for_good=False)
        chunk.refresh_from_db()
        pauses.append((chunk.due_at - timezone.now()).total_seconds())
    assert pauses == sorted(pauses)
    encode = Encode.objects.get()
    assert (encode.state, encode.reason, encode.detail) == (Encode.State.FAILED, "stalled", "no frames")
    assert encode.failed_at is not None
    assert timezone.now() - encode.failed_at < timedelta(minutes=1)
    assert chunk.state == Chunk.State.FAILED


def test_a_full_disk_waits_and_is_not_counted() -> None:
    chunk = ChunkFactory()
    for _ in range(MAX_ATTEMPTS + 2):
        Chunk.objects.update(due_at=timezone.now())
        leases.fail(claimed(), NoSpace("disk_full"), for_good=False)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.attempts) == (Chunk.State.DUE, 0)
    assert Encode.objects.get().state == Encode.State.TRANSCODING


def test_an_unusable_source_is_final_at_once() -> None:
    EncodeFactory()
    leases.fail(claimed(), UnusableSource("not_media"), for_good=True)
    encode = Encode.objects.get()
    assert (encode.state, encode.reason, encode.lease) == (Encode.State.FAILED, "not_media", None)


def test_a_lost_lease_changes_nothing() -> None:
    chunk = ChunkFactory()
    job = claimed()
    stale = Job(job.encode_id, uuid.uuid4(), job.chunk_id)
    leases.fail(stale, MediaError("stalled"), for_good=True)
    leases.release(stale)
    with pytest.raises(LeaseLost):
        finish_chunk(job=stale, outputs={}, work_ms=1)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.lease) == (Chunk.State.LEASED, job.lease)


def test_work_given_back_is_due_at_once() -> None:
    chunk = ChunkFactory()
    job = claimed()
    leases.release(job)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.attempts, chunk.lease) == (Chunk.State.DUE, 0, None)
    assert claimed().chunk_id == chunk.pk
    step = EncodeFactory()
    Encode.objects.filter(pk=step.pk).update(lease=None)
    leases.release(claimed())
    step.refresh_from_db()
    assert step.attempts == 0


def test_exactly_one_learns_that_it_was_the_last() -> None:
    encode = transcoding()
    for index in range(3):
        ChunkFactory(encode=encode, index=index)
    jobs = [claimed() for _ in range(3)]
    answers = [finish_chunk(job=job, outputs={"renditions": {}}, work_ms=1000) for job in jobs]
    assert answers == [False, False, True]
    encode.refresh_from_db()
    assert encode.state == Encode.State.PACKAGING
    with pytest.raises(LeaseLost):
        finish_chunk(job=jobs[0], outputs={}, work_ms=1)


@pytest.mark.parametrize("state", [Encode.State.PACKAGING, Encode.State.PUBLISHED])
def test_a_lost_segment_is_made_again_unless_another_worker_published_meanwhile(state: Encode.State) -> None:
    published = {"published_at": timezone.now(), "duration_ms": 60_000}
    encode = EncodeFactory(state=Encode.State.PACKAGING, **published)
    segments = [{"key": "v720/1.m4s", "sha256": "0" * 64}]
    outputs = {"renditions": {"v720": {"segments": segments}}}
    chunk = ChunkFactory(encode=encode, state=Chunk.State.DONE, outputs=outputs)
    job = claimed()
    encode.refresh_from_db()
    if state == Encode.State.PUBLISHED:
        Encode.objects.filter(pk=encode.pk).update(state=state, lease=None, leased_until=None)
    made = Assembled("v720", 1, "", 0, 0, [("v720/init.mp4", segments)])
    again = state == Encode.State.PACKAGING
    with pytest.raises(OutputBroken if again else LeaseLost):
        publish.check_files(encode, {"v720": made}, leases.Heart(job))
    chunk.refresh_from_db()
    encode.refresh_from_db()
    assert encode.state == (Encode.State.TRANSCODING if again else Encode.State.PUBLISHED)
    assert chunk.state == (Chunk.State.DUE if again else Chunk.State.DONE)


def test_a_heartbeat_renews_and_tells_of_a_loss() -> None:
    chunk = ChunkFactory()
    job = claimed()
    Chunk.objects.update(leased_until=timezone.now())
    beating = leases.Heart(job)
    beating.done_ms = 1234
    beating._beat()
    chunk.refresh_from_db()
    assert chunk.done_ms == 1234
    assert chunk.leased_until > timezone.now() + timedelta(seconds=20)
    beating.check()
    Chunk.objects.update(lease=uuid.uuid4())
    beating._beat()
    with pytest.raises(LeaseLost):
        beating.check()


def test_a_retry_goes_on_from_where_it_stood() -> None:
    encode = transcoding(facts={"size": 1}, plan={"frames": 1})
    done = ChunkFactory(encode=encode, state=Chunk.State.DONE, done_ms=6000, outputs={"renditions": {}})
    failed = ChunkFactory(encode=encode, state=Chunk.State.FAILED, attempts=4)
    Encode.objects.filter(pk=encode.pk).update(state=Encode.State.FAILED, reason="stalled")
    again = ingest.retry(encode=encode)
    assert (again.state, again.reason) == (Encode.State.TRANSCODING, "")
    done.refresh_from_db()
    failed.refresh_from_db()
    assert done.state == Chunk.State.DONE
    assert (failed.state, failed.attempts) == (Chunk.State.DUE, 0)


def test_a_retry_of_what_was_never_probed_begins_anew() -> None:
    encode = EncodeFactory(failed=True)
    assert ingest.retry(encode=encode).state == Encode.State.RECEIVED
    assert ingest.retry(encode=EncodeFactory(published=True)).state == Encode.State.PUBLISHED


def test_a_retry_of_what_was_all_made_only_publishes() -> None:
    encode = EncodeFactory(failed=True, facts={"size": 1}, plan={"frames": 1})
    ChunkFactory(encode=encode, state=Chunk.State.DONE)
    assert ingest.retry(encode=encode).state == Encode.State.PACKAGING


def test_claiming_asks_no_more_for_many_than_for_one(django_assert_num_queries: Any) -> None:
    ChunkFactory(encode=transcoding(tenant="a"))
    with django_assert_num_queries(5):
        claimed()
    for name in "bcd":
        ChunkFactory(encode=transcoding(tenant=name))
    with django_assert_num_queries(5):
        claimed()


def test_the_time_that_workers_were_at_it_is_told_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once count once, a night without workers not at all."""
    start = timezone.now()
    encode = EncodeFactory(state=Encode.State.TRANSCODING, started_at=start)
    here, there = (Job(encode.pk, uuid.uuid4(), ChunkFactory(encode=encode).pk) for _ in range(2))

    def at(seconds: int) -> None:
        monkeypatch.setattr(timezone, "now", lambda: start + timedelta(seconds=seconds))

    def worked() -> int:
        return Encode.objects.values_list("worked_ms", flat=True).get()

    at(0)
    with leases.Heart(here) as first:
        at(5)
        first._beat()
        assert worked() == 5_000
        at(6)
        with leases.Heart(there) as second:
            at(10)
            first._beat()
            at(11)
            second._beat()
            assert worked() == 11_000
            at(12)
        at(14)
    assert worked() == 14_000
    at(40_000)
    with leases.Heart(there):
        at(40_003)
    assert worked() == 17_000


def test_a_step_is_no_part_of_the_pace_of_encoding() -> None:
    encode = EncodeFactory()
    with leases.Heart(claimed()):
        pass
    encode.refresh_from_db()
    assert (encode.worked_ms, encode.worked_at) == (0, None)
