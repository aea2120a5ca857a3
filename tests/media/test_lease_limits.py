"""Leases at their edges: the last second, the last attempt, two workers, one institution of many."""

import itertools
import threading
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from media import ingest, leases, tasks
from media.errors import PATIENT, LeaseLost, MediaError, NoSpace
from media.leases import BEAT_S, LEASE, MAX_ATTEMPTS, MAX_CLAIMS, Heart, Job
from media.models import Chunk, Encode
from media.transcode import encode_chunk, finish_chunk
from tests.factories.media import ChunkFactory, EncodeFactory, LectureFactory

pytestmark = pytest.mark.django_db


def transcoding(tenant: str = "", **fields: Any) -> Encode:
    defaults = {"state": Encode.State.TRANSCODING, "planned_ms": 60_000, "started_at": timezone.now()}
    return EncodeFactory(lecture=LectureFactory(tenant=tenant), **{**defaults, **fields})


def claimed(worker: str = "here:1") -> Job:
    job = leases.claim(worker)
    assert job is not None
    return job


def row_of(job: Job) -> Chunk | Encode:
    if job.chunk_id is None:
        return Encode.objects.get(pk=job.encode_id)
    return Chunk.objects.get(pk=job.chunk_id)


def lapsed(job: Job) -> None:
    kind = Encode if job.chunk_id is None else Chunk
    kind.objects.filter(pk=job.chunk_id or job.encode_id).update(
        leased_until=timezone.now() - timedelta(milliseconds=1)
    )


# --- how long a lease holds


def test_a_lease_outlives_several_missed_beats() -> None:
    assert LEASE.total_seconds() >= 3 * BEAT_S


@pytest.mark.parametrize(("seconds", "is_free"), [(2, False), (-0.001, True)])
@pytest.mark.parametrize("make", [EncodeFactory, ChunkFactory])
def test_work_is_free_when_its_lease_has_run_out_and_not_before(
    make: Any, seconds: float, is_free: bool
) -> None:
    make()
    job = claimed()
    kind = type(row_of(job))
    kind.objects.update(leased_until=timezone.now() + timedelta(seconds=seconds))
    assert (leases.claim("there:2") is not None) == is_free


@pytest.mark.parametrize("make", [EncodeFactory, ChunkFactory])
def test_a_beat_renews_only_ones_own_lease(make: Any) -> None:
    make()
    first = claimed()
    lapsed(first)
    heart = Heart(first)
    heart._beat()
    heart.check()
    assert row_of(first).leased_until > timezone.now() + LEASE / 2
    lapsed(first)
    second = claimed("there:2")
    until = row_of(second).leased_until
    heart._beat()
    with pytest.raises(LeaseLost):
        heart.check()
    assert row_of(second).leased_until == until


def test_a_beat_tells_how_far_a_chunk_is() -> None:
    chunk = ChunkFactory()
    heart = Heart(claimed())
    heart.done_ms = 12_345
    heart._beat()
    chunk.refresh_from_db()
    assert chunk.done_ms == 12_345


def test_work_taken_over_begins_at_nothing_done() -> None:
    chunk = ChunkFactory()
    first = claimed()
    Chunk.objects.update(done_ms=40_000)
    lapsed(first)
    claimed("there:2")
    chunk.refresh_from_db()
    assert (chunk.done_ms, chunk.worker) == (0, "there:2")


def test_the_name_of_a_worker_may_be_as_long_as_it_likes() -> None:
    chunk = ChunkFactory()
    claimed("h" * 400)
    chunk.refresh_from_db()
    assert chunk.worker == "h" * 128


# --- two workers on one chunk


def test_of_two_workers_the_one_with_the_lease_counts() -> None:
    chunk = ChunkFactory(encode=transcoding())
    first = claimed()
    lapsed(first)
    second = claimed("there:2")
    with pytest.raises(LeaseLost):
        finish_chunk(job=first, outputs={"renditions": {"v": "first"}}, work_ms=1)
    with pytest.raises(LeaseLost):
        encode_chunk(first)
    assert finish_chunk(job=second, outputs={"renditions": {"v": "second"}}, work_ms=2)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.outputs) == (Chunk.State.DONE, {"renditions": {"v": "second"}})


def test_a_chunk_is_finished_once() -> None:
    ChunkFactory(encode=transcoding())
    job = claimed()
    assert finish_chunk(job=job, outputs={"n": 1}, work_ms=1)
    with pytest.raises(LeaseLost):
        finish_chunk(job=job, outputs={"n": 2}, work_ms=1)
    leases.fail(job, MediaError("stalled"), for_good=True)
    leases.release(job)
    assert Chunk.objects.get().outputs == {"n": 1}
    assert Encode.objects.get().state == Encode.State.PACKAGING


def test_a_worker_from_before_a_retry_has_no_say() -> None:
    encode = transcoding(facts={"size": 1}, plan={"frames": 1})
    for index in range(2):
        ChunkFactory(encode=encode, index=index)
    broken, late = claimed(), claimed("there:2")
    leases.fail(broken, MediaError("stalled"), for_good=True)
    ingest.retry(encode=encode)
    with pytest.raises(LeaseLost):
        finish_chunk(job=late, outputs={}, work_ms=1)
    assert set(Chunk.objects.values_list("state", flat=True)) == {Chunk.State.DUE}


def test_asking_for_a_retry_twice_takes_nothing_from_who_is_at_work() -> None:
    encode = transcoding(facts={"size": 1}, plan={"frames": 1})
    ChunkFactory(encode=encode)
    leases.fail(claimed(), MediaError("stalled"), for_good=True)
    ingest.retry(encode=encode)
    job = claimed()
    ingest.retry(encode=encode)
    assert row_of(job).lease == job.lease


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_share_the_work_without_overlap() -> None:
    encode = transcoding()
    for index in range(6):
        ChunkFactory(encode=encode, index=index)
    got: list[Job] = []
    start = threading.Barrier(3)

    def work(name: str) -> None:
        start.wait()
        try:
            while job := leases.patiently(lambda: leases.claim(name)):
                got.append(job)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"host:{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == len({job.chunk_id for job in got}) == 6
    assert {row_of(job).lease for job in got} == {job.lease for job in got}


# --- attempts


def test_the_pauses_grow_and_are_bounded() -> None:
    ChunkFactory()
    pauses = []
    for _ in range(MAX_ATTEMPTS - 1):
        Chunk.objects.update(due_at=timezone.now())
        job = claimed()
        leases.fail(job, MediaError("stalled"), for_good=False)
        pauses.append((row_of(job).due_at - timezone.now()).total_seconds())
        assert Encode.objects.get().state == Encode.State.TRANSCODING
        assert leases.claim("here:1") is None
    assert all(after > 2 * before for before, after in itertools.pairwise(pauses))
    assert 1 < pauses[0] < 10
    assert pauses[-1] < 600
    Chunk.objects.update(due_at=timezone.now())
    leases.fail(claimed(), MediaError("stalled"), for_good=False)
    assert Encode.objects.get().state == Encode.State.FAILED


@pytest.mark.parametrize("code", sorted(PATIENT))
@pytest.mark.parametrize("make", [EncodeFactory, ChunkFactory])
def test_what_is_nobodys_fault_waits_for_as_long_as_it_lasts(make: Any, code: str) -> None:
    row = make()
    for _ in range(MAX_CLAIMS + 3):
        type(row).objects.update(due_at=timezone.now())
        leases.fail(claimed(), MediaError(code, "away"), for_good=False)
    row.refresh_from_db()
    assert (row.attempts, row.lease, row.detail) == (0, None, "away")
    assert row.due_at > timezone.now() + timedelta(seconds=20)
    assert not Encode.objects.filter(state=Encode.State.FAILED).exists()


def test_a_full_disk_in_between_does_not_use_up_the_attempts() -> None:
    chunk = ChunkFactory()
    errors = [MediaError("stalled"), NoSpace("disk_full")] * (MAX_ATTEMPTS - 1)
    for error in errors:
        Chunk.objects.update(due_at=timezone.now())
        leases.fail(claimed(), error, for_good=False)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.attempts) == (Chunk.State.DUE, MAX_ATTEMPTS - 1)


@pytest.mark.parametrize("make", [EncodeFactory, ChunkFactory])
def test_what_kills_every_worker_is_given_up_and_can_be_tried_again(make: Any) -> None:
    row = make()
    begun = 0
    for _ in range(MAX_CLAIMS + 5):
        job = leases.claim("doomed:1")
        if job is None:
            break
        begun += 1
        lapsed(job)  # the worker was killed and said nothing
    assert begun == MAX_CLAIMS
    encode = Encode.objects.get()
    assert (encode.state, encode.reason, encode.lease) == (Encode.State.FAILED, "gave_up", None)
    assert str(MAX_CLAIMS) in encode.detail
    ingest.retry(encode=encode)
    row.refresh_from_db()
    assert row.attempts == 0
    assert claimed().encode_id == encode.pk


def test_giving_one_up_goes_on_with_the_next() -> None:
    doomed = ChunkFactory(encode=transcoding(tenant="a", priority=5), attempts=MAX_CLAIMS)
    good = ChunkFactory(encode=transcoding(tenant="b"))
    assert claimed().chunk_id == good.pk
    assert Encode.objects.get(pk=doomed.encode_id).reason == "gave_up"


def test_a_few_killed_workers_are_no_reason_to_give_up() -> None:
    ChunkFactory(encode=transcoding())
    for _ in range(MAX_CLAIMS - 1):
        lapsed(claimed())
    job = claimed()
    assert finish_chunk(job=job, outputs={}, work_ms=1)


def test_a_step_that_ends_well_begins_the_next_with_all_its_attempts() -> None:
    encode = transcoding(attempts=3)
    ChunkFactory(encode=encode)
    finish_chunk(job=claimed(), outputs={}, work_ms=1)
    encode.refresh_from_db()
    assert (encode.state, encode.attempts) == (Encode.State.PACKAGING, 0)


def test_a_detail_of_any_length_is_kept_by_its_end() -> None:
    ChunkFactory()
    job = claimed()
    leases.fail(job, MediaError("stalled", "x" * 9000 + "the end"), for_good=True)
    detail = Encode.objects.get().detail
    assert len(detail) == 2000
    assert detail.endswith("the end")


# --- a database that is away


def test_a_write_waits_for_the_database_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    answers = iter([OperationalError(), OperationalError(), "done"])

    def write() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(connection, "in_atomic_block", False)
    monkeypatch.setattr(leases, "close_old_connections", lambda: None)  # the test's own would go too
    assert leases.patiently(write) == "done"
    with pytest.raises(OperationalError):
        leases.patiently(lambda: (_ for _ in ()).throw(OperationalError()), patience_s=-1)


# --- fairness


def test_turns_go_round_between_institutions() -> None:
    """Three with eight, four and one pieces: nobody gets a second while another waits for the first."""
    for tenant, count in (("large", 8), ("middle", 4), ("small", 1)):
        encode = transcoding(tenant)
        for index in range(count):
            ChunkFactory(encode=encode, index=index)
    order = [row_of(claimed()).encode.lecture.tenant for _ in range(13)]  # type: ignore[union-attr]
    assert Counter(order[:3]) == {"large": 1, "middle": 1, "small": 1}
    assert Counter(order[:5]) == {"large": 2, "middle": 2, "small": 1}
    assert Counter(order) == {"large": 8, "middle": 4, "small": 1}


def test_the_first_minute_of_a_new_lecture_goes_before_better_qualities_of_an_old_one() -> None:
    old = transcoding("one", playable_at=timezone.now(), planned_ms=10_000)
    ChunkFactory(encode=old, index=5)
    new = transcoding("one", planned_ms=7_200_000)
    opening = ChunkFactory(encode=new, index=0)
    assert claimed().chunk_id == opening.pk


def test_of_two_that_are_alike_the_older_comes_first() -> None:
    now = timezone.now()
    younger = ChunkFactory(encode=transcoding("one", created_at=now))
    older = ChunkFactory(encode=transcoding("one", created_at=now - timedelta(hours=1)))
    assert [claimed().chunk_id, claimed().chunk_id] == [older.pk, younger.pk]


def test_a_raised_priority_holds_for_steps_and_chunks_alike_and_can_be_lowered() -> None:
    plain = EncodeFactory()
    urgent = transcoding("x")
    ChunkFactory(encode=urgent)
    ingest.raise_priority(encode=urgent, priority=3)
    ingest.raise_priority(encode=plain, priority=4)
    assert claimed().encode_id == plain.pk
    ingest.raise_priority(encode=urgent, priority=-1)
    ordinary = EncodeFactory()
    assert claimed().encode_id == ordinary.pk
    assert claimed().encode_id == urgent.pk


def test_work_of_the_last_hour_counts_and_older_does_not() -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    ChunkFactory(encode=transcoding("a", started_at=long_ago), state=Chunk.State.DONE, done_ms=9_000_000)
    ChunkFactory(encode=transcoding("b"), state=Chunk.State.DONE, done_ms=120_000)
    ChunkFactory(encode=transcoding("b", created_at=long_ago))
    waiting = ChunkFactory(encode=transcoding("a"))
    assert claimed().chunk_id == waiting.pk


def test_how_much_is_due_is_counted_no_further_than_asked() -> None:
    for _ in range(3):
        EncodeFactory()
        ChunkFactory()
    assert leases.due_count() == 6
    assert leases.due_count(limit=2) == 2
    claimed()
    assert leases.due_count() == 5


def test_a_lost_row_ends_a_job_quietly() -> None:
    ChunkFactory()
    job = claimed()
    Chunk.objects.all().delete()
    tasks.perform(job)
    leases.fail(Job(uuid.uuid4(), uuid.uuid4()), MediaError("stalled"), for_good=True)
    assert Encode.objects.get().state == Encode.State.TRANSCODING
