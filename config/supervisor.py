"""One parent for all processes of one machine: starts them, starts them again, ends them in order."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_SET_PDEATHSIG = 1
_CRASHES_A_MINUTE = 6


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep alive. `grace_s` is how long it may take to end before it is killed."""

    name: str
    command: Sequence[str]
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10
    # A program that ends by itself with 0 is done and is not started again.
    is_task: bool = False
    # The others stand on it: it ends last, when all of them have ended.
    is_ground: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def with_parent() -> None:
    """Ask the kernel to end this child when the process that starts it dies, however it dies."""
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGTERM)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it leaves behind: a child that outlives it would keep its port or its work."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Supervisor:
    """Runs programs in the order given; ends first those that stand on others.

    Children get sessions of their own, so that Ctrl-C reaches only the supervisor and a worker can
    finish what it holds before the broker goes.
    """

    def __init__(self, programs: Sequence[Program], say: Callable[[str], None]) -> None:
        self.programs = list(programs)
        self.say = say
        self.stopping = threading.Event()
        self.hurry = threading.Event()
        self.live: dict[str, subprocess.Popen[bytes]] = {}
        self.done: set[str] = set()
        self._crashes: dict[str, list[float]] = {}
        self._due: dict[str, float] = {}

    def start(self, program: Program) -> None:
        """Start one program; its lines are passed on with its name in front."""
        process = subprocess.Popen(
            list(program.command),
            env={**os.environ, "PYTHONUNBUFFERED": "1", **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=with_parent,
        )
        self.live[program.name] = process
        threading.Thread(target=self._pass_on, args=(program.name, process), daemon=True).start()

    def _pass_on(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            self.say(f"{name:9}| {line.decode(errors='replace').rstrip()}")

    def listen(self) -> None:
        """From now on a signal asks for the end; Ctrl-C while it ends kills what is still there."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._signalled)

    def _signalled(self, number: int, frame: object) -> None:
        # A closing terminal sends SIGHUP more than once; only a person presses Ctrl-C again.
        if number == signal.SIGINT and self.stopping.is_set():
            self.hurry.set()
        self.stopping.set()

    def run(self) -> int:
        """Keep the programs alive until a signal comes; return the exit code.

        A program that crashes more than six times in a minute ends the whole with code 1; a task that
        does so is given up, and the rest goes on.
        """
        self.listen()
        code = 0
        try:
            while not self.stopping.wait(0.2):
                if not self._look():
                    code = 1
                    break
        finally:
            if self.stopping.is_set():
                self.say("ending; what is in hand is finished first. Ctrl-C again ends it at once.")
            self.stop()
        return code

    def _look(self) -> bool:
        now = time.monotonic()
        for program in self.programs:
            process = self.live.get(program.name)
            if process is None or process.poll() is None or program.name in self.done:
                continue
            if program.is_task and process.returncode == 0:
                self.done.add(program.name)
                continue
            if program.name not in self._due:
                recent = [at for at in self._crashes.get(program.name, []) if at > now - 60] + [now]
                self._crashes[program.name] = recent
                self.say(f"{program.name:9}| ended with {process.returncode}")
                _end_group(process)
                if len(recent) > _CRASHES_A_MINUTE and program.is_task:
                    self.say(f"{program.name:9}| fails again and again; given up. Its lines above say why.")
                    self.done.add(program.name)
                    continue
                if len(recent) > _CRASHES_A_MINUTE:
                    self.say(f"{program.name:9}| ends again and again; stopping. Its lines above say why.")
                    return False
                self._due[program.name] = now + min(0.25 * 2 ** len(recent), 5)
            elif self._due[program.name] <= now:
                del self._due[program.name]
                self.start(program)
                self.say(f"{program.name:9}| started again")
        return True

    def stop(self) -> None:
        """End all programs side by side, then those they stand on; kill one that outlasts its grace."""
        for is_ground in (False, True):
            ending = [
                (program, process)
                for program in reversed(self.programs)
                if program.is_ground is is_ground
                and (process := self.live.get(program.name)) is not None
                and process.poll() is None
            ]
            begin = time.monotonic()
            for program, process in ending:
                process.send_signal(program.stop_signal)
            for program, process in ending:
                self._await_end(program, process, begin + program.grace_s)

    def _await_end(self, program: Program, process: subprocess.Popen[bytes], deadline: float) -> None:
        while process.poll() is None and time.monotonic() < deadline and not self.hurry.is_set():
            time.sleep(0.02)
        if process.poll() is None:
            why = "" if self.hurry.is_set() else f"took longer than {program.grace_s:g} s and "
            self.say(f"{program.name:9}| {why}was killed")
        _end_group(process)
        process.wait()


def python(*arguments: str) -> list[str]:
    """Return a command of this interpreter."""
    return [sys.executable, *arguments]
