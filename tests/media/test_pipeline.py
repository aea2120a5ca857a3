"""A lecture from file to stream, with real ffmpeg and a real database."""

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import m3u8
import pytest
from django.core.files.storage import default_storage

from media import ffmpeg, ingest, leases, tasks
from media.models import Chunk, Encode, Lecture
from media.signals import encode_published
from tests.factories.people import UserFactory
from tests.media.clips import SILENT, ffmpeg_json, frame_count, render, render_sound
from tests.media.pipeline import planned

# What ffmpeg makes; that workers are killed and meet is asked of both databases, in `test_pipeline_stack`.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def take_in(path: Path, **fields: Any) -> tuple[Lecture, Encode]:
    lecture = ingest.ingest_file(path=path, title="讲座", owner=UserFactory(), **fields)
    tasks.do_all()
    lecture.refresh_from_db()
    return lecture, Encode.objects.get(lecture=lecture)


def stored(encode: Encode) -> Path:
    return Path(default_storage.path(f"lectures/{encode.pk}"))


def joined(encode: Encode, name: str, target: Path) -> Path:
    """Put a rendition together as a player does: init, then every segment of the playlist."""
    folder = stored(encode) / name
    playlist = m3u8.loads((folder / "index.m3u8").read_text())
    init = playlist.segment_map[0].uri
    target.write_bytes(
        (folder / init).read_bytes() + b"".join((folder / s.uri).read_bytes() for s in playlist.segments)
    )
    return target


def test_a_lecture_is_published_whole(tmp_path: Path) -> None:
    heard: list[Encode] = []

    def listen(encode: Encode, **_: object) -> None:
        heard.append(encode)

    encode_published.connect(listen)
    try:
        lecture, encode = take_in(render(tmp_path / "a.mp4", seconds=14, size="640x480"))
    finally:
        encode_published.disconnect(listen)
    assert encode.state == Encode.State.PUBLISHED
    assert lecture.current == encode
    assert heard == [encode]
    assert (encode.width, encode.height, encode.duration_ms) == (640, 480, 14_000)
    assert encode.planned_ms == sum(encode.chunks.values_list("done_ms", flat=True))
    assert encode.playable_at is not None
    assert {chunk.state for chunk in encode.chunks.all()} == {Chunk.State.DONE}
    names = {rendition.name: rendition for rendition in encode.renditions.all()}
    assert set(names) == {"v480", "a0"}
    assert names["v480"].codecs.startswith("avc1.")
    assert names["v480"].bandwidth >= names["v480"].average_bandwidth > 1000
    assert names["a0"].codecs == "mp4a.40.2"


@pytest.mark.parametrize("codec", ["copied", "encoded"])
def test_chunks_join_without_a_seam(tmp_path: Path, codec: str) -> None:
    extra = ("-crf", "35") if codec == "copied" else ("-c:v", "mpeg4", "-q:v", "4")
    source = render(tmp_path / "a.mp4", seconds=76, size="440x330", rate="25", gop=50, extra=extra)
    encode = planned(source, content="camera")
    tasks.do_all()
    encode.refresh_from_db()
    assert encode.chunks.filter(kind="video").count() >= 3
    assert encode.chunks.filter(kind="opening").count() == (codec == "encoded")
    assert len(encode.plan["rungs"]) == 2
    for name in (rung["name"] for rung in encode.plan["rungs"]):
        whole = joined(encode, name, tmp_path / f"{name}.mp4")
        step = next(rung["step"] for rung in encode.plan["rungs"] if rung["name"] == name)
        assert frame_count(whole) == 76 * 25 // step
        found = ffmpeg_json(whole, "-select_streams", "v:0", "-show_entries", "packet=pts_time")
        times = sorted(float(packet["pts_time"]) for packet in found["packets"])
        assert times[0] == pytest.approx(0, abs=0.001)
        gaps = [b - a for a, b in itertools.pairwise(times)]
        assert min(gaps) == pytest.approx(step / 25, abs=0.002)
        assert max(gaps) == pytest.approx(step / 25, abs=0.002)
        assert mean_difference(source, whole, step) < 12


def mean_difference(source: Path, made: Path, step: int) -> float:
    """Return the mean difference of the worst pair of frames at equal times: a shifted chunk stands out."""
    graph = (
        f"[0:v]framestep={step},scale=160:120,format=gray[a];[1:v]scale=160:120,format=gray[b];"
        "[a][b]blend=all_mode=difference,scale=1:1:flags=area"
    )
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(source), "-i", str(made)]
    cmd += ["-filter_complex", graph, "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return max(subprocess.run(cmd, capture_output=True, check=True).stdout)


def test_sound_lies_where_it_was(tmp_path: Path) -> None:
    """Clicks every two seconds are found again at their times, whatever the encoder puts before them."""
    click = "aevalsrc='if(lt(mod(t,2),0.01),0.8*sin(2*PI*1000*t),0)':s=48000"
    _lecture, encode = take_in(render(tmp_path / "a.mp4", seconds=20, sound=click))
    whole = joined(encode, "a0", tmp_path / "a0.mp4")
    cmd = [
        ffmpeg.binaries().ffmpeg,
        "-v",
        "error",
        "-i",
        str(whole),
        "-f",
        "s16le",
        "-ac",
        "1",
        "-ar",
        "48000",
        "-",
    ]
    raw = memoryview(subprocess.run(cmd, capture_output=True, check=True).stdout).cast("h")
    assert len(raw) / 48000 == pytest.approx(20, abs=0.05)
    loud = max(abs(value) for value in raw[96_000 - 2000 : 96_000 + 2000])
    for second in range(2, 20, 2):
        start = second * 48000 - 4800
        at = next(n for n, value in enumerate(raw[start : start + 9600]) if abs(value) > loud / 3)
        assert at - 4800 == pytest.approx(0, abs=48 * 4)  # 4 ms


def test_playlists_are_what_players_expect(tmp_path: Path) -> None:
    _lecture, encode = take_in(
        render(tmp_path / "a.mp4", seconds=13, size="1280x720", extra=("-c:v", "mpeg4"))
    )
    master = m3u8.loads((stored(encode) / "master.m3u8").read_text())
    assert master.version == 7
    pictures = [p for p in master.playlists if p.stream_info.resolution]
    assert pictures[0].stream_info.resolution == (854, 480)
    for variant in pictures:
        info = variant.stream_info
        assert "avc1." in info.codecs
        assert "mp4a.40.2" in info.codecs
        assert info.bandwidth >= info.average_bandwidth
        assert info.frame_rate in {30.0, 15.0}
        assert info.audio == "sound"
    assert master.playlists[-1].stream_info.codecs == "mp4a.40.2"
    (sound,) = master.media
    assert (sound.type, sound.language, sound.default, sound.channels) == ("AUDIO", "zh-Hans", "YES", "1")
    playlist = m3u8.loads((stored(encode) / pictures[0].uri).read_text())
    assert playlist.playlist_type == "vod"
    assert [round(segment.duration, 2) for segment in playlist.segments] == [6.0, 6.0, 1.0]
    assert playlist.target_duration == 6
    found = ffmpeg_json(stored(encode) / "master.m3u8", "-allowed_extensions", "ALL", "-show_format")
    assert float(found["format"]["duration"]) == pytest.approx(13, abs=0.1)


def test_storyboard_and_poster_come_along(tmp_path: Path) -> None:
    from PIL import Image

    _lecture, encode = take_in(render(tmp_path / "a.mp4", seconds=13))
    text = (stored(encode) / "storyboard.vtt").read_text()
    assert text.count(" --> ") == 7
    assert "00:00:00.000 --> 00:00:02.000" in text
    first = text.split("\n")[3]
    name, place = first.split("#xywh=")
    x, y, w, h = map(int, place.split(","))
    with Image.open(stored(encode) / name) as sheet:
        assert x + w <= sheet.width
        assert y + h <= sheet.height
    with Image.open(stored(encode) / "poster.jpg") as poster:
        assert poster.size == (320, 180)


def test_several_sound_tracks_can_be_chosen(tmp_path: Path) -> None:
    extra = ("-f", "lavfi", "-t", "4", "-i", SILENT)
    one = render(tmp_path / "one.mp4", seconds=4)
    two = tmp_path / "two.mkv"
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(one), *extra, "-map", "0", "-map", "1"]
    cmd += [
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        "-metadata:s:a:0",
        "language=chi",
        "-metadata:s:a:1",
        "language=eng",
    ]
    subprocess.run([*cmd, str(two)], check=True)
    _lecture, encode = take_in(two)
    master = m3u8.loads((stored(encode) / "master.m3u8").read_text())
    assert [(sound.language, sound.default) for sound in master.media] == [("zh", "YES"), ("en", "NO")]


def test_sound_alone_gets_a_cover(tmp_path: Path) -> None:
    lecture, encode = take_in(render_sound(tmp_path / "a.m4a", seconds=5))
    assert lecture.current == encode
    assert encode.warnings == ["audio_only"]
    assert (encode.width, encode.height) == (640, 360)
    assert frame_count(joined(encode, "v360", tmp_path / "v.mp4")) == 10


def test_no_sound_is_no_trouble(tmp_path: Path) -> None:
    _lecture, encode = take_in(render(tmp_path / "a.mp4", sound=None))
    assert encode.warnings == ["no_audio"]
    assert encode.state == Encode.State.PUBLISHED
    assert "AUDIO" not in (stored(encode) / "master.m3u8").read_text()


def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = render(tmp_path / "a.mp4", seconds=10, extra=("-movflags", "+faststart"))
    path = tmp_path / "b.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    _lecture, encode = take_in(path)
    assert encode.state == Encode.State.PUBLISHED
    assert "truncated" in encode.warnings
    assert 3000 < encode.duration_ms < 8000


def test_where_a_phone_was_never_reaches_a_viewer(tmp_path: Path) -> None:
    extra = ("-metadata", "location=+31.2304+121.4737/", "-movflags", "use_metadata_tags")
    _lecture, encode = take_in(render(tmp_path / "a.mov", extra=extra))
    for path in stored(encode).rglob("*"):
        assert path.is_dir() or b"31.2304" not in path.read_bytes()


def test_loudness_is_brought_to_where_it_belongs(tmp_path: Path) -> None:
    from media import loudness

    quiet = "aevalsrc='0.02*sin(2*PI*440*t)*(0.6+0.4*sin(2*PI*3*t))':s=48000"
    _lecture, encode = take_in(render(tmp_path / "a.mp4", seconds=10, sound=quiet))
    whole = joined(encode, "a0", tmp_path / "a0.mp4")
    assert loudness.measure(whole, 0, 10_000) == pytest.approx(-23, abs=1)


def test_a_rotated_phone_video_stands_upright(tmp_path: Path) -> None:
    plain = render(tmp_path / "a.mp4", size="320x180")
    turned = tmp_path / "turned.mp4"
    flags = ["-metadata:s:v", "rotate=90"]
    if ffmpeg.version().startswith(("6", "7", "8")):
        flags = []
        cmd = [
            ffmpeg.binaries().ffmpeg,
            "-v",
            "error",
            "-display_rotation",
            "90",
            "-i",
            str(plain),
            "-c",
            "copy",
        ]
    else:
        cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(plain), "-c", "copy", *flags]
    subprocess.run([*cmd, str(turned)], check=True)
    _lecture, encode = take_in(turned)
    assert (encode.width, encode.height) == (180, 320)
    assert not encode.plan["rungs"][0]["is_copy"]


def test_the_same_file_twice_is_kept_once(tmp_path: Path) -> None:
    path = render(tmp_path / "a.mp4")
    _first, one = take_in(path)
    _second, two = take_in(path)
    assert one.source == two.source
    assert one.pk != two.pk


def test_a_source_that_vanishes_ends_with_a_reason(tmp_path: Path) -> None:
    lecture = ingest.ingest_file(path=render(tmp_path / "a.mp4"), title="x", owner=UserFactory())
    shutil.rmtree(default_storage.path("sources"))
    tasks.do_all()
    encode = Encode.objects.get(lecture=lecture)
    assert (encode.state, encode.reason) == (Encode.State.FAILED, "source_missing")


def test_stray_files_of_lost_attempts_are_cleared(tmp_path: Path) -> None:
    lecture = ingest.ingest_file(path=render(tmp_path / "a.mp4"), title="x", owner=UserFactory())
    encode = Encode.objects.get(lecture=lecture)
    stray = stored(encode) / "v180" / "000000000000-deadbeef.m4s"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"half")
    tasks.do_all()
    encode.refresh_from_db()
    assert encode.state == Encode.State.PUBLISHED
    assert not stray.exists()


def test_nothing_to_do_is_nothing_done() -> None:
    assert leases.due_count() == 0
    assert not tasks.do_one()
    assert tasks.sweep() == 0
