"""Fragments keep their frames and get their place on the timeline."""

import struct
from pathlib import Path

import pytest

from media import ffmpeg, fmp4
from media.errors import OutputBroken
from tests.media.clips import ffmpeg_json, frame_count, render

FLAGS = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-an", "-bf", "2", "-preset", "veryfast")


@pytest.fixture
def movie(tmp_path: Path) -> fmp4.Movie:
    path = render(
        tmp_path / "a.mp4", seconds=4, gop=30, sound=None, extra=(*FLAGS, "-video_track_timescale", "15000")
    )
    return fmp4.read(path)


def test_every_keyframe_begins_a_fragment(movie: fmp4.Movie) -> None:
    assert [fragment.samples for fragment in movie.fragments] == [30, 30, 30, 30]
    assert [fragment.ticks for fragment in movie.fragments] == [15000] * 4
    assert [fragment.shown_at for fragment in movie.fragments] == [0, 15000, 30000, 45000]


def test_the_track_is_described(movie: fmp4.Movie) -> None:
    assert (movie.track.timescale, movie.track.width, movie.track.height) == (15000, 320, 180)
    assert movie.track.codecs.startswith("avc1.64")


def test_a_segment_moves_to_its_place(movie: fmp4.Movie, tmp_path: Path) -> None:
    target = tmp_path / "moved.mp4"
    parts = [fmp4.segment(movie, [fragment], 150_000, n + 1) for n, fragment in enumerate(movie.fragments)]
    target.write_bytes(movie.init + b"".join(parts))
    moved = fmp4.read(target)
    assert [fragment.decode_time for fragment in moved.fragments] == [150_000, 165_000, 180_000, 195_000]
    assert frame_count(target) == 120
    found = ffmpeg_json(target, "-select_streams", "v:0", "-show_entries", "packet=pts_time")
    times = sorted(float(packet["pts_time"]) for packet in found["packets"])
    assert times[0] == pytest.approx(10, abs=0.001)


def test_reordered_frames_are_still_shown_from_zero(movie: fmp4.Movie, tmp_path: Path) -> None:
    assert b"elst" in movie.init
    target = tmp_path / "whole.mp4"
    target.write_bytes(movie.init + fmp4.segment(movie, list(movie.fragments), 0, 1))
    found = ffmpeg_json(target, "-select_streams", "v:0", "-show_entries", "packet=pts_time")
    assert min(float(packet["pts_time"]) for packet in found["packets"]) == pytest.approx(0, abs=0.0001)


def test_an_edit_list_leaves_every_box_whole(movie: fmp4.Movie) -> None:
    kinds = [box.kind for box in fmp4.walk(movie.init)]
    assert kinds.index(b"edts") == kinds.index(b"tkhd") + 1
    assert kinds.count(b"moov") == 1
    assert fmp4.with_edit(movie.init, 0) == movie.init


def test_fragments_are_numbered(movie: fmp4.Movie) -> None:
    data = fmp4.segment(movie, list(movie.fragments[:2]), 0, 7)
    numbers = [
        struct.unpack_from(">I", data, box.body + 4)[0] for box in fmp4.walk(data) if box.kind == b"mfhd"
    ]
    assert numbers == [7, 8]


def test_an_unfinished_tail_is_not_read(movie: fmp4.Movie, tmp_path: Path) -> None:
    growing = tmp_path / "growing.mp4"
    growing.write_bytes(movie.path.read_bytes()[: movie.fragments[2].offset + 100])
    assert len(fmp4.read(growing).fragments) == 2


@pytest.mark.parametrize("data", [b"", b"not a movie at all", b"\x00\x00\x00\x08ftyp"])
def test_what_is_no_movie_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(OutputBroken):
        fmp4.read(path)


def test_sound_has_its_codec(tmp_path: Path) -> None:
    source = render(tmp_path / "a.mp4", seconds=2)
    target = tmp_path / "s.mp4"
    options = {"c:a": "aac", "movflags": "+empty_moov+default_base_moof", "frag_duration": 500_000}
    ffmpeg.run(ffmpeg.command(ffmpeg.output(ffmpeg.source(source)["1"], path=target, **options)))
    movie = fmp4.read(target)
    assert (movie.track.timescale, movie.track.codecs) == (48000, "mp4a.40.2")
    assert len(movie.fragments) >= 3
