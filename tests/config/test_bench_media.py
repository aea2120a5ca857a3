"""What `make bench-media` measures with: the films it renders, and how it adds up what a way used."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.bench_media import films, judge, usage
from config.bench_media.films import CONTENT, LECTURES
from config.bench_media.house import House
from media import look, probe
from media.plan import CAMERA, SCREENCAST, SPEAKER, STILL, make_plan
from tests.environment import ROOT

pytestmark = pytest.mark.once


def test_every_kind_of_lecture_that_the_plan_tells_apart_is_measured() -> None:
    assert set(LECTURES) == set(CONTENT)
    assert set(CONTENT.values()) == {STILL, SPEAKER, SCREENCAST, CAMERA}


def test_a_film_is_what_its_row_says(tmp_path: Path) -> None:
    kind = "speaker, to copy"
    film = LECTURES[kind](tmp_path, 3)
    facts = probe.probe(film)
    assert facts.video is not None
    assert (facts.video.width, facts.video.height, facts.video.codec) == (1920, 1080, "h264")
    assert abs(facts.duration_ms - 3000) <= 100
    assert len(facts.audio) == 1
    # The head moves in every frame, and not only when the slide behind it changes.
    plan = make_plan(facts, look.take_look(film, facts))
    assert plan.content == CONTENT[kind]
    assert plan.rungs[0].is_copy


def test_a_rendition_is_put_together_as_a_player_does(tmp_path: Path) -> None:
    for name, data in (("init-2.mp4", b"I"), ("10.m4s", b"c"), ("9.m4s", b"b"), ("other.m4s", b"x")):
        (tmp_path / name).write_bytes(data)
    lines = ["#EXTM3U", '#EXT-X-MAP:URI="init-2.mp4"', "#EXTINF:6,", "9.m4s", "", "#EXTINF:6,", "10.m4s"]
    (tmp_path / "index.m3u8").write_text("\n".join(lines))
    assert judge.joined(tmp_path, tmp_path / "top.mp4").read_bytes() == b"Ibc"


def _python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def test_what_several_processes_used_is_added_up(tmp_path: Path) -> None:
    outputs = [tmp_path / "a", tmp_path / "b"]
    burn = "import time\nwhile time.process_time() < 0.25: pass\nopen({!r}, 'wb').write(b'x' * {})"
    commands = [_python(burn.format(str(path), size)) for path, size in zip(outputs, (100, 23), strict=True)]
    made = usage.measured(commands, outputs, outputs[0])
    assert 0.45 < made.cpu_s < 3
    assert made.wall_s > 0.4
    assert (made.size, made.top) == (123, outputs[0])


def test_a_way_that_fails_is_never_counted_as_a_quick_one() -> None:
    with pytest.raises(RuntimeError, match="exit"):
        usage.measured([_python("raise SystemExit(3)  # exit")], [], Path("none"))


def test_the_memory_of_a_childs_child_counts() -> None:
    inner = "import time; held = bytearray(60 * 1024 * 1024); time.sleep(0.9)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {inner!r}])"
    process = subprocess.Popen(_python(outer))
    with usage.Peak(process.pid) as peak:
        process.wait(20)
    assert peak.bytes > 60 * 1024 * 1024


def test_what_a_running_tree_has_used_counts_children_that_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    outer = f"import subprocess, sys, time; subprocess.run([sys.executable, '-S', '-c', {burn!r}]); time.sleep(30)"
    process = subprocess.Popen(_python(outer))
    try:
        deadline = time.monotonic() + 20
        while usage.spent(process.pid) < 0.25 and time.monotonic() < deadline:
            time.sleep(0.1)
        # The kernel counts in hundredths, and the starts of both are in it.
        assert 0.25 <= usage.spent(process.pid) < 2
    finally:
        process.kill()
        process.wait()


def test_a_copy_is_another_file_to_the_store_and_the_same_film(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(b"\x00\x00\x00\x10ftypisom\x00\x00\x02\x00")
    house = House(tmp_path / "house", print)
    copies = [house.fresh(source) for _ in range(2)]
    data = [copy.read_bytes() for copy in copies]
    assert data[0] != data[1]
    # A `free` box of sixteen bytes at the end: players pass it over.
    assert all(one.startswith(source.read_bytes()) and one[-16:-8] == b"\x00\x00\x00\x10free" for one in data)


def test_the_long_film_flashes_and_sounds_at_the_same_moment(tmp_path: Path) -> None:
    """Encoded as ours would be: what is measured then is the encode, not the film."""
    film = films.flashes(tmp_path, 2)
    assert judge.frame_count(film) == 2 * 60 * 25
    assert judge.apart_ms(film, film) < 5
    late = tmp_path / "late.mkv"
    films._render(["-i", str(film), "-itsoffset", "0.2", "-i", str(film), "-map", "0:v", "-map", "1:a",
                   "-c", "copy", str(late)])  # fmt: skip
    assert 195 <= judge.apart_ms(late, late) <= 205


def test_a_repeated_film_is_as_long_as_asked_and_can_still_be_copied(tmp_path: Path) -> None:
    film = LECTURES["speaker, to copy"](tmp_path, 2)
    facts = probe.probe(films.repeated(film, 7))
    assert facts.video is not None
    assert abs(facts.duration_ms - 7000) <= 100
    assert 210 <= facts.video.frames <= 213
    assert make_plan(facts, look.Look()).rungs[0].is_copy


_AT_WORK = """
import sys, time
from pathlib import Path
import django
django.setup()
from config.bench_media.house import House, unwinding
from config.engines import socket_path
house = House(Path(sys.argv[1]), print)
socket_path(house.folder).parent.mkdir(parents=True)
# In the worker's place a program that starts at once.
house.prefix = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
with unwinding():
    try:
        with house.workers(1):
            pass
    finally:
        print("unwound", flush=True)
"""


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGTERM, "unwound"),
        (signal.SIGHUP, "unwound"),
        (signal.SIGINT, "unwound"),
        (signal.SIGKILL, ""),
    ],
)
def test_broker_and_worker_end_however_the_benchmark_ends(
    number: signal.Signals, said: str, tmp_path: Path
) -> None:
    bench = subprocess.Popen(
        [sys.executable, "-c", _AT_WORK, str(tmp_path / "house")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(begun := usage.tree(bench.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(begun) == 3, "the benchmark, its broker and its worker"
    os.kill(bench.pid, number)
    try:
        bench.wait(20)
        deadline = time.monotonic() + 10
        while any(map(_is_alive, begun)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(_is_alive, begun))
    finally:
        for pid in filter(_is_alive, begun[1:]):
            os.kill(pid, signal.SIGKILL)
        printed, _ = bench.communicate()
    assert printed.strip() == said
