"""What is begun before the look: a picture that can be copied, and its sound, are watchable without it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import leases, look, prepare, sketch, tasks, transcode
from media.errors import LeaseLost
from media.facts import Facts
from media.leases import Heart, Job
from media.models import Chunk, Encode, Lecture
from media.plan import CAMERA, STILL, Look, Options, Plan, make_plan
from tests.media.clips import render
from tests.media.pipeline import planned
from tests.media.test_plan import sources

shares = st.floats(0, 1)
looks = st.builds(Look, median=shares, high=shares, spread=shares, samples=st.integers(1, 50))
wishes = st.builds(
    Options,
    content=st.sampled_from([None, STILL, CAMERA]),
    max_height=st.integers(144, 4320),
    may_copy=st.booleans(),
)


@settings(max_examples=60)
@given(sources(), looks, wishes)
def test_a_sketch_becomes_the_very_plan_that_a_look_before_would_have_made(
    facts: Facts, seen: Look, options: Options
) -> None:
    whole = make_plan(facts, seen, options)
    begun = sketch.draw(facts, options)
    assert (begun is None) == (not whole.rungs[0].is_copy)
    if begun is not None:
        assert begun.pieces == whole.pieces
        assert Plan.from_json(begun.to_json()) == begun
        assert sketch.complete(begun, facts, seen, options) == whole


@settings(max_examples=20)
@given(sources(), looks)
def test_what_is_begun_stays_whatever_is_set_by_hand_since(facts: Facts, seen: Look) -> None:
    begun = sketch.draw(facts)
    if begun is not None:
        since = Options(content=STILL, may_copy=False, max_height=480)
        plan = sketch.complete(begun, facts, seen, since)
        assert plan == make_plan(facts, seen, Options(content=STILL))


@pytest.fixture
def encode(db: None, tmp_path: Path) -> Encode:
    """A lecture of several pieces whose picture can be copied, planned."""
    film = render(tmp_path / "film.mp4", seconds=13, size="960x720", rate="2", gop=2)
    return planned(film)


def kinds(encode: Encode) -> list[tuple[str, int]]:
    return list(encode.chunks.order_by("kind", "index").values_list("kind", "index"))


def claimed() -> Job:
    job = leases.claim("here:1")
    assert job is not None
    return job


def claimed_picture() -> Job:
    """Claim the first encoded chunk, after copy and sound."""
    assert tasks.do_one()
    assert tasks.do_one()
    job = claimed()
    assert Chunk.objects.get(pk=job.chunk_id).kind == Chunk.Kind.VIDEO
    return job


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the files that are looked at from now on."""
    taken: list[Path] = []
    real = look.take_look

    def spy(path: Path, facts: Facts) -> Look:
        taken.append(path)
        return real(path, facts)

    monkeypatch.setattr(look, "take_look", spy)
    return taken


def test_a_copy_is_watchable_before_anybody_has_looked(
    encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = watched(monkeypatch)
    assert kinds(encode) == [("audio", 0), ("copy", 0), ("video", 0)]
    planned_ms = encode.planned_ms
    assert tasks.do_one()
    assert tasks.do_one()
    encode.refresh_from_db()
    assert encode.playable_at is not None
    assert not taken
    assert tasks.do_one()
    assert len(taken) == 1
    encode.refresh_from_db()
    plan = Plan.from_json(encode.plan)
    assert not plan.is_sketch
    assert [rung.height for rung in plan.rungs] == [720, 480]
    assert encode.chunks.count() == len(plan.pieces) > 3
    tasks.do_all()
    encode.refresh_from_db()
    assert encode.state == Encode.State.PUBLISHED
    assert len(taken) == 1
    assert encode.planned_ms == planned_ms == sum(encode.chunks.values_list("done_ms", flat=True))


def test_a_kill_after_the_look_does_not_look_again(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    job = claimed_picture()
    with Heart(job) as beating:
        prepare.complete_plan(job, beating)
    before = kinds(encode)
    leases.release(job)
    taken = watched(monkeypatch)
    tasks.do_all()
    encode.refresh_from_db()
    assert (encode.state, taken, kinds(encode)) == (Encode.State.PUBLISHED, [], before)


def test_who_lost_the_chunk_writes_no_plan(encode: Encode) -> None:
    job = claimed_picture()
    Chunk.objects.filter(pk=job.chunk_id).update(lease=None)
    with pytest.raises(LeaseLost):
        prepare.complete_plan(job, Heart(job))
    encode.refresh_from_db()
    assert Plan.from_json(encode.plan).is_sketch
    assert encode.chunks.count() == 3


def test_what_another_has_completed_meanwhile_is_left(
    encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hold the chunk in turn; the first comes back late with its look."""
    job = claimed_picture()
    real = look.take_look

    def overtaken(path: Path, facts: Facts) -> Look:
        monkeypatch.setattr(look, "take_look", real)
        prepare.complete_plan(job, Heart(job))
        return Look()

    monkeypatch.setattr(look, "take_look", overtaken)
    prepare.complete_plan(job, Heart(job))
    encode.refresh_from_db()
    plan = Plan.from_json(encode.plan)
    assert plan.content != CAMERA
    assert encode.chunks.count() == len(plan.pieces)
    transcode.encode_chunk(job)


def test_what_the_trainer_said_of_the_content_needs_no_look(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = watched(monkeypatch)
    encode = planned(render(tmp_path / "film.mp4", seconds=2, size="640x480", rate="5", gop=5), content=STILL)
    plan = Plan.from_json(encode.plan)
    assert (plan.content, plan.is_sketch, taken) == (STILL, False, [])


def test_a_wish_that_comes_after_the_copy_was_begun_is_for_the_next_encode(encode: Encode) -> None:
    Lecture.objects.filter(pk=encode.lecture_id).update(options={"may_copy": False, "content": CAMERA})
    tasks.do_all()
    encode.refresh_from_db()
    plan = Plan.from_json(encode.plan)
    assert encode.state == Encode.State.PUBLISHED
    assert (plan.content, plan.rungs[0].is_copy) == (CAMERA, True)
    assert replace(plan.rungs[0], is_copy=False) not in plan.encoded
