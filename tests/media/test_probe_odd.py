"""What cameras, phones and screen recorders really make: small files of each kind, whose truth is known."""

import json
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from media import ffmpeg, probe
from media.errors import UnusableSource
from media.facts import Facts, Video
from media.plan import Look, Options, copy_refusal, make_plan
from tests.media.clips import SILENT, TONE, render, render_sound, turned

MPEG4 = ("-c:v", "mpeg4", "-q:v", "5")


def run(*arguments: object) -> None:
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(cmd, check=True, stdin=subprocess.DEVNULL, timeout=120)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of 64x36 with a tone, a keyframe each second."""
    return render(tmp_path_factory.mktemp("plain") / "plain.mp4", seconds=3, size="64x36", gop=30)


def picture(path: Path) -> tuple[Facts, Video]:
    """Probe, and see that nothing is lost on the way to the database."""
    facts = probe.probe(path)
    assert facts.video is not None
    assert Facts.from_json(json.loads(json.dumps(facts.to_json()))) == facts
    return facts, facts.video


# --- how it is shown


@pytest.mark.parametrize(
    ("degrees", "size"), [(0, (64, 36)), (90, (36, 64)), (180, (64, 36)), (270, (36, 64)), (-90, (36, 64))]
)
def test_a_phone_held_in_any_way_is_shown_upright(
    plain: Path, tmp_path: Path, degrees: int, size: tuple[int, int]
) -> None:
    facts, video = picture(turned(plain, tmp_path / "a.mp4", degrees))
    assert (video.width, video.height) == size
    assert video.rotation % 180 == degrees % 180
    plan = make_plan(facts, Look())
    assert (plan.rungs[0].width, plan.rungs[0].height) == size
    assert ("encode_shape" in plan.why) == (degrees != 0)


def test_pixels_that_are_not_square_are_stretched_before_they_are_turned(tmp_path: Path) -> None:
    run("-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=1", "-vf", "setsar=2/1", *MPEG4, tmp_path / "wide.mp4")
    _facts, video = picture(turned(tmp_path / "wide.mp4", tmp_path / "a.mp4", 90))
    assert (video.width, video.height, video.is_square) == (36, 128, False)


def test_pixels_of_no_sane_shape_are_taken_as_square(tmp_path: Path) -> None:
    run(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=64x36:r=10:d=1",
        "-vf",
        "setsar=1/60",
        "-c:v",
        "ffv1",
        tmp_path / "a.mkv",
    )
    _facts, video = picture(tmp_path / "a.mkv")
    assert (video.width, video.height) == (64, 36)


@pytest.mark.parametrize(("size", "shown"), [("2x2", (2, 2)), ("65x37", (64, 36)), ("640x2", (640, 2))])
def test_the_smallest_and_oddest_pictures_are_even(tmp_path: Path, size: str, shown: tuple[int, int]) -> None:
    run(
        "-f",
        "lavfi",
        "-i",
        f"color=s={size}:r=10:d=1",
        "-pix_fmt",
        "yuv444p",
        "-c:v",
        "ffv1",
        tmp_path / "a.mkv",
    )
    facts, video = picture(tmp_path / "a.mkv")
    assert abs(video.width - shown[0]) <= 2
    assert abs(video.height - shown[1]) <= 2
    assert video.width % 2 == video.height % 2 == 0
    assert make_plan(facts, Look()).rungs


def test_interlace_is_seen_and_taken_out(tmp_path: Path) -> None:
    path = render(
        tmp_path / "a.mp4", seconds=1, size="64x64", rate="25", extra=("-x264-params", "interlaced=1:tff=1")
    )
    facts, video = picture(path)
    assert video.is_interlaced
    assert "deinterlaced" in facts.warnings
    plan = make_plan(facts, Look())
    assert plan.filters == ("deinterlace",)
    assert not any(rung.is_copy for rung in plan.rungs)


def test_of_several_pictures_the_largest_is_the_lecture(plain: Path, tmp_path: Path) -> None:
    large = render(tmp_path / "large.mp4", seconds=3, size="128x72", sound=None)
    run(
        "-i",
        plain,
        "-i",
        large,
        "-map",
        "0:v",
        "-map",
        "1:v",
        "-map",
        "0:a",
        "-c",
        "copy",
        tmp_path / "a.mkv",
    )
    _facts, video = picture(tmp_path / "a.mkv")
    assert (video.index, video.width) == (1, 128)


# --- how long it is, and how fast


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("a.mp4", ()),
        ("a.mov", ()),
        ("a.mp4", ("-movflags", "+frag_keyframe+empty_moov")),
        ("a.mkv", ()),
        ("a.ts", ()),
        ("a.flv", ()),
        ("a.avi", MPEG4),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("a.wmv", ("-c:v", "wmv2", "-c:a", "wmav2")),
    ],
    ids=["mp4", "mov", "fragmented", "mkv", "ts", "flv", "avi", "mpg", "wmv"],
)
def test_every_container_holds_the_same_lecture(tmp_path: Path, name: str, extra: tuple[str, ...]) -> None:
    facts, video = picture(render(tmp_path / name, seconds=2, size="64x36", rate="25", extra=extra))
    assert abs(video.frames - 50) <= 1
    assert video.rate == 25
    assert not video.is_variable
    assert facts.duration_ms == pytest.approx(2000, abs=90)
    assert len(facts.audio) == 1
    assert facts.warnings == ()


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "12", "5", "1", "60", "120"])
def test_the_rate_is_that_of_the_frames(tmp_path: Path, rate: str) -> None:
    _facts, video = picture(render(tmp_path / "a.mkv", seconds=3, size="64x36", rate=rate, sound=None))
    assert video.rate == Fraction(rate)
    assert not video.is_variable


def test_a_cut_without_encoding_begins_where_it_was_cut(plain: Path, tmp_path: Path) -> None:
    """Half a second after a keyframe: an edit list hides the frames in between, which are not counted."""
    run("-ss", "1.5", "-i", plain, "-c", "copy", tmp_path / "a.mp4")
    facts, video = picture(tmp_path / "a.mp4")
    assert video.frames == pytest.approx(45, abs=2)
    assert facts.duration_ms == pytest.approx(1500, abs=60)
    assert video.start_ms <= 40


@pytest.mark.parametrize("late", ["picture", "sound"])
def test_what_begins_late_is_known_to(plain: Path, tmp_path: Path, late: str) -> None:
    first, second = ("0:v", "1:a") if late == "sound" else ("1:v", "0:a")
    run(
        "-i",
        plain,
        "-itsoffset",
        "0.7",
        "-i",
        plain,
        "-map",
        first,
        "-map",
        second,
        "-c",
        "copy",
        tmp_path / "a.mkv",
    )
    facts, video = picture(tmp_path / "a.mkv")
    starts = {"picture": video.start_ms, "sound": facts.audio[0].start_ms}
    assert starts.pop(late) == pytest.approx(700, abs=50)
    assert starts.popitem()[1] <= 50
    assert facts.duration_ms == pytest.approx(3700, abs=60)
    if late == "picture":
        assert copy_refusal(facts, make_plan(facts, Look()).rungs[0], Options()) == "start"


def test_sound_that_goes_on_makes_the_lecture_longer(tmp_path: Path) -> None:
    short = render(tmp_path / "v.mp4", seconds=1, size="64x36", sound=None)
    long = render_sound(tmp_path / "a.m4a", seconds=4)
    run("-i", short, "-i", long, "-c", "copy", tmp_path / "b.mp4")
    facts, video = picture(tmp_path / "b.mp4")
    assert video.end_ms == pytest.approx(1000, abs=40)
    assert facts.duration_ms == pytest.approx(4000, abs=60)
    assert "encode_length" in make_plan(facts, Look()).why


def test_one_picture_over_a_talk_is_a_still(tmp_path: Path) -> None:
    one = render(tmp_path / "v.mp4", seconds=0.03, size="64x36", sound=None)
    talk = render_sound(tmp_path / "a.m4a", seconds=5)
    run("-i", one, "-i", talk, "-c", "copy", tmp_path / "b.mp4")
    facts, video = picture(tmp_path / "b.mp4")
    assert (video.frames, video.is_still, video.rate) == (1, True, 2)
    plan = make_plan(facts, Look())
    assert plan.content == "still"
    assert plan.frames == 10
    assert [piece.frames for piece in plan.pieces if piece.kind == "video"] == [10]


def test_a_few_dropped_frames_are_no_varying_rate(tmp_path: Path) -> None:
    extra = ("-vf", "select='not(eq(n\\,20)+eq(n\\,21)+eq(n\\,50))'", "-fps_mode", "vfr")
    _facts, video = picture(render(tmp_path / "a.mp4", seconds=8, size="64x36", extra=extra))
    assert not video.is_variable
    assert video.rate == 30


@pytest.mark.parametrize(("minutes", "is_refused"), [(720, False), (721, True)])
def test_a_recording_may_last_twelve_hours(tmp_path: Path, minutes: int, is_refused: bool) -> None:
    path = render(
        tmp_path / "a.mkv", seconds=minutes * 60, size="16x16", rate="1/60", sound=None, picture="color"
    )
    if is_refused:
        with pytest.raises(UnusableSource) as refused:
            probe.probe(path)
        assert refused.value.code == "too_long"
    else:
        assert probe.probe(path).duration_ms == 12 * 3600_000


def test_a_picture_larger_than_8k_is_refused(tmp_path: Path) -> None:
    run(
        "-f",
        "lavfi",
        "-i",
        "color=s=8192x4610:r=1:d=1",
        "-c:v",
        "mjpeg",
        "-pix_fmt",
        "yuvj420p",
        tmp_path / "a.mkv",
    )
    with pytest.raises(UnusableSource) as refused:
        probe.probe(tmp_path / "a.mkv")
    assert refused.value.code == "too_many_pixels"


# --- where it can be cut


@pytest.mark.parametrize(
    ("params", "is_open"), [("bframes=3:open-gop=1", True), ("bframes=3:open-gop=0", False)]
)
def test_frames_that_lean_on_the_group_before_are_seen(tmp_path: Path, params: str, is_open: bool) -> None:
    run("-f", "lavfi", "-i", "testsrc2=s=64x36:r=30:d=4", "-c:v", "libx264", "-preset", "medium",
        "-pix_fmt", "yuv420p", "-x264-params", f"keyint=30:min-keyint=30:scenecut=0:{params}",
        tmp_path / "a.mp4")  # fmt: skip
    facts, video = picture(tmp_path / "a.mp4")
    assert video.has_open_gop == is_open
    assert any(rung.is_copy for rung in make_plan(facts, Look()).rungs) != is_open


def test_keyframes_are_where_decoding_can_begin(tmp_path: Path) -> None:
    _facts, video = picture(render(tmp_path / "a.mp4", seconds=4, size="64x36", rate="25", gop=25))
    assert video.keyframes_ms == (0, 1000, 2000, 3000)


# --- what is heard


def several_sounds(path: Path, count: int, *options: object) -> Path:
    inputs: list[object] = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=1"]
    maps: list[object] = ["-map", "0"]
    for n in range(count):
        inputs += ["-f", "lavfi", "-t", "1", "-i", TONE if n % 2 else SILENT]
        maps += ["-map", n + 1]
    run(*inputs, *maps, "-c:v", "ffv1", "-c:a", "pcm_s16le", *options, path)
    return path


def test_the_sound_that_the_file_prefers_comes_first(tmp_path: Path) -> None:
    path = several_sounds(
        tmp_path / "a.mkv", 3, "-metadata:s:a:0", "language=und", "-metadata:s:a:1", "language=eng",
        "-metadata:s:a:2", "language=chi", "-disposition:a:0", "0", "-disposition:a:2", "default",
    )  # fmt: skip
    facts, _video = picture(path)
    assert [track.language for track in facts.audio] == ["chi", "", "eng"]
    assert [track.is_default for track in facts.audio] == [True, False, False]
    assert [sound.is_default for sound in make_plan(facts, Look()).sounds] == [True, False, False]


def test_at_most_eight_sounds_are_kept(tmp_path: Path) -> None:
    facts, _video = picture(several_sounds(tmp_path / "a.mkv", 10))
    assert len(facts.audio) == 8
    names = [sound.name for sound in make_plan(facts, Look()).sounds]
    assert names == [f"a{n}" for n in range(8)]


def test_a_title_of_any_length_stays_short(tmp_path: Path) -> None:
    facts, _video = picture(several_sounds(tmp_path / "a.mkv", 1, "-metadata:s:a:0", "title=" + "讲" * 300))
    assert facts.audio[0].title == "讲" * 64


@pytest.mark.parametrize(
    ("layout", "channels", "made"), [("mono", 1, 1), ("stereo", 2, 2), ("5.1", 6, 2), ("quad", 4, 2)]
)
def test_any_number_of_channels_becomes_one_or_two(
    tmp_path: Path, layout: str, channels: int, made: int
) -> None:
    path = render_sound(tmp_path / "a.wav", seconds=1, source=f"anullsrc=r=44100:cl={layout}")
    facts = probe.probe(path)
    assert facts.audio[0].channels == channels
    assert make_plan(facts, Look()).sounds[0].channels == made


def test_nothing_that_tells_who_or_where_is_kept(tmp_path: Path) -> None:
    marks = ["location=+31.2304+121.4737/", "com.apple.quicktime.make=Secret", "artist=Secret"]
    extra = [word for mark in marks for word in ("-metadata", mark)]
    facts, _video = picture(
        render(tmp_path / "a.mov", seconds=1, size="64x36", extra=(*extra, "-movflags", "use_metadata_tags"))
    )
    kept = json.dumps(facts.to_json())
    assert "31.2304" not in kept
    assert "Secret" not in kept


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) * 2 // 3],
        lambda data: data[: len(data) // 2] + bytes(len(data) // 20) + data[len(data) * 11 // 20 :],
        lambda data: data + b"trailing rubbish" * 100,
        lambda data: data[:-1],
    ],
    ids=["cut off", "a hole", "a tail", "one byte"],
)
def test_a_damaged_file_is_used_as_far_as_it_goes(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    whole = render(tmp_path / "a.mkv", seconds=6, size="64x36")
    path = tmp_path / "b.mkv"
    path.write_bytes(damage(whole.read_bytes()))
    facts, video = picture(path)
    assert 3000 < facts.duration_ms <= 6100
    assert video.frames > 80
