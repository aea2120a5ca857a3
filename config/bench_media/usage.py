"""What processes used: CPU, time and memory of a whole tree."""

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

# What asks a program to end.
ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@dataclass
class Made:
    """What one way used and made."""

    cpu_s: float
    wall_s: float
    size: int
    memory: int
    top: Path | None = None


class Peak:
    """Watches the memory of a process and all its descendants, shared pages counted once."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        # Signals are for the thread that measures: here one would reach it at a moment that it keeps free of them.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        while not self._stop.wait(0.3):
            self.bytes = max(self.bytes, sum(_pss(pid) for pid in tree(self.pid)))


def spent(pid: int) -> float:
    """Return the CPU seconds of a process that runs, of all its descendants, and of those that have ended."""
    ticks = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # Its own time, and that of the children it has waited for.
        ticks += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return ticks / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)


def measured(commands: list[list[str]], outputs: list[Path], top: Path) -> Made:
    """Run commands one after another and return what they used together."""
    cpu, memory, begin = 0.0, 0, time.monotonic()
    for words in commands:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603 - ffmpeg
        with Peak(process.pid) as peak:
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(" ".join(words))
        cpu += used.ru_utime + used.ru_stime
        memory = max(memory, peak.bytes)
    return Made(cpu, time.monotonic() - begin, sum(path.stat().st_size for path in outputs), memory, top)
