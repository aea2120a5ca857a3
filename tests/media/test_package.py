"""From chunks to playlists: nothing with a hole in it passes, and players find what they look for."""

import re
from fractions import Fraction
from typing import Any

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import package
from media.errors import OutputBroken
from media.models import Chunk
from media.package import Assembled
from media.plan import Plan, Rung, Sound

RATE = Fraction(25)
TICKS = 10_000  # of a second, for the picture
FRAME = TICKS // 25


def a_plan(seconds: int = 14, **changes: Any) -> Plan:
    rungs = (Rung("v720", 1280, 720), Rung("v480", 854, 480, step=2), Rung("v240", 426, 240, step=2))
    fields: dict[str, Any] = {"rungs": rungs, "sounds": (Sound("a0", 1, 2, 96),), **changes}
    return Plan("camera", RATE, frames=seconds * 25, gop=150, pieces=(), **fields)


def segments(
    seconds: float, *, scale: int = TICKS, start: float = 0, name: str = "x"
) -> list[dict[str, Any]]:
    """Segments of six seconds and a rest."""
    found, at, end = [], round(start * scale), round((start + seconds) * scale)
    thin = {"v720": 10, "v480": 20, "v240": 40}.get(name, 80)
    while at < end:
        ticks = min(6 * scale, end - at)
        found.append(
            {
                "key": f"{name}/{at:012d}.m4s",
                "start": at,
                "ticks": ticks,
                "bytes": ticks // thin,
                "samples": 1,
            }
        )
        at += ticks
    return found


def output(name: str, listed: list[dict[str, Any]], *, scale: int = TICKS) -> dict[str, Any]:
    size = {"v720": (1280, 720), "v480": (854, 480), "v240": (426, 240)}.get(name, (0, 0))
    codecs = "avc1.64001f" if name.startswith("v") else "mp4a.40.2"
    return {
        "init": f"{name}/init-1.mp4", "timescale": scale, "codecs": codecs,
        "width": size[0], "height": size[1], "segments": listed,
    }  # fmt: skip


def chunk(kind: str, index: int, *names: str, seconds: float = 14, start: float = 0, **changes: Any) -> Chunk:
    scale = 48_000 if kind == Chunk.Kind.AUDIO else TICKS
    made = {
        name: output(name, segments(seconds, scale=scale, start=start, name=name), scale=scale)
        for name in names
    }
    fields = {"state": Chunk.State.DONE, "outputs": {"renditions": made}, **changes}
    return Chunk(kind=kind, index=index, **fields)


RUNGS = ("v720", "v480", "v240")


def whole(**changes: Any) -> dict[str, Assembled]:
    plan = a_plan(**changes)
    sounds = [sound.name for sound in plan.sounds]
    chunks = [chunk("audio", n, name) for n, name in enumerate(sounds)]
    return package.assemble(plan, [*chunks, chunk("video", 0, *RUNGS)])


# --- putting together


def test_chunks_are_joined_in_their_order() -> None:
    chunks = [chunk("video", 0, *RUNGS, seconds=12), chunk("video", 1, *RUNGS, seconds=2, start=12)]
    made = package.assemble(a_plan(sounds=()), chunks)
    assert [segment["start"] for segment in made["v480"].segments] == [0, 60_000, 120_000]
    package.check_whole(a_plan(sounds=()), made, set())


def test_what_lies_behind_a_gap_is_not_taken_in() -> None:
    missing = chunk("video", 1, *RUNGS, seconds=6, start=6, state=Chunk.State.LEASED)
    chunks = [chunk("video", 0, *RUNGS, seconds=6), missing, chunk("video", 2, *RUNGS, seconds=2, start=12)]
    made = package.assemble(a_plan(sounds=()), chunks)
    assert made["v720"].end == 6
    with pytest.raises(OutputBroken):
        package.check_whole(a_plan(sounds=()), made, set())
    early = package.assemble(a_plan(sounds=()), chunks, early=True)
    assert early["v720"].end == 12  # what the chunk under way has finished, and nothing behind it


def test_a_rendition_that_a_later_chunk_lacks_ends_there_and_the_others_go_on() -> None:
    chunks = [chunk("video", 0, *RUNGS, seconds=12), chunk("video", 1, "v720", "v240", seconds=2, start=12)]
    made = package.assemble(a_plan(sounds=()), chunks)
    assert (made["v480"].end, made["v240"].end) == (12, 14)


# --- the check of the whole


def broken(made: dict[str, Assembled], plan: Plan, left_out: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    with pytest.raises(OutputBroken) as caught:
        package.check_whole(plan, made, set(left_out))
    assert caught.value.code == "not_whole"
    return caught.value.detail


@pytest.mark.parametrize("name", [*RUNGS, "a0"])
def test_every_rendition_must_be_there(name: str) -> None:
    made = whole()
    del made[name]
    assert broken(made, a_plan()) == f"{name} is missing"


def test_only_a_sound_that_cannot_be_read_may_be_left_out() -> None:
    made = whole()
    del made["a0"]
    package.check_whole(a_plan(), made, {"a0"})


@pytest.mark.parametrize("ticks", [1, -1, FRAME])
def test_an_encoded_picture_has_not_a_tick_between_its_segments(ticks: int) -> None:
    made = whole()
    made["v480"].segments[1]["start"] += ticks
    assert "v480 has a gap" in broken(made, a_plan())


@pytest.mark.parametrize(("frames", "passes"), [(1, True), (2, False)])
def test_a_copied_picture_may_tremble_by_a_frame(frames: int, passes: bool) -> None:
    plan = a_plan(rungs=(Rung("v720", 1280, 720, is_copy=True),), sounds=())
    made = package.assemble(plan, [chunk("copy", 0, "v720")])
    made["v720"].segments[1]["start"] += frames * FRAME
    if passes:
        package.check_whole(plan, made, set())
    else:
        assert "gap" in broken(made, plan)


@pytest.mark.parametrize(("name", "seconds"), [("v720", 13.92), ("v720", 14.08), ("a0", 13.9), ("a0", 14.1)])
def test_what_is_too_short_or_too_long_does_not_pass(name: str, seconds: float) -> None:
    plan = a_plan()
    lengths = {"v720": 14.0, "a0": 14.0, name: seconds}
    made = package.assemble(
        plan,
        [chunk("audio", 0, "a0", seconds=lengths["a0"]), chunk("video", 0, *RUNGS, seconds=lengths["v720"])],
    )
    assert f"{name} lasts" in broken(made, plan)


def test_a_rung_of_half_the_frames_may_end_on_its_own_frame() -> None:
    plan = a_plan()
    made = whole()
    made["v240"].segments[-1]["ticks"] += FRAME
    package.check_whole(plan, made, set())
    made["v240"].segments[-1]["ticks"] += 2 * FRAME
    assert "v240 lasts" in broken(made, plan)


def test_what_begins_late_does_not_pass() -> None:
    made = package.assemble(a_plan(sounds=()), [chunk("video", 0, *RUNGS, start=0.2)])
    assert "v720 begins at 2000" in broken(made, a_plan(sounds=()))


# --- playlists


def test_a_playlist_promises_no_shorter_segments_than_it_has() -> None:
    text = package.media_playlist(whole()["v720"], ended=True)
    listed = m3u8.loads(text)
    assert [segment.duration for segment in listed.segments] == [6, 6, 2]
    assert listed.target_duration == 6
    assert listed.is_endlist
    assert listed.playlist_type == "vod"
    assert all("/" not in segment.uri for segment in listed.segments)


def test_a_playlist_that_grows_says_so() -> None:
    text = package.media_playlist(whole()["v720"], ended=False)
    assert "EXT-X-ENDLIST" not in text
    assert m3u8.loads(text).playlist_type == "event"


def test_each_change_of_the_opening_bytes_is_told_once() -> None:
    made = package.assemble(
        a_plan(sounds=()), [chunk("video", n, *RUNGS, seconds=6, start=6 * n) for n in range(3)]
    )
    parts = made["v720"].parts
    parts[2] = ("v720/init-2.mp4", parts[2][1])
    text = package.media_playlist(made["v720"], ended=True)
    assert re.findall(r'MAP:URI="(.*?)"', text) == ["init-1.mp4", "init-2.mp4"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 120_000), min_size=1, max_size=20))
def test_the_target_is_never_less_than_a_rounded_segment(ticks: list[int]) -> None:
    listed, at = [], 0
    for length in ticks:
        listed.append({"key": f"v/{at}.m4s", "start": at, "ticks": length, "bytes": 9})
        at += length
    made = Assembled("v", TICKS, "avc1", 2, 2, [("v/init.mp4", listed)])
    found = m3u8.loads(package.media_playlist(made, ended=True))
    assert all(round(segment.duration) <= found.target_duration for segment in found.segments)
    assert made.peak >= made.average > 0


def test_players_begin_with_a_middling_picture_and_may_end_with_sound_alone() -> None:
    found = m3u8.loads(package.multivariant(a_plan(), whole(), "zh-Hans"))
    assert [variant.uri.split("/")[0] for variant in found.playlists] == ["v480", "v720", "v240", "a0"]
    loudest = whole()["a0"].peak
    for variant in found.playlists[:3]:
        name = variant.uri.split("/")[0]
        assert variant.stream_info.bandwidth == whole()[name].peak + loudest
        assert variant.stream_info.codecs == "avc1.64001f,mp4a.40.2"
    rates = {variant.uri.split("/")[0]: variant.stream_info.frame_rate for variant in found.playlists[:3]}
    assert rates == {"v480": 12.5, "v720": 25.0, "v240": 12.5}


def test_without_sound_nothing_speaks_of_it() -> None:
    text = package.multivariant(a_plan(sounds=()), whole(sounds=()), "en")
    assert "AUDIO" not in text
    assert "mp4a" not in text
    assert len(m3u8.loads(text).playlists) == 3


def test_a_first_sound_that_cannot_be_read_leaves_the_next_as_default() -> None:
    sounds = (Sound("a0", 1, 2, 96, "chi", is_default=True), Sound("a1", 2, 1, 64, "eng"))
    made = whole(sounds=sounds)
    del made["a0"]
    (media,) = m3u8.loads(package.multivariant(a_plan(sounds=sounds), made, "zh-Hans")).media
    assert (media.language, media.default, media.channels, media.uri) == ("en", "YES", "1", "a1/index.m3u8")


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ('x",URI="http://evil.example/', "eng"),
        ("a\r\n#EXT-X-KEY:METHOD=NONE", "eng"),
        ("a\u2028b\x00c", "eng"),
        ("", 'en",URI="//e'),
        ("", "en\n#EXTM3U"),
        ("", "中文"),
    ],
)
def test_what_a_file_says_of_its_sound_never_leaves_its_place(title: str, language: str) -> None:
    sounds = (Sound("a0", 1, 2, 96, language, title, is_default=True),)
    text = package.multivariant(a_plan(sounds=sounds), whole(sounds=sounds), "zh-Hans")
    assert all(line.startswith(("#EXT", "v", "a0/")) for line in text.splitlines())
    (media,) = m3u8.loads(text).media
    assert media.uri == "a0/index.m3u8"
    assert media.language in {"en", "zh-Hans"}
    assert "KEY" not in [line.split(":")[0] for line in text.splitlines()]


def test_sounds_of_equal_names_are_told_apart() -> None:
    sounds = tuple(Sound(f"a{n}", n, 2, 96, "zho", is_default=n == 0) for n in range(3))
    found = m3u8.loads(package.multivariant(a_plan(sounds=sounds), whole(sounds=sounds), "en"))
    assert len({media.name for media in found.media}) == 3
    assert [media.default for media in found.media] == ["YES", "NO", "NO"]
    assert {media.language for media in found.media} == {"zh"}


@pytest.mark.parametrize(
    ("spoken", "first"),
    [("zh-Hans", "a1"), ("zh-Hant", "a1"), ("en", "a0"), ("ja", "a2"), ("ko", "a0"), ("", "a3")],
)
def test_players_begin_with_the_sound_in_the_lectures_language(spoken: str, first: str) -> None:
    tags = ("eng", "chi", "ja-JP", "")
    sounds = tuple(Sound(f"a{n}", n, 2, 96, tag) for n, tag in enumerate(tags))
    found = m3u8.loads(package.multivariant(a_plan(sounds=sounds), whole(sounds=sounds), spoken))
    assert [media.uri for media in found.media if media.default == "YES"] == [f"{first}/index.m3u8"]
    # The sound alone is that one too.
    assert found.playlists[-1].uri == f"{first}/index.m3u8"
    assert len({media.name for media in found.media}) == 4


# --- thumbnails


def pictured(index: int, *starts: int, key: str = "s") -> Chunk:
    tiles = [{"start_ms": at, "x": 0, "y": 0, "w": 160, "h": 90} for at in starts]
    return Chunk(
        kind="video", index=index, outputs={"sprite": {"key": f"storyboard/{key}{index}.jpg", "tiles": tiles}}
    )


def test_thumbnails_cover_the_lecture_without_a_hole() -> None:
    text = package.storyboard([pictured(0, 40, 2000), pictured(1, 4000)], 3_600_500)
    times = re.findall(r"(\S+) --> (\S+)", text)
    assert times == [
        ("00:00:00.000", "00:00:02.000"),
        ("00:00:02.000", "00:00:04.000"),
        ("00:00:04.000", "01:00:00.500"),
    ]
    assert text.count("storyboard/s0.jpg#xywh=0,0,160,90") == 2


@pytest.mark.parametrize(
    "chunks", [[], [Chunk(kind="video", index=0, outputs={"sprite": {"key": "", "tiles": []}})], [Chunk(kind="audio", index=0, outputs={})]]
)  # fmt: skip
def test_no_thumbnails_are_none(chunks: list[Chunk]) -> None:
    assert package.storyboard(chunks, 1000) == ""


def test_a_thumbnail_behind_the_end_is_left_out() -> None:
    assert package.storyboard([pictured(0, 0, 2000)], 2000).count(" --> ") == 1
