"""The plan is pure: whatever the source, it must keep its promises."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.facts import Audio, Facts, Video
from media.layout import chunk_starts, copy_cuts, grid_rate, seek_ms
from media.plan import (
    CAMERA,
    SCREENCAST,
    SPEAKER,
    STILL,
    Look,
    Options,
    Plan,
    classify,
    copy_refusal,
    ladder,
    make_plan,
)

RATES = st.sampled_from(
    [Fraction(n, d) for n, d in ((1, 1), (2, 1), (8797, 1000), (10, 1), (15, 1), (24000, 1001), (25, 1))]
    + [Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60), Fraction(240)]
)


def a_video(**changes: object) -> Video:
    length = int(changes.get("end_ms", 60_000))
    defaults: dict = {
        "index": 0,
        "codec": "h264",
        "profile": "High",
        "level": 40,
        "width": 1920,
        "height": 1080,
        "rate": Fraction(30),
        "frames": length * 30 // 1000,
        "start_ms": 0,
        "end_ms": length,
        "bit_rate": 1_500_000,
        "keyframes_ms": tuple(range(0, length, 2000)),
    }
    return Video(**{**defaults, **changes})


def some_facts(
    video: Video | None, *, audio: int = 1, duration: int | None = None, container: str = "mov,mp4"
) -> Facts:
    length = duration or (video.end_ms if video else 60_000)
    tracks = tuple(
        Audio(index=n + 1, codec="aac", channels=2, sample_rate=48000, end_ms=length) for n in range(audio)
    )
    return Facts(container, 1_000_000, length, length, video, None, tracks)


@st.composite
def sources(draw: st.DrawFn) -> Facts:
    length = draw(st.integers(1, 3 * 3600 * 1000))
    gap = draw(st.integers(500, 12_000))
    video = a_video(
        width=draw(st.integers(1, 2200)) * 2,
        height=draw(st.integers(1, 2200)) * 2,
        rate=draw(RATES),
        end_ms=length,
        keyframes_ms=tuple(range(0, length, max(gap, length // 200 + 1))),
        codec=draw(st.sampled_from(["h264", "hevc", "vp9"])),
        is_variable=draw(st.booleans()),
        is_interlaced=draw(st.booleans()),
        has_open_gop=draw(st.booleans()),
    )
    container = draw(st.sampled_from(["mov,mp4", "matroska,webm", "mpegts", "avi", "ogg"]))
    return some_facts(video, audio=draw(st.integers(0, 3)), container=container)


looks = st.builds(Look, median=st.floats(0, 1), high=st.floats(0, 1), samples=st.integers(0, 50))


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_a_plan_survives_the_way_to_json_and_back(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    assert Plan.from_json(plan.to_json()) == plan
    assert Facts.from_json(facts.to_json()) == facts


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_chunks_cover_the_grid_exactly_once(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    pieces = [piece for piece in plan.pieces if piece.kind == "video"]
    assert pieces[0].first == 0
    for before, after in pairwise(pieces):
        assert before.first + before.frames == after.first
    assert sum(piece.frames for piece in pieces) == plan.frames
    assert all(piece.frames > 0 for piece in pieces)
    assert abs(plan.duration_ms - facts.duration_ms) <= 1000 / plan.rate
    # ffmpeg steps back a little by itself, so a seek may aim that much later than the keyframe.
    assert all(0 <= piece.seek_ms <= piece.start_ms + 140 for piece in pieces)


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_segments_begin_at_chunk_starts_on_every_rung(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    for piece in plan.pieces:
        if piece.kind != "video":
            continue
        assert piece.first % 2 == 0
        assert piece.first in plan.cuts if plan.cuts else piece.first % plan.gop == 0
    assert plan.gop % 2 == 0


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_the_ladder_goes_down_and_never_up(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    assert facts.video is not None
    assert (plan.rungs[0].width, plan.rungs[0].height) <= (facts.video.width, facts.video.height)
    for rung in plan.rungs:
        assert rung.width % 2 == 0
        assert rung.height % 2 == 0
        assert rung.width >= 2 <= rung.height
        assert rung.width <= facts.video.width
        assert rung.height <= facts.video.height
    shorts = [min(rung.width, rung.height) for rung in plan.rungs]
    assert all(after <= before * 0.77 for before, after in pairwise(shorts))
    assert len({rung.name for rung in plan.rungs}) == len(plan.rungs)


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_no_rung_has_more_frames_than_the_source(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    assert facts.video is not None
    assert plan.rate <= max(facts.video.rate, Fraction(1))
    assert plan.rate <= 31
    assert plan.timescale % 1 == 0
    assert plan.frame_ticks * plan.rate == plan.timescale


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_work_adds_up(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    assert plan.planned_ms == sum(piece.weight_ms for piece in plan.pieces)
    assert len([piece for piece in plan.pieces if piece.kind == "audio"]) == len(facts.audio)
    assert len([piece for piece in plan.pieces if piece.kind == "copy"]) == sum(r.is_copy for r in plan.rungs)


@settings(deadline=None, max_examples=50)
@given(sources(), looks)
def test_of_every_rung_every_frame_is_made_once(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    for rung in plan.rungs:
        makers = [
            piece
            for piece in plan.pieces
            if piece.kind != "audio" and rung in plan.rungs_of(piece.kind, piece.index)
        ]
        ends = [piece.first + piece.frames for piece in makers]
        assert [piece.first for piece in makers] == [0, *ends[:-1]], "without a gap, and nothing twice"
        assert ends[-1] == plan.frames


def test_watching_begins_with_the_smallest_picture_of_480_lines_that_is_made_by_itself() -> None:
    opened = {
        look: make_plan(some_facts(a_video(codec="hevc")), look).opening
        for look in (Look(0.0, 0.001), Look(0.04, 0.06), Look())
    }
    assert list(opened.values()) == ["v480", "v480", "v480"]
    plan = make_plan(some_facts(a_video(codec="hevc")), Look())
    assert plan.pieces[0] == replace(plan.pieces[1], kind="opening")
    assert [rung.name for rung in plan.rungs_of("video", 0)] == ["v1080", "v720", "v360", "v240"]
    assert len(plan.rungs_of("video", 1)) == 5


@pytest.mark.parametrize(
    "video",
    [
        a_video(),
        a_video(codec="hevc", end_ms=9_000),
        a_video(codec="hevc", width=240, height=136),
    ],
    ids=["a copy is there at once", "all of it is one piece", "there is one picture only"],
)
def test_without_need_there_is_no_opening_of_its_own(video: Video) -> None:
    plan = make_plan(some_facts(video), Look())
    assert (plan.opening, [piece for piece in plan.pieces if piece.kind == "opening"]) == ("", [])


def test_equal_facts_give_an_equal_plan() -> None:
    facts = some_facts(a_video())
    assert make_plan(facts, Look(0.1, 0.2)) == make_plan(facts, Look(0.1, 0.2))


def test_two_hours_are_cut_into_chunks_of_two_minutes_at_most() -> None:
    facts = some_facts(a_video(end_ms=2 * 3600_000, codec="hevc"))
    plan = make_plan(facts, Look(0.1, 0.2))
    lengths = [piece.end_ms - piece.start_ms for piece in plan.pieces if piece.kind == "video"]
    assert lengths[0] == 6000
    assert max(lengths) <= 150_000
    assert len(lengths) >= 50


def test_a_container_without_an_index_stays_in_one_piece() -> None:
    plan = make_plan(some_facts(a_video(codec="theora", end_ms=600_000), container="ogg"), Look())
    assert [piece.kind for piece in plan.pieces] == ["video", "audio"]


def test_a_portrait_is_named_and_scaled_by_its_short_side() -> None:
    rungs = ladder(a_video(width=1080, height=1920), CAMERA, 2160)
    assert [(rung.name, rung.width, rung.height) for rung in rungs][:2] == [
        ("v1080", 1080, 1920),
        ("v720", 720, 1280),
    ]


def test_still_slides_get_few_rungs_and_half_the_frames() -> None:
    plan = make_plan(some_facts(a_video(codec="hevc")), Look(0.0, 0.001))
    assert plan.content == STILL
    assert [(rung.name, rung.step) for rung in plan.rungs] == [("v1080", 2), ("v480", 2)]


@pytest.mark.parametrize(("high", "steps"), [(0.06, [1, 2, 2]), (0.12, [1, 2, 2]), (0.13, [1, 1, 2])])
def test_beside_a_speaker_in_a_corner_the_rungs_below_the_top_get_half_the_frames(
    high: float, steps: list[int]
) -> None:
    plan = make_plan(some_facts(a_video(codec="hevc")), Look(0.04, high))
    assert plan.content == SPEAKER
    assert [rung.step for rung in plan.rungs] == steps
    # Said by hand to be a speaker, nobody has looked how much moves.
    by_hand = make_plan(some_facts(a_video(codec="hevc")), Look(), Options(content=SPEAKER))
    assert [rung.step for rung in by_hand.rungs] == [1, 1, 2]


def test_low_rungs_of_a_speaker_get_half_the_frames() -> None:
    plan = make_plan(some_facts(a_video(codec="hevc")), Look(0.08, 0.2))
    assert plan.content == SPEAKER
    assert {rung.name: rung.step for rung in plan.rungs}["v480"] == 2
    assert plan.rungs[0].step == 1
    assert "half_rate" in plan.why


@pytest.mark.parametrize(
    ("look", "content"),
    [
        (Look(0.0, 0.001), STILL),
        (Look(0.06, 0.12), SPEAKER),
        (Look(0.8, 0.95), CAMERA),
        (Look(0.001, 0.6), SCREENCAST),
    ],
)
def test_content_is_told_by_what_moves(look: Look, content: str) -> None:
    assert classify(look, a_video()) == content


def test_a_trainer_may_choose() -> None:
    options = Options.from_json({"content": "camera", "max_height": 720, "may_copy": False, "unknown": 1})
    plan = make_plan(some_facts(a_video()), Look(0.0, 0.0), options)
    assert plan.content == CAMERA
    assert plan.rungs[0].height == 720
    assert not any(rung.is_copy for rung in plan.rungs)


@pytest.mark.parametrize("bad", [{"content": "opera"}, {"max_height": 7}, {"max_height": "x"}])
def test_options_out_of_bounds_are_left_to_the_plan(bad: dict) -> None:
    assert Options.from_json(bad) == Options()


def test_a_fitting_source_is_copied_and_its_keyframes_rule() -> None:
    plan = make_plan(some_facts(a_video()), Look(0.08, 0.2))
    assert plan.rungs[0].is_copy
    assert plan.pieces[0].kind == "copy"
    assert plan.cuts[:3] == (0, 180, 360)
    assert "copy_top" in plan.why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"codec": "hevc"}, "codec"),
        ({"profile": "High 4:4:4 Predictive"}, "codec"),
        ({"pixel_format": "yuv422p"}, "pixels"),
        ({"bit_depth": 10}, "pixels"),
        ({"is_interlaced": True}, "pixels"),
        ({"level": 51}, "size"),
        ({"rotation": 90}, "shape"),
        ({"is_square": False}, "shape"),
        ({"is_variable": True}, "rate"),
        ({"rate": Fraction(60)}, "rate"),
        ({"keyframes_ms": (0, 20_000)}, "keyframes"),
        ({"has_open_gop": True}, "keyframes"),
        ({"keyframes_ms": ()}, "keyframes"),
        ({"start_ms": 500}, "start"),
        ({"bit_rate": 30_000_000}, "bits"),
    ],
)
def test_what_cannot_be_copied_says_why(change: dict, why: str) -> None:
    facts = some_facts(a_video(**change))
    assert facts.video is not None
    rungs = ladder(facts.video, SPEAKER, 2160)
    assert copy_refusal(facts, rungs[0], Options()) == why


def test_sound_longer_than_a_copied_picture_forbids_the_copy() -> None:
    facts = some_facts(a_video(), duration=90_000)
    assert facts.video is not None
    assert copy_refusal(facts, ladder(facts.video, SPEAKER, 2160)[0], Options()) == "length"


def test_cuts_of_a_copy_lie_on_keyframes_and_are_not_too_long() -> None:
    video = a_video(keyframes_ms=(0, 1100, 4700, 8300, 9100, 15_000, 24_000), end_ms=30_000)
    cuts = copy_cuts(video, Fraction(30), 900)
    assert cuts == (0, 141, 273, 450, 720)
    assert {round(cut * 1000 / 30) for cut in cuts} <= set(video.keyframes_ms)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 400_000), st.lists(st.integers(0, 400_000), max_size=50))
def test_chunk_starts_are_ordered_multiples_of_the_gop(frames: int, keys: list[int]) -> None:
    starts = chunk_starts(frames, 180, Fraction(30), sorted(keys))
    assert starts[0] == 0
    assert all(a < b for a, b in pairwise(starts))
    assert all(start % 180 == 0 and start < frames for start in starts)


def test_a_chunk_is_opened_at_the_keyframe_before_it() -> None:
    video = a_video(keyframes_ms=(0, 5000, 9000))
    assert seek_ms(video, 0, is_stream=False) == 0
    assert 5000 <= seek_ms(video, 6000, is_stream=False) < 9000
    assert seek_ms(video, 6000, is_stream=True) == 2000


def test_sound_alone_gets_a_cover_of_two_frames_a_second() -> None:
    plan = make_plan(some_facts(None), Look())
    assert plan.rate == 2
    assert plan.why == ("audio_only",)
    assert [piece.kind for piece in plan.pieces] == ["video", "audio"]


def test_mono_stays_mono_and_many_channels_become_two() -> None:
    tracks = (
        Audio(1, "aac", 1, 8000, language="zh", is_default=True),
        Audio(2, "ac3", 6, 48000, language="en"),
    )
    facts = Facts("mov", 1, 60_000, 60_000, a_video(), None, tracks)
    sounds = make_plan(facts, Look()).sounds
    assert [(sound.name, sound.channels, sound.language) for sound in sounds] == [
        ("a0", 1, "zh"),
        ("a1", 2, "en"),
    ]
    assert [sound.is_default for sound in sounds] == [True, False]


@pytest.mark.parametrize(("rate", "grid"), [(60, 30), (50, 25), (240, 30), (120, 30), (25, 25), (1, 1)])
def test_many_frames_are_halved_to_thirty_at_most(rate: int, grid: int) -> None:
    assert grid_rate(a_video(rate=Fraction(rate))) == grid


def test_only_what_the_picture_needs_is_filtered() -> None:
    assert make_plan(some_facts(a_video()), Look()).filters == ()
    hdr = a_video(is_hdr=True, is_interlaced=True)
    assert make_plan(some_facts(hdr), Look()).filters == ("deinterlace", "tone_map")
