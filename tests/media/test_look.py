"""The quick look: what it sees does not hang on where a file has its keyframes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import look, plan
from media.probe import probe
from tests.media.clips import render


def film(path: Path, picture: str, keyframe_every: int) -> Path:
    """Half a minute at five frames a second with a keyframe every so many frames."""
    noise = ("-vf", "noise=alls=60:allf=t") if picture == "testsrc2" else ()
    return render(
        path,
        seconds=30,
        rate="5",
        gop=keyframe_every,
        sound=None,
        picture=picture,
        extra=("-sc_threshold", "0", *noise),
    )


@pytest.mark.parametrize("keyframe_every", [5, 30, 900], ids=["a second", "six seconds", "only one"])
@pytest.mark.parametrize(("picture", "content"), [("color", plan.STILL), ("testsrc2", plan.CAMERA)])
def test_a_look_sees_the_same_wherever_the_keyframes_are(tmp_path, picture, content, keyframe_every):
    path = film(tmp_path / "film.mp4", picture, keyframe_every)
    facts = probe(path)
    found = look.take_look(path, facts)
    assert found.samples >= 5
    assert plan.classify(found, facts.video) == content


def test_a_look_at_slides_six_seconds_apart_takes_every_stretch_whole(tmp_path):
    path = film(tmp_path / "slides.mp4", "color", 30)
    facts = probe(path)
    starts = look.stretches(facts.duration_ms, facts.video.keyframes_ms)
    assert starts == [0, 6_000, 12_000, 18_000, 24_000]
    assert look.take_look(path, facts).samples >= len(starts) * 7


@given(
    duration=st.integers(1, 10_000_000),
    keyframes=st.lists(st.integers(0, 10_000_000), max_size=30, unique=True).map(
        lambda found: tuple(sorted(found))
    ),
)
def test_stretches_are_few_in_order_and_inside(duration, keyframes):
    starts = look.stretches(duration, keyframes)
    assert starts == sorted(set(starts))
    assert 1 <= len(starts) <= 5
    assert all(0 <= start <= duration for start in starts)
