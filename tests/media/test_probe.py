"""Facts are what is there, not what is declared; what cannot be used says why."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from media import ffmpeg, probe
from media.errors import REASONS, UnusableSource
from media.facts import Facts
from tests.media.clips import render, render_sound


def refused(path: Path) -> str:
    with pytest.raises(UnusableSource) as caught:
        probe.probe(path)
    assert caught.value.code in REASONS
    return caught.value.code


def test_a_plain_lecture(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.mp4", seconds=4, rate="25", gop=50))
    assert facts.video is not None
    assert (facts.video.codec, facts.video.width, facts.video.height) == ("h264", 320, 180)
    assert (facts.video.rate, facts.video.frames) == (Fraction(25), 100)
    assert facts.duration_ms == pytest.approx(4000, abs=50)
    assert facts.video.keyframes_ms == (0, 2000)
    assert [track.codec for track in facts.audio] == ["aac"]
    assert facts.warnings == ()
    assert Facts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.mp4", b"", "empty"),
        ("a.mp4", b"hello, this is a letter", "not_media"),
        ("a.mp4", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "playlist"),
        ("a.mp4", b"\xef\xbb\xbfffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        ("a.mp4", b"\n\nffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        ("a.mp4", b"<?xml version='1.0'?><MPD></MPD>", "playlist"),
        ("a.mp4", b"GIF89a" + b"\x00" * 100, "image"),
        ("a.mp4", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 100, "image"),
        ("a.mp4", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image"),
        ("a.mp4", b"%PDF-1.7\n" + b"x" * 200, "not_media"),
        ("a.mp4", b"PK\x03\x04" + b"x" * 200, "not_media"),
        ("a.mp4", bytes(range(256)) * 40, "not_media"),
    ],
)
def test_what_is_no_lecture_says_why(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path) == code


def test_a_renamed_picture_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "lecture.mp4"
    Image.new("RGB", (64, 64)).save(path, "JPEG")
    assert refused(path) == "image"


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.mp4", size="720x576", seconds=1, extra=("-vf", "setsar=64/45")))
    assert facts.video is not None
    assert (facts.video.width, facts.video.height, facts.video.is_square) == (1024, 576, False)


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.mkv", size="321x181", seconds=1, extra=("-pix_fmt", "yuv444p")))
    assert facts.video is not None
    assert (facts.video.width, facts.video.height) == (320, 180)


def test_ten_bits_are_seen(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.mp4", seconds=1, extra=("-pix_fmt", "yuv420p10le")))
    assert facts.video is not None
    assert facts.video.bit_depth == 10


def test_hdr_is_seen(tmp_path: Path) -> None:
    extra = ("-color_trc", "arib-std-b67", "-color_primaries", "bt2020", "-colorspace", "bt2020nc")
    facts = probe.probe(render(tmp_path / "a.mp4", seconds=1, extra=extra))
    assert facts.video is not None
    assert facts.video.is_hdr
    assert "tone_mapped" in facts.warnings


def test_a_varying_rate_is_seen(tmp_path: Path) -> None:
    # The choice of frames leaves holes of very different lengths.
    extra = ("-vf", "select='lt(mod(n\\,30)\\,7)'", "-fps_mode", "vfr")
    facts = probe.probe(render(tmp_path / "a.mkv", seconds=6, extra=extra))
    assert facts.video is not None
    assert facts.video.is_variable
    assert facts.video.rate == 30
    assert "odd_frame_rate" in facts.warnings


def test_sound_with_a_cover_is_sound(tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), (200, 30, 30)).save(tmp_path / "cover.jpg")
    sound = render_sound(tmp_path / "a.m4a", seconds=2)
    both = tmp_path / "b.m4a"
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(sound), "-i", str(tmp_path / "cover.jpg")]
    cmd += ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", str(both)]
    subprocess.run(cmd, check=True)
    facts = probe.probe(both)
    assert facts.video is None
    assert facts.cover_index == 1
    assert facts.warnings == ("audio_only",)


def test_a_header_that_claims_more_is_not_believed(tmp_path: Path) -> None:
    whole = render(tmp_path / "a.mp4", seconds=10, extra=("-movflags", "+faststart"))
    half = tmp_path / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    facts = probe.probe(half)
    assert facts.duration_ms < 8000
    assert facts.declared_ms == pytest.approx(10_000, abs=50)
    assert "truncated" in facts.warnings


def test_captions_that_outlast_the_picture_make_no_file_truncated(tmp_path: Path) -> None:
    text = tmp_path / "a.srt"
    text.write_text("1\n00:00:01,000 --> 00:00:09,000\nThe last one stays\n")
    film = render(tmp_path / "a.mp4", seconds=3)
    both = tmp_path / "both.mp4"
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-i", str(film), "-i", str(text), "-map", "0"]
    subprocess.run([*cmd, "-map", "1", "-c", "copy", "-c:s", "mov_text", str(both)], check=True)
    facts = probe.probe(both)
    assert len(facts.subtitles) == 1
    assert (facts.declared_ms, facts.duration_ms) == (pytest.approx(3000, abs=100),) * 2
    assert "truncated" not in facts.warnings


def test_a_late_start_is_counted_from_the_first_packet(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.ts", seconds=3, extra=("-output_ts_offset", "90000")))
    assert facts.duration_ms == pytest.approx(3000, abs=100)


def test_one_frame_is_a_lecture_too(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.mp4", seconds=0.03, sound=None))
    assert facts.video is not None
    assert facts.video.frames == 1
    assert 30 <= facts.duration_ms <= 45


def test_languages_of_sound_are_kept(tmp_path: Path) -> None:
    facts = probe.probe(render(tmp_path / "a.mkv", seconds=1, extra=("-metadata:s:a:0", "language=chi")))
    assert facts.audio[0].language == "chi"
