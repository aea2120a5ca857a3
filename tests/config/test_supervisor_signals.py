"""The end of the platform: each signal, Ctrl-C twice, and children of children."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor import Program, Supervisor, python
from tests.config.test_supervisor import SLEEPER, look_until, started, until
from tests.environment import ROOT

# A platform of its own in a process of its own, so that signals can be sent to it.
PLATFORM = """
import os
import sys
from config.supervisor import Program, Supervisor, python

def say(line):
    os.write(1, f"{line}\\n".encode())

script = '''
import signal, sys, time
def end(*_):
    print("ends", flush=True)
    time.sleep({seconds})
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
'''
s = Supervisor([Program("slow", python("-c", script), grace_s={grace})], say)
s.listen()
s.start(s.programs[0])
say(s.live["slow"].pid)
sys.exit(s.run())
"""


class Platform:
    """The process and what it says, line by line."""

    def __init__(self, *, seconds: float, grace: float = 20) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                PLATFORM.replace("{seconds}", str(seconds)).replace("{grace}", str(grace)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Its number and its first word come from two threads, in either order.
        said = sorted([self.line().strip(), self.line().strip()])
        assert said[1] == "slow     | up"
        self.child = int(said[0])

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def read_to(self, word: str) -> None:
        while word not in (line := self.line()):
            assert line, f"it ended before it said {word!r}"

    def rest(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()


def is_gone(pid: int) -> bool:
    """Return whether no process runs under the number; one that waits to be reaped does not run."""
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rsplit(") ", 1)[1][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def platforms() -> Iterator[list[Platform]]:
    made: list[Platform] = []
    yield made
    for platform in made:
        platform.process.kill()
        platform.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_each_signal_lets_a_program_finish_what_it_holds(
    platforms: list[Platform], number: signal.Signals
) -> None:
    platforms.append(platform := Platform(seconds=0.3))
    platform.process.send_signal(number)
    said = platform.rest()
    assert platform.process.wait(10) == 0
    assert "what is in hand is finished first" in said
    assert "was killed" not in said
    assert is_gone(platform.child)


def test_a_second_ctrl_c_does_not_wait(platforms: list[Platform]) -> None:
    platforms.append(platform := Platform(seconds=30))
    platform.process.send_signal(signal.SIGINT)
    platform.read_to("ends")
    begin = time.monotonic()
    platform.process.send_signal(signal.SIGINT)
    said = platform.rest()
    assert platform.process.wait(10) == 0
    assert time.monotonic() - begin < 5
    assert "slow     | was killed" in said
    assert is_gone(platform.child)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda n: n.name)
def test_a_signal_that_comes_twice_by_itself_does_not_hurry(
    platforms: list[Platform], number: signal.Signals
) -> None:
    platforms.append(platform := Platform(seconds=0.5))
    platform.process.send_signal(number)
    platform.read_to("ends")
    platform.process.send_signal(number)
    assert platform.process.wait(10) == 0
    assert "was killed" not in platform.rest()


def test_ctrl_c_hurries_an_end_that_something_else_began(platforms: list[Platform]) -> None:
    platforms.append(platform := Platform(seconds=30))
    platform.process.send_signal(signal.SIGTERM)
    platform.read_to("ends")
    platform.process.send_signal(signal.SIGINT)
    assert platform.process.wait(5) == 0
    assert is_gone(platform.child)


def test_a_grace_that_is_over_is_said_with_its_seconds(platforms: list[Platform]) -> None:
    platforms.append(platform := Platform(seconds=30, grace=0.5))
    platform.process.send_signal(signal.SIGINT)
    assert "took longer than 0.5 s and was killed" in platform.rest()
    assert platform.process.wait(5) == 0


FAMILY = (
    "import subprocess, sys, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"
    "print(child.pid, flush=True)\n"
)


def grandchild(lines: list[str]) -> int:
    until(lambda: lines)
    return int(lines[0].split("| ")[1])


def test_a_killed_programs_children_do_not_stay() -> None:
    supervisor, lines = started([Program("web", python("-c", FAMILY + SLEEPER))])
    orphan = grandchild(lines)
    os.kill(supervisor.live["web"].pid, signal.SIGKILL)
    look_until(supervisor, lambda: is_gone(orphan))
    supervisor.stop()


def test_children_that_outlive_an_orderly_end_do_not_stay() -> None:
    script = FAMILY + "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); " + SLEEPER
    supervisor, lines = started([Program("web", python("-c", script))])
    orphan = grandchild(lines)
    supervisor.stop()
    until(lambda: is_gone(orphan))
    assert supervisor.live["web"].returncode == 0


def test_a_new_start_waits_longer_after_each_crash() -> None:
    supervisor, _ = started([Program("web", python("-c", "raise SystemExit(3)"))])
    waits = []
    for _ in range(3):
        supervisor.live["web"].wait()
        crashed = supervisor.live["web"].pid
        supervisor._look()
        begin = time.monotonic()
        look_until(supervisor, lambda pid=crashed: supervisor.live["web"].pid != pid)
        waits.append(time.monotonic() - begin)
    assert waits[0] >= 0.4
    assert waits[1] >= 0.9
    assert waits[2] >= 1.9


def test_a_task_that_fails_all_the_time_is_given_up_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("config.supervisor.min", lambda *_: 0.0, raising=False)
    supervisor, lines = started(
        [
            Program("web", python("-c", SLEEPER)),
            Program("demo", python("-c", "raise SystemExit(1)"), is_task=True),
        ]
    )
    web = supervisor.live["web"].pid
    look_until(supervisor, lambda: "demo" in supervisor.done)
    assert supervisor._look()
    assert supervisor.live["web"].pid == web
    assert supervisor.live["web"].poll() is None
    assert "demo     | fails again and again; given up. Its lines above say why." in lines
    assert sum("ended with 1" in line for line in lines) == 7
    supervisor.stop()


def test_six_crashes_a_minute_are_borne_and_older_ones_forgotten() -> None:
    supervisor, _ = started([Program("web", python("-c", "raise SystemExit(3)"))])
    supervisor.live["web"].wait()
    now = time.monotonic()
    supervisor._crashes["web"] = [now - 70 - n for n in range(20)] + [now - n for n in range(5)]
    assert supervisor._look()
    supervisor._due.clear()
    assert not supervisor._look()


def test_a_program_gets_the_words_meant_for_it_alone() -> None:
    script = "import os; print(os.environ.get('HUE'), os.environ.get('PYTHONUNBUFFERED'), os.environ['PATH'] != '')"
    supervisor, lines = started(
        [
            Program("one", python("-c", script), is_task=True, environment={"HUE": "celadon"}),
            Program("two", python("-c", script), is_task=True),
        ]
    )
    until(lambda: len(lines) == 2)
    assert sorted(lines) == ["one      | celadon 1 True", "two      | None 1 True"]
    supervisor.stop()


def test_lines_that_are_no_text_and_a_last_one_without_an_end_are_passed_on() -> None:
    script = "import sys; sys.stdout.buffer.write('样品\\n'.encode() + b'\\xff\\xfe\\nhalf')"
    supervisor, lines = started([Program("odd", python("-c", script), is_task=True)])
    until(lambda: len(lines) == 3)
    assert lines == ["odd      | 样品", "odd      | \ufffd\ufffd", "odd      | half"]
    supervisor.stop()


def test_nobody_can_type_into_a_program() -> None:
    supervisor, lines = started([Program("asks", python("-c", "print(repr(input()))"), is_task=True)])
    until(lambda: any("EOFError" in line for line in lines))
    supervisor.stop()


def test_stopping_what_never_started_is_no_fault() -> None:
    supervisor = Supervisor([Program("web", python("-c", SLEEPER))], print)
    supervisor.stop()
    assert supervisor.live == {}
