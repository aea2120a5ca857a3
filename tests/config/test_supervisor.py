"""The supervisor starts, starts again and ends in order; nothing outlives it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.supervisor import Program, Supervisor, python

SLEEPER = "import time; time.sleep(60)"


def until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def started(programs: list[Program]) -> tuple[Supervisor, list[str]]:
    lines: list[str] = []
    supervisor = Supervisor(programs, lines.append)
    for program in programs:
        supervisor.start(program)
    return supervisor, lines


def look_until(supervisor: Supervisor, condition) -> None:
    def looked() -> bool:
        supervisor._look()
        return bool(condition())

    until(looked)


def test_lines_carry_the_name_of_their_program() -> None:
    supervisor, lines = started([Program("talker", python("-c", "print('hello')"), is_task=True)])
    until(lambda: lines)
    assert lines == ["talker   | hello"]
    supervisor.stop()


def test_a_crashed_program_is_started_again() -> None:
    supervisor, lines = started([Program("web", python("-c", SLEEPER))])
    first = supervisor.live["web"].pid
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: supervisor.live["web"].pid != first)
    assert any("ended with -9" in line for line in lines)
    supervisor.stop()


def test_a_task_that_is_done_is_not_started_again() -> None:
    supervisor, _ = started([Program("demo", python("-c", "pass"), is_task=True)])
    look_until(supervisor, lambda: "demo" in supervisor.done)
    first = supervisor.live["demo"].pid
    for _ in range(5):
        assert supervisor._look()
    assert supervisor.live["demo"].pid == first


def test_a_program_that_crashes_all_the_time_ends_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor, lines = started([Program("broken", python("-c", "raise SystemExit(3)"))])
    monkeypatch.setattr("config.supervisor.min", lambda *_: 0.0, raising=False)
    until(lambda: not supervisor._look(), 30)
    assert any("again and again" in line for line in lines)


def test_the_ground_ends_after_all_that_stand_on_it(tmp_path: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(float(sys.argv[2]))\n"
        f"    open({str(tmp_path / 'order')!r}, 'a').write(sys.argv[1]); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)"
    )
    programs = [
        Program("a", python("-c", script, "a", "0"), is_ground=True),
        Program("b", python("-c", script, "b", "0.4")),
        Program("c", python("-c", script, "c", "0")),
    ]
    supervisor, lines = started(programs)
    until(lambda: len(lines) == 3)
    supervisor.stop()
    assert (tmp_path / "order").read_text() == "cba"


def test_programs_end_side_by_side_and_not_one_after_another() -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.6), sys.exit(0)))\n"
        "print('up', flush=True)\n"
        "time.sleep(60)"
    )
    supervisor, lines = started([Program(name, python("-c", script)) for name in "abcd"])
    until(lambda: len(lines) == 4)
    begin = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - begin < 4 * 0.6
    assert {process.returncode for process in supervisor.live.values()} == {0}


def test_one_that_will_not_end_is_killed() -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    supervisor, lines = started([Program("stubborn", python("-c", script), grace_s=0.3)])
    until(lambda: lines)
    supervisor.stop()
    assert supervisor.live["stubborn"].returncode == -signal.SIGKILL
    assert "killed" in lines[-1]


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    script = (
        "from config.supervisor import Program, Supervisor, python\n"
        f"s = Supervisor([Program('child', python('-c', {SLEEPER!r}))], print)\n"
        "s.start(s.programs[0]); print(s.live['child'].pid, flush=True); s.run()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()

    def gone() -> bool:
        state = Path(f"/proc/{child}/stat")
        return not state.exists() or state.read_text().rsplit(") ", 1)[1][0] == "Z"

    until(gone)


def test_a_signal_ends_the_run_with_code_0() -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach only the main thread")
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor, _ = started([Program("web", python("-c", SLEEPER))])
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    try:
        assert supervisor.run() == 0
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    assert supervisor.live["web"].poll() is not None
