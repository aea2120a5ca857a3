"""AV1 beside H.264: twins in the plan, words for it, real segments, and H.264 for every device."""

import itertools
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from hypothesis import given, settings

from media import av1, ffmpeg, leases, tasks, transcode
from media.errors import EngineMissing
from media.facts import Facts
from media.models import Chunk, Encode
from media.plan import Look, Options, Plan, make_plan
from media.plan_words import explain
from tests.media.clips import ffmpeg_json, frame_count, render
from tests.media.pipeline import planned
from tests.media.test_plan import a_video, looks, some_facts, sources

needs_av1 = pytest.mark.skipif(not ffmpeg.has_encoder(av1.ENCODER), reason="this ffmpeg has no libsvtav1")
many = settings(deadline=None, max_examples=60)


@many
@given(sources(), looks)
def test_every_quality_has_a_twin_and_nothing_else_changes(facts: Facts, look: Look) -> None:
    plan = make_plan(facts, look)
    both = av1.beside(plan, can_encode=True)
    assert tuple(rung for rung in both.rungs if rung.codec == "h264") == plan.rungs
    twins = [rung for rung in both.rungs if rung.codec == "av1"]
    wanted = [rung for rung in plan.rungs if min(rung.width, rung.height) >= 64]
    assert [(t.width, t.height, t.step) for t in twins] == [(r.width, r.height, r.step) for r in wanted]
    assert not any(twin.is_copy for twin in twins)
    assert len({rung.name for rung in both.rungs}) == len(both.rungs)
    assert ("with_av1" in both.why) == bool(twins)
    assert replace(both, rungs=plan.rungs, why=plan.why) == plan
    assert Plan.from_json(both.to_json()) == both


@many
@given(sources(), looks)
def test_a_twin_follows_its_rung_so_that_one_scaled_picture_feeds_both(facts: Facts, look: Look) -> None:
    rungs = av1.beside(make_plan(facts, look), can_encode=True).rungs
    for before, twin in itertools.pairwise(rungs):
        if twin.codec == "av1":
            assert twin.name == f"{before.name}-av1"
            assert twin.max_kbps < before.max_kbps
    assert rungs[0].codec == "h264"


def test_a_server_that_cannot_make_it_says_so_and_makes_the_rest() -> None:
    facts = some_facts(a_video())
    plan = make_plan(facts, Look(0.06, 0.12))
    without = av1.beside(plan, can_encode=False)
    assert without.rungs == plan.rungs
    said = " ".join(explain(without, facts, "en"))
    assert "AV1 was asked for" in said
    assert "要求" in " ".join(explain(without, facts, "zh-hans"))


def test_the_qualities_are_told_once() -> None:
    facts = some_facts(a_video(codec="hevc"))
    said = " ".join(explain(av1.beside(make_plan(facts, Look(0.06, 0.12)), can_encode=True), facts, "en"))
    assert said.count("1080p") == said.count("720p") == 1
    assert "Each quality is made in AV1 too" in said


@pytest.mark.parametrize(
    ("found", "kept"),
    [({}, None), ({"with_av1": True}, True), ({"with_av1": False}, False), ({"with_av1": "yes"}, None)],
)
def test_only_a_plain_yes_or_no_is_the_trainers(found: dict[str, Any], kept: bool | None) -> None:
    assert Options.from_json(found).with_av1 is kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("site", "own", "made"),
    [(False, None, False), (True, None, True), (True, False, False), (False, True, True)],
)
def test_the_trainers_choice_goes_before_the_sites(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, site: bool, own: bool | None, made: bool
) -> None:
    settings.AV1 = site
    monkeypatch.setattr(ffmpeg, "has_encoder", lambda name: name == "libsvtav1")
    options = {} if own is None else {"with_av1": own}
    encode = planned(render(tmp_path / "a.mp4", seconds=1, size="128x96"), **options)
    plan = Plan.from_json(encode.plan)
    assert any(rung.codec == "av1" for rung in plan.rungs) == made
    assert ("with_av1" in plan.why) == made


@pytest.mark.django_db
def test_a_worker_whose_ffmpeg_cannot_make_it_leaves_the_piece_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned where it can be made: nothing is counted against the lecture, and another worker takes it."""
    monkeypatch.setattr(ffmpeg, "has_encoder", lambda _name: True)
    encode = planned(
        render(tmp_path / "a.mp4", seconds=1, size="128x96", sound=None), with_av1=True, may_copy=False
    )
    monkeypatch.setattr(ffmpeg, "has_encoder", lambda _name: False)
    job = leases.claim("here:1")
    assert job is not None
    with pytest.raises(EngineMissing, match="libsvtav1"):
        transcode.encode_chunk(job)
    tasks.perform(job)
    chunk = encode.chunks.get()
    encode.refresh_from_db()
    assert (chunk.state, chunk.attempts, encode.state) == (Chunk.State.DUE, 0, Encode.State.TRANSCODING)


@needs_av1
@pytest.mark.django_db
@pytest.mark.parametrize("may_copy", [True, False])
def test_both_are_published_whole_and_played_by_their_codecs(tmp_path: Path, may_copy: bool) -> None:
    source = render(tmp_path / "a.mp4", seconds=14, size="128x96", rate="5", gop=5)
    encode = planned(source, with_av1=True, may_copy=may_copy)
    tasks.do_all()
    encode.refresh_from_db()
    details = list(encode.chunks.exclude(detail="").values_list("kind", "detail"))
    assert (encode.state, encode.reason, details) == (Encode.State.PUBLISHED, "", [])
    assert encode.chunks.filter(kind="video").count() == 2
    folder = Path(default_storage.path(f"lectures/{encode.pk}"))
    master = (folder / "master.m3u8").read_text()
    codecs = re.findall(r'CODECS="(av01\.0\.\d\d[MH]\.08|avc1\.[0-9A-F]{6}),mp4a\.40\.2"', master)
    assert [codec[:4] for codec in codecs] == ["avc1", "av01"]
    for name in ("v96", "v96-av1"):
        whole = _joined(folder / name, tmp_path / f"{name}.mp4")
        assert frame_count(whole) == 70
        said = ffmpeg_json(whole, "-show_streams", "-show_format")
        assert float(said["format"]["duration"]) == pytest.approx(14, abs=0.21)
        assert _luma(whole, 13.5) == pytest.approx(_luma(source, 13.5), abs=4)
    rendition = encode.renditions.get(name="v96-av1")
    assert rendition.codecs.startswith("av01.")
    assert (rendition.width, rendition.height, rendition.frame_rate) == (128, 96, 5)


def _joined(folder: Path, target: Path) -> Path:
    lines = (folder / "index.m3u8").read_text().splitlines()
    init = re.findall(r'URI="([^"]+)"', "\n".join(lines))[0]
    names = [init, *(line for line in lines if line and not line.startswith("#"))]
    target.write_bytes(b"".join((folder / name).read_bytes() for name in names))
    return target


def _luma(path: Path, at: float) -> float:
    """Return the mean brightness of the frame at a moment."""
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(path), "-ss", str(at), "-frames:v", "1"]
    data = subprocess.run(
        [*cmd, "-f", "rawvideo", "-pix_fmt", "gray", "-"], capture_output=True, check=True
    ).stdout
    return sum(data) / len(data)
