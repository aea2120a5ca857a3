"""What the tables of an MP4 tell is what listing its packets tells; where they do not tell all, the list is asked."""

import struct
import subprocess
from pathlib import Path

import pytest

from media import ffmpeg, mp4_tables, packets, probe
from media.errors import UnusableSource
from media.packets import Packets
from tests.environment import SAMPLES
from tests.media.clips import render, render_sound


def numbers(path: Path) -> tuple[dict[int, int], int | None]:
    """Return the track number of each stream, and which stream is the picture."""
    streams = ffmpeg.probe(path, "-show_streams")["streams"]
    kinds = {int(stream["index"]): stream["codec_type"] for stream in streams}
    ids = {int(stream["index"]): int(stream["id"], 16) for stream in streams}
    return ids, next((index for index, kind in kinds.items() if kind == "video"), None)


def told(path: Path) -> dict[int, Packets] | None:
    ids, picture = numbers(path)
    return mp4_tables.read(path, ids, picture=picture)


def remuxed(path: Path, target: Path, *words: str, before: tuple[str, ...] = ()) -> Path:
    """Copy a film without encoding it again."""
    cmd = [
        ffmpeg.binaries().ffmpeg,
        "-v",
        "error",
        "-nostdin",
        *before,
        "-i",
        str(path),
        "-c",
        "copy",
        *words,
    ]
    subprocess.run([*cmd, str(target)], check=True, timeout=60)
    return target


REORDERED = ("-bf", "3", "-preset", "veryfast")


@pytest.mark.parametrize(
    ("name", "rate", "extra"),
    [
        ("a.mp4", "25", ()),
        ("a.mov", "30", REORDERED),
        ("a.mp4", "30000/1001", (*REORDERED, "-movflags", "+faststart")),
        ("a.mp4", "30", (*REORDERED, "-x264-params", "open-gop=1:keyint=30:bframes=3")),
        ("a.mp4", "30", ("-vf", "select='lt(mod(n\\,30)\\,7)'", "-fps_mode", "vfr")),
        ("a.mp4", "30", ("-an", "-video_track_timescale", "1000")),
        ("a.mp4", "30", (*REORDERED, "-use_editlist", "0")),
        ("a.mp4", "30", (*REORDERED, "-movflags", "+negative_cts_offsets")),
    ],
)
def test_tables_tell_what_the_list_tells(
    tmp_path: Path, name: str, rate: str, extra: tuple[str, ...]
) -> None:
    path = render(tmp_path / name, seconds=5, rate=rate, gop=45, extra=extra)
    found = told(path)
    assert found is not None
    ids, picture = numbers(path)
    for index, listed in packets.listed(path, list(ids)).items():
        assert found[index].last == pytest.approx(listed.last, abs=0.0005)
        assert min(found[index].times) == pytest.approx(min(listed.times), abs=2e-6)
        if index == picture:
            assert list(found[index].times) == pytest.approx(list(listed.times), abs=2e-6)
            assert found[index].keys == pytest.approx(listed.keys, abs=2e-6)
            assert found[index].open_gop == listed.open_gop
            assert found[index].bytes == listed.bytes


def test_sound_that_begins_late_begins_late(tmp_path: Path) -> None:
    film = render(tmp_path / "a.mp4", seconds=4)
    cmd = [ffmpeg.binaries().ffmpeg, "-v", "error", "-nostdin", "-i", str(film), "-itsoffset", "1.5"]
    cmd += ["-i", str(film), "-map", "0:v", "-map", "1:a", "-c", "copy", str(tmp_path / "late.mp4")]
    subprocess.run(cmd, check=True, timeout=60)
    found = told(tmp_path / "late.mp4")
    assert found is not None
    assert found[1].times[0] == pytest.approx(1.5, abs=0.03)
    listed = packets.listed(tmp_path / "late.mp4", [0, 1])
    # The list gives the last piece of sound a whole frame of the codec, the tables what is left of it.
    assert found[1].last == pytest.approx(listed[1].last, abs=0.022)


def test_a_cut_by_an_edit_list_is_left_to_the_list(tmp_path: Path) -> None:
    film = render(tmp_path / "a.mp4", seconds=6, gop=90, extra=REORDERED)
    cut = remuxed(film, tmp_path / "cut.mp4", before=("-ss", "1.2"))
    assert told(cut) is None
    facts = probe.probe(cut)
    assert facts.video is not None
    assert facts.duration_ms == pytest.approx(4800, abs=60)


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe"])
def test_fragments_are_left_to_the_list(tmp_path: Path, flags: str) -> None:
    path = render(tmp_path / "a.mp4", seconds=3, extra=("-movflags", flags))
    assert told(path) is None
    assert probe.probe(path).duration_ms == pytest.approx(3000, abs=70)


def test_samples_beyond_the_end_of_the_file_are_not_believed(tmp_path: Path) -> None:
    whole = render(tmp_path / "a.mp4", seconds=10, extra=("-movflags", "+faststart"))
    half = tmp_path / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    assert told(whole) is not None
    assert told(half) is None


def test_bare_samples_are_left_to_the_list(tmp_path: Path) -> None:
    path = render_sound(tmp_path / "a.mov", seconds=2, extra=("-c:a", "pcm_s16le"))
    assert told(path) is None
    assert probe.probe(path).duration_ms == pytest.approx(2000, abs=10)


def boxes(data: bytes) -> list[int]:
    """Return where the bodies of the tables begin."""
    kinds = (
        b"stts",
        b"stsz",
        b"stsc",
        b"stco",
        b"ctts",
        b"elst",
        b"mdhd",
        b"stss",
        b"tkhd",
        b"mvhd",
        b"stsd",
    )
    return [at + 4 for kind in kinds for at in range(len(data)) if data.startswith(kind, at)]


def test_whatever_the_tables_claim_is_answered(tmp_path: Path) -> None:
    """Nonsense in any table gives facts or a reason, never an error and never hours of counting."""
    path = render(tmp_path / "a.mp4", seconds=1, extra=REORDERED)
    data = path.read_bytes()
    places = boxes(data)
    assert len(places) > 12
    for at in places:
        for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            for offset in (4, 8, 12):
                broken = bytearray(data)
                struct.pack_into(">I", broken, at + offset, value)
                path.write_bytes(broken)
                found = mp4_tables.read(path, {0: 1, 1: 2}, picture=0)
                if found is not None:
                    assert len(found[0].times) == 30


@pytest.mark.samples
def test_real_files_have_the_same_facts_either_way(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def facts(path: Path) -> object:
        try:
            return probe.probe(path)
        except UnusableSource as error:
            return error.code

    paths = [
        path for path in sorted((SAMPLES / "video").rglob("*")) if path.suffix.lower() in {".mp4", ".mov"}
    ]
    quick = [facts(path) for path in paths]
    monkeypatch.setattr(mp4_tables, "read", lambda *_words, **_named: None)
    assert len(paths) > 25
    assert quick == [facts(path) for path in paths]
