"""Where a lecture stands, what can be chosen, and how few queries it takes to know."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media import queries
from media.models import Chunk, Encode, Lecture, Upload
from tests.factories.media import (
    ChunkFactory,
    EncodeFactory,
    LectureFactory,
    RenditionFactory,
    SourceFactory,
    TrackFactory,
    UploadFactory,
)
from tests.factories.people import UserFactory
from tests.media.transfers import trainer

pytestmark = pytest.mark.django_db


def state(**fields: Any) -> queries.LectureState:
    encode = EncodeFactory(**fields)
    return queries.state_of(encode.lecture)


@pytest.mark.parametrize(
    ("fields", "stage", "reached", "moves"),
    [
        ({"state": "received"}, "received", 1.5, True),
        ({"state": "probed"}, "probed", 3.0, True),
        ({"state": "transcoding", "planned_ms": 1000}, "transcoding", 3.0, True),
        ({"state": "packaging"}, "packaging", 4.5, True),
        ({"published": True}, "published", 6.0, False),
        ({"failed": True}, "probed", 2.5, False),
        ({"failed": True, "facts": {"x": 1}}, "transcoding", 3.0, False),
    ],
)
def test_each_state_has_its_place_on_the_scale(
    fields: dict[str, Any], stage: str, reached: float, moves: bool
) -> None:
    found = state(**fields)
    assert (found.stage, found.reached, found.is_moving) == (stage, reached, moves)
    assert found.failed == bool(fields.get("failed"))


def test_a_lecture_without_an_encode_is_being_uploaded() -> None:
    found = queries.state_of(LectureFactory())
    assert (found.stage, found.reached, found.is_moving) == ("uploading", 0.0, False)


def test_progress_is_done_work_over_planned_work() -> None:
    encode = EncodeFactory(state="transcoding", planned_ms=200_000)
    ChunkFactory(encode=encode, done_ms=60_000, state=Chunk.State.DONE)
    ChunkFactory(encode=encode, done_ms=68_999)
    found = queries.state_of(encode.lecture)
    assert found.percent == 64
    assert found.seconds_left is None


def test_an_estimate_follows_the_pace_so_far() -> None:
    # Received three days ago, and no worker ran in between: only its minute of work is the pace.
    now = timezone.now()
    begun = now - timedelta(days=3)
    encode = EncodeFactory(state="transcoding", planned_ms=100_000, started_at=begun, worked_ms=60_000)
    chunk = ChunkFactory(encode=encode, done_ms=25_000, at_work=True)
    assert queries.state_of(encode.lecture, now).seconds_left == 180
    Chunk.objects.filter(pk=chunk.pk).update(done_ms=2_000)
    assert queries.state_of(encode.lecture, now).seconds_left is None
    Chunk.objects.filter(pk=chunk.pk).update(done_ms=25_000)
    Encode.objects.filter(pk=encode.pk).update(worked_ms=2_000)
    assert queries.state_of(encode.lecture, now).seconds_left is None


@pytest.mark.parametrize(
    ("piece", "waits", "held"),
    [
        ({"at_work": True}, False, False),
        ({}, True, False),
        # Its worker was killed, and nobody has taken it over yet.
        ({"at_work": True, "leased_until": timedelta(seconds=-1)}, True, False),
        ({"held_reason": "disk_full", "due_at": timedelta(seconds=20)}, True, True),
        # Its time has come: from here on it waits for a worker like any other.
        ({"held_reason": "disk_full", "due_at": timedelta(seconds=-1)}, True, False),
    ],
)
def test_what_nobody_is_at_waits_and_has_no_estimate(piece: dict[str, Any], waits: bool, held: bool) -> None:
    now = timezone.now()
    encode = EncodeFactory(state="transcoding", planned_ms=100_000, worked_ms=540_000)
    ChunkFactory(encode=encode, state=Chunk.State.DONE, done_ms=50_000)
    given = {name: now + at if isinstance(at, timedelta) else at for name, at in piece.items()}
    ChunkFactory(encode=encode, **given)
    found = queries.state_of(encode.lecture, now)
    assert (found.is_waiting, found.is_held, found.seconds_left is None) == (waits, held, waits)
    (listed,) = queries.states_of(queries.lectures_with_states(Lecture.objects.all()), now).values()
    assert listed == found
    # A better piece beside it that runs: then the lecture goes on.
    ChunkFactory(encode=encode, at_work=True)
    assert not queries.state_of(encode.lecture, now).is_waiting


def test_of_several_pieces_held_up_the_first_to_be_tried_again_speaks() -> None:
    now = timezone.now()
    encode = EncodeFactory(state="transcoding", planned_ms=100_000)
    for reason, seconds in (("stalled", 80), ("disk_full", 20), ("storage", 50)):
        ChunkFactory(encode=encode, held_reason=reason, due_at=now + timedelta(seconds=seconds))
    found = queries.state_of(encode.lecture, now)
    assert (found.reason, found.again_at) == ("disk_full", now + timedelta(seconds=20))
    assert not found.failed


@pytest.mark.parametrize("stage", ["received", "probed", "packaging"])
def test_a_step_that_could_not_go_on_says_so_until_its_time_comes(stage: str) -> None:
    now = timezone.now()
    encode = EncodeFactory(state=stage, held_reason="storage", due_at=now + timedelta(seconds=20))
    found = queries.state_of(encode.lecture, now)
    assert (found.is_held, found.reason, found.again_at) == (True, "storage", encode.due_at)
    assert not queries.state_of(encode.lecture, now + timedelta(seconds=21)).is_held


def test_a_failure_says_where_and_why() -> None:
    encode = EncodeFactory(failed=True, reason="stalled", facts={"x": 1}, planned_ms=100, detail="d")
    ChunkFactory(encode=encode, done_ms=40)
    found = queries.state_of(encode.lecture)
    assert (found.stage, found.percent, found.reason, found.detail) == ("transcoding", 40, "stalled", "d")


def test_the_newest_encode_counts_and_the_old_one_still_plays() -> None:
    lecture = LectureFactory(published=True)
    EncodeFactory(lecture=lecture, state="received")
    found = queries.state_of(lecture)
    assert (found.stage, found.is_playable) == ("received", True)


def test_states_of_a_list_cost_the_same_at_one_and_at_three(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        lecture = LectureFactory(published=True)
        RenditionFactory(encode=lecture.current)
        TrackFactory(lecture=lecture)
    for count in (1, 3):
        with django_assert_num_queries(4):
            found = list(queries.lectures_with_states(Lecture.objects.all()[:count]))
            states = queries.states_of(found)
            assert [states[lecture.pk].stage for lecture in found] == ["published"] * count
            assert all(list(lecture.tracks.all()) for lecture in found)


def test_only_published_lectures_outside_the_bin_are_playable() -> None:
    playable = LectureFactory(published=True)
    LectureFactory()
    LectureFactory(published=True, trashed_at=timezone.now())
    assert list(queries.playable_lectures()) == [playable]


def test_a_trainer_sees_and_chooses_own_lectures_a_reviewer_all() -> None:
    owner, reviewer = trainer(), trainer("view_every_lecture")
    own = LectureFactory(owner=owner, title="报告 审核")
    LectureFactory(owner=owner, title="报告 审核", trashed_at=timezone.now())
    other = LectureFactory(title="报告 签发")
    assert list(queries.visible_lectures(owner).filter(trashed_at__isnull=True)) == [own]
    assert set(queries.choosable_lectures(reviewer)) == {own, other}
    assert list(queries.choosable_lectures(reviewer, "审核 报告")) == [own]
    assert list(queries.listed_lectures(owner, in_bin=True).values_list("owner", flat=True)) == [owner.pk]
    assert list(queries.listed_lectures(reviewer, own.owner.name)) == [own]


def test_open_uploads_are_ones_own_and_whole_ones() -> None:
    owner = UserFactory()
    mine = UploadFactory(owner=owner)
    UploadFactory(owner=owner, concat="partial")
    UploadFactory(owner=owner, state=Upload.State.FINISHED)
    UploadFactory(owner=owner, expires_at=timezone.now() - timedelta(seconds=1))
    UploadFactory()
    assert list(queries.open_uploads(owner)) == [mine]


def test_captions_begin_with_the_spoken_language() -> None:
    lecture = LectureFactory(language="zh-Hans")
    for language in ("zh-Hans", "de", "en"):
        TrackFactory(lecture=lecture, language=language)
    assert [track.language for track in queries.captions_of(lecture)] == ["zh-Hans", "de", "en"]


def test_cues_are_read_in_the_order_in_which_they_begin() -> None:
    track = TrackFactory.build(
        vtt="WEBVTT\n\n00:00:05.000 --> 00:00:06.000\nb &amp; c\n\n00:00:01.000 --> 00:00:02.000\na\n"
    )
    assert [(cue.start_ms, cue.end_ms, cue.text) for cue in queries.cues_of(track)] == [
        (1000, 2000, "a"),
        (5000, 6000, "b & c"),
    ]


def test_used_bytes_count_a_source_once() -> None:
    lecture = LectureFactory(tenant="t")
    source = SourceFactory(size=100)
    EncodeFactory(lecture=lecture, source=source)
    EncodeFactory(lecture=lecture, source=source)
    UploadFactory(tenant="t", length=7)
    assert queries.used_bytes("t") == 107
    assert queries.used_bytes("u") == 0


def test_the_board_says_what_runs_where(django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    encode = EncodeFactory(state="transcoding", planned_ms=120_000)
    running = ChunkFactory(encode=encode, state=Chunk.State.LEASED, worker="host-1", done_ms=5)
    ChunkFactory(encode=encode)
    month = timedelta(days=30)
    failed = EncodeFactory(failed=True)
    # What was uploaded long ago and failed today counts, what failed long ago does not.
    late = EncodeFactory(failed=True, created_at=now - month, failed_at=now - timedelta(hours=1))
    EncodeFactory(failed=True, created_at=now - month, failed_at=now - timedelta(days=8))
    EncodeFactory(failed=True, created_at=now - month)
    EncodeFactory(published=True)
    upload = UploadFactory()
    with django_assert_max_num_queries(6):
        board = queries.board(now, since=now - timedelta(days=7))
    assert board.running == [running]
    assert (board.under_way, board.waiting) == ([encode], 1)
    assert board.failed == [failed, late]
    assert board.receiving == [upload]
    assert 0 < board.free <= board.total
