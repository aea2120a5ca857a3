"""What a plan promises, whatever the source and whatever a trainer asks for; and what it does to real files."""

import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from media import ffmpeg, ingest, tasks
from media.facts import Facts, Video
from media.layout import MAX_RATE, SEGMENT_S, copy_cuts, grid_rate, ms_of, seek_ms
from media.models import Encode
from media.plan import (
    CAMERA,
    SCREENCAST,
    SPEAKER,
    STILL,
    Look,
    Options,
    Plan,
    Rung,
    copy_refusal,
    ladder,
    make_plan,
)
from tests.factories.people import UserFactory
from tests.media.clips import ffmpeg_json, frame_count, render, render_sound, turned
from tests.media.test_plan import RATES, a_video, looks, some_facts, sources

wishes = st.builds(
    Options,
    content=st.sampled_from([None, STILL, SPEAKER, SCREENCAST, CAMERA]),
    max_height=st.integers(144, 4320),
    may_copy=st.booleans(),
)
many = settings(deadline=None, max_examples=60)


def video_of(facts: Facts) -> Video:
    assert facts.video is not None
    return facts.video


def short(thing: Rung | Video) -> int:
    return min(thing.width, thing.height)


# --- the ladder


@many
@given(sources(), looks, wishes)
def test_nothing_is_enlarged_and_nothing_is_larger_than_was_asked(
    facts: Facts, look: Look, options: Options
) -> None:
    video = video_of(facts)
    for rung in make_plan(facts, look, options).rungs:
        assert rung.width <= video.width
        assert rung.height <= video.height
        assert short(rung) <= options.max_height


@many
@given(sources(), looks, wishes)
def test_every_rung_has_the_shape_of_the_source(facts: Facts, look: Look, options: Options) -> None:
    video = video_of(facts)
    for rung in make_plan(facts, look, options).rungs:
        # Even sizes round by at most one line each way.
        assert abs(rung.width * video.height - rung.height * video.width) <= 2 * (video.width + video.height)


@many
@given(sources(), looks, wishes)
def test_each_rung_is_visibly_smaller_and_costs_less(facts: Facts, look: Look, options: Options) -> None:
    rungs = make_plan(facts, look, options).rungs
    for upper, lower in pairwise(rungs):
        assert short(lower) < short(upper) * 0.8
        assert lower.max_kbps < upper.max_kbps
        assert lower.step >= upper.step
    assert len(rungs) <= 6


@many
@given(sources(), looks, wishes)
def test_only_the_top_is_ever_copied_and_only_whole(facts: Facts, look: Look, options: Options) -> None:
    plan, video = make_plan(facts, look, options), video_of(facts)
    assert not any(rung.is_copy for rung in plan.rungs[1:])
    top = plan.rungs[0]
    if not top.is_copy:
        assert any(code.startswith("encode_") for code in plan.why)
        return
    assert options.may_copy
    assert (top.width, top.height, top.step) == (video.width, video.height, 1)
    assert (video.codec, video.is_variable, video.has_open_gop) == ("h264", False, False)
    assert plan.rate == video.rate
    assert plan.filters == ()
    assert "copy_top" in plan.why


@many
@given(sources(), looks, wishes)
def test_why_says_content_and_copy_once_each(facts: Facts, look: Look, options: Options) -> None:
    plan = make_plan(facts, look, options)
    assert plan.why[0] == f"content_{plan.content}"
    assert sum(code == "copy_top" or code.startswith("encode_") for code in plan.why) == 1
    assert len(set(plan.why)) == len(plan.why)
    assert ("fewer_frames" in plan.why) == (plan.rate < video_of(facts).rate)
    assert ("half_rate" in plan.why) == any(rung.step > 1 for rung in plan.rungs)
    if options.content:
        assert plan.content == options.content


# --- the grid


@many
@given(sources(), looks, wishes)
def test_the_grid_is_as_long_as_the_source_to_within_a_frame(
    facts: Facts, look: Look, options: Options
) -> None:
    plan = make_plan(facts, look, options)
    assert abs(plan.frames / plan.rate - Fraction(facts.duration_ms, 1000)) <= 1 / plan.rate
    assert plan.frames >= 1


@many
@given(RATES, st.booleans())
def test_the_rate_is_the_sources_or_a_whole_part_of_it(rate: Fraction, is_variable: bool) -> None:
    grid = grid_rate(a_video(rate=rate, is_variable=is_variable))
    assert grid <= min(rate, MAX_RATE)
    assert (rate / grid).denominator == 1


@many
@given(sources(), looks, wishes)
def test_segments_begin_together_on_every_rung(facts: Facts, look: Look, options: Options) -> None:
    """With half of the frames too: a segment begins at a frame that every rung has."""
    plan = make_plan(facts, look, options)
    starts = plan.cuts or range(0, plan.frames, plan.gop)
    assert starts[0] == 0
    for rung in plan.rungs:
        assert plan.gop % rung.step == 0
    if not plan.cuts:
        assert abs(plan.gop / plan.rate - SEGMENT_S) <= 2 / plan.rate
        assert all(piece.first in starts for piece in plan.pieces if piece.kind == "video")


@many
@given(sources(), looks, wishes)
def test_a_frame_is_a_whole_number_of_ticks(facts: Facts, look: Look, options: Options) -> None:
    plan = make_plan(facts, look, options)
    assert plan.frame_ticks * plan.rate == plan.timescale
    assert 10_000 <= plan.timescale < 10_000 + plan.rate.numerator + 10_000
    assert plan.frames * plan.frame_ticks < 2**63


@many
@given(sources(), looks)
def test_a_chunk_is_opened_no_later_than_its_first_frame_needs(facts: Facts, look: Look) -> None:
    """ffmpeg goes back to the keyframe before; aiming beyond the next one would lose frames."""
    video = video_of(facts)
    for piece in make_plan(facts, look).pieces:
        if piece.kind != "video" or not piece.seek_ms:
            continue
        following = [key for key in video.keyframes_ms if key > piece.start_ms]
        assert piece.seek_ms < (following[0] if following else piece.start_ms + 1000)
        assert piece.seek_ms - 140 <= piece.start_ms


@many
@given(sources(), looks)
def test_no_chunk_is_longer_than_a_kill_may_cost(facts: Facts, look: Look) -> None:
    plan, video = make_plan(facts, look), video_of(facts)
    assume(facts.container.startswith(("mov", "matroska", "mpegts")) and not plan.cuts)
    assume(not video.is_still and plan.rate >= 5)
    pieces = [piece for piece in plan.pieces if piece.kind == "video"]
    assert all(piece.end_ms - piece.start_ms <= 170_000 for piece in pieces)
    assert pieces[0].end_ms <= 13_000 or len(pieces) == 1


@many
@given(
    st.lists(st.integers(200, 9_000), min_size=1, max_size=60),
    st.sampled_from([Fraction(25), Fraction(30), Fraction(30000, 1001)]),
)
def test_cuts_of_a_copy_fall_on_keyframes_in_order(gaps: list[int], rate: Fraction) -> None:
    keys, at = [0], 0
    for gap in gaps:
        at += gap
        keys.append(at)
    video = a_video(keyframes_ms=tuple(keys), end_ms=at + 1000, rate=rate)
    frames = round((at + 1000) * rate / 1000)
    cuts = copy_cuts(video, rate, frames)
    assert cuts[0] == 0
    assert all(before < after for before, after in pairwise((*cuts, frames)))
    assert {min(keys, key=lambda key: abs(key - ms_of(cut, rate))) for cut in cuts} <= set(keys)
    assert all(min(abs(key - ms_of(cut, rate)) for key in keys) <= 500 / rate + 1 for cut in cuts)
    lengths = [ms_of(b, rate) - ms_of(a, rate) for a, b in pairwise((*cuts, frames))]
    assert max(lengths) <= SEGMENT_S * 1000 + 9_000


# --- what a trainer asks for


@pytest.mark.parametrize(
    "found",
    [
        {"content": []}, {"content": {"x": 1}}, {"content": 7}, {"content": True}, {"max_height": True},
        {"max_height": None}, {"max_height": 143}, {"max_height": 4321}, {"max_height": 720.5}, {"may_copy": None},
    ],
)  # fmt: skip
def test_options_of_no_sense_are_left_to_the_plan(found: dict[str, Any]) -> None:
    assert Options.from_json(found) == replace(Options(), may_copy=found.get("may_copy", True) is not None)


@pytest.mark.parametrize("height", [144, 4320])
def test_the_bounds_of_the_height_are_allowed(height: int) -> None:
    assert Options.from_json({"max_height": height}).max_height == height


@pytest.mark.parametrize(
    ("facts", "options", "refusal"),
    [
        (some_facts(a_video()), Options(may_copy=False), "asked"),
        (some_facts(None), Options(), "asked"),
        (some_facts(a_video(level=42)), Options(), ""),
        (some_facts(a_video(level=43)), Options(), "size"),
        (some_facts(a_video(start_ms=20, keyframes_ms=(20, 2000), end_ms=4000)), Options(), ""),
        (some_facts(a_video(start_ms=21, keyframes_ms=(21, 2000), end_ms=4000)), Options(), "start"),
        (some_facts(a_video(keyframes_ms=(0, 10_000), end_ms=20_000)), Options(), ""),
        (some_facts(a_video(keyframes_ms=(0, 10_001), end_ms=20_000)), Options(), "keyframes"),
        (some_facts(a_video(), duration=60_250), Options(), ""),
        (some_facts(a_video(), duration=60_251), Options(), "length"),
        (some_facts(a_video(is_hdr=True)), Options(), "shape"),
        (some_facts(a_video(), container="mpegts"), Options(), "container"),
        (some_facts(a_video(), container="flv"), Options(), ""),
        (replace(some_facts(a_video()), warnings=("truncated",)), Options(), "length"),
    ],
)
def test_a_copy_is_allowed_exactly_up_to_its_limits(facts: Facts, options: Options, refusal: str) -> None:
    rungs = ladder(facts.video, SPEAKER, 2160) if facts.video else (Rung("v360", 640, 360),)
    assert copy_refusal(facts, rungs[0], options) == refusal


def test_a_transport_stream_is_opened_well_before_and_never_before_its_start() -> None:
    video = a_video(keyframes_ms=(0, 1000, 2000, 60_000))
    assert seek_ms(video, 2500, is_stream=True) == 0
    assert seek_ms(video, 60_000, is_stream=True) == 57_000


# --- real files


def published(path: Path) -> tuple[Encode, Plan]:
    lecture = ingest.ingest_file(path=path, title="讲座", owner=UserFactory())
    tasks.do_all()
    encode = Encode.objects.get(lecture=lecture)
    details = list(encode.chunks.exclude(detail="").values_list("kind", "detail"))
    assert (encode.state, encode.reason, details) == (Encode.State.PUBLISHED, "", [])
    return encode, Plan.from_json(encode.plan)


def master(encode: Encode) -> str:
    return str(default_storage.path(f"lectures/{encode.pk}/master.m3u8"))


def odd(kind: str, folder: Path) -> Path:
    """Render one of the inputs that lie."""
    path = folder / "odd.mp4"
    if kind == "one frame":
        return render(path, seconds=0.03, size="64x48", sound=None)
    if kind == "upside down":
        return turned(render(folder / "a.mp4", seconds=2, size="64x48"), path, 180)
    if kind == "cut without encoding":
        whole = render(folder / "a.mp4", seconds=4, size="64x48", gop=30)
        cmd = ["-ss", "1.5", "-i", str(whole), "-c", "copy", str(path)]
    elif kind == "late sound":
        whole = render(folder / "a.mp4", seconds=3, size="64x48")
        cmd = ["-i", str(whole), "-itsoffset", "1", "-i", str(whole)]
        cmd += ["-map", "0:v", "-map", "1:a", "-c", "copy", "-shortest", str(path)]
    else:
        one = render(folder / "v.mp4", seconds=0.03, size="64x48", sound=None)
        talk = render_sound(folder / "a.m4a", seconds=4)
        cmd = ["-i", str(one), "-i", str(talk), "-c", "copy", str(path)]
    subprocess.run([ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", *cmd], check=True, timeout=60)
    return path


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("one frame", 0.033),
        ("upside down", 2),
        ("cut without encoding", 2.5),
        ("late sound", 3),
        ("one picture over a talk", 4),
    ],
)
def test_inputs_that_lie_end_as_long_as_they_are(tmp_path: Path, kind: str, seconds: float) -> None:
    encode, plan = published(odd(kind, tmp_path))
    assert encode.duration_ms / 1000 == pytest.approx(seconds, abs=0.08)
    assert (encode.width, encode.height) == (64, 48)
    said = ffmpeg_json(master(encode), "-allowed_extensions", "ALL", "-show_format")
    assert float(said["format"]["duration"]) == pytest.approx(seconds, abs=0.15)
    assert abs(frame_count(master(encode)) - plan.frames / plan.rungs[-1].step) <= 1
