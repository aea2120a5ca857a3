"""A private database, broker and store, and real Celery workers of the real pipeline."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from config.bench_media import judge
from config.bench_media.usage import ENDING, Made, Peak, spent, tree
from config.engines import redis_command, redis_server, socket_path
from config.env import ROOT
from config.supervisor import with_parent
from media.plan import Plan

_OWNER = "bench@example.test"


@dataclass
class Crew:
    """A worker with its processes while it runs, and what it had used when that was noted."""

    worker: "subprocess.Popen[bytes]"
    peak: Peak
    made: Made = field(default_factory=lambda: Made(0, 0, 0, 0))
    # What starting took: no lecture pays for it.
    start_s: float = 0.0

    def note(self) -> None:
        """Write down what it has used up to now, since it was ready."""
        self.made.cpu_s = max(0.0, spent(self.worker.pid) - self.start_s)
        self.made.memory = self.peak.bytes

    def kill(self) -> None:
        """End it as a power cut does."""
        os.killpg(self.worker.pid, signal.SIGKILL)


@contextmanager
def unwinding() -> Iterator[None]:
    """Let a plain kill or a closing terminal unwind the program as Ctrl-C does: what it started is ended too."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    # What is not heard, as under nohup, stays unheard.
    heard = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) == signal.SIG_DFL]
    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


class House:
    """What a benchmark of the pipeline runs in."""

    def __init__(self, folder: Path, say: Callable[[str], object]) -> None:
        self.folder = folder
        self.say = say
        # `env` becomes the program it starts, with engines of its own.
        self.prefix = ["/usr/bin/env", "-u", "DATABASE_URL", "-u", "BROKER_URL", "-u", "STORAGE_URL"]
        self.prefix += ["-u", "CACHE_URL", f"VAR_DIR={folder}", "DEMO=no", "AV1=no", "LOG_LEVEL=ERROR"]
        self.prefix += [sys.executable, "-W", "ignore"]

    def set_up(self) -> None:
        """Migrate and make an owner."""
        self.say("setting up a house of its own")
        socket_path(self.folder).parent.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        self.python(
            "from classroom.people.services import register_person as r;"
            f"r(name='Bench', email='{_OWNER}', password='dawn-kiln-4471')"
        )

    def manage(self, *words: str) -> str:
        """Run a command of `manage.py` and return what it printed."""
        done = subprocess.run(  # noqa: S603 - our own program
            [*self.prefix, "manage.py", *words],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def python(self, code: str) -> str:
        """Run a line of Python in the house and return what it printed."""
        return self.manage("shell", "-v", "0", "-c", code)

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the database beside the workers, without starting a program."""
        with closing(sqlite3.connect(self.folder / "classroom.sqlite3", timeout=20)) as database:
            return database.execute(question, values).fetchall()

    def encode(self, source: Path, *, processes: int) -> tuple[Made, Plan]:
        """Take a copy of the lecture in through real workers; return what it cost and its plan."""
        source = self.fresh(source)
        with self.workers(processes) as crew, self.ingesting(source) as ingest:
            self._until_it_ends(ingest)
            # What comes after publication (slides are looked for and read) has a price of its own.
            crew.note()
            said, _ = ingest.communicate()
        row = json.loads(said.splitlines()[-1])
        if row["state"] != "ready":
            raise RuntimeError(row["reason"])
        made = crew.made
        prefix, plan, made.wall_s = self.published(row["lecture"])
        folder = self.folder / "files" / prefix
        made.size = sum(path.stat().st_size for path in folder.rglob("*.m4s"))
        made.top = judge.joined(folder / plan.rungs[0].name, source.with_suffix(".top.mp4"))
        source.unlink()
        return made, plan

    def _until_it_ends(self, ingest: "subprocess.Popen[str]") -> None:
        ended = "SELECT count(*) FROM media_encode WHERE state IN ('published', 'failed')"
        before = self.rows(ended)
        while self.rows(ended) == before and ingest.poll() is None:
            time.sleep(0.2)

    def published(self, lecture: int) -> tuple[str, Plan, float]:
        """Return where the files of a lecture lie, how it was made, and the seconds that it took."""
        code = (
            f"import json; from media.models import Encode; e = Encode.objects.get(lecture={lecture});"
            "print(json.dumps([e.prefix, e.plan, (e.published_at - e.created_at).total_seconds()]))"
        )
        prefix, plan, seconds = json.loads(self.python(code).splitlines()[-1])
        return prefix, Plan.from_json(plan), seconds

    def forget(self) -> None:
        """Leave no work behind for the next measurement."""
        self.python(
            "from media.models import Encode;"
            "Encode.objects.exclude(state='published').update(state='failed', reason='killed')"
        )

    def fresh(self, source: Path) -> Path:
        """Return a copy that the store has not seen: a few bytes of padding make another file."""
        copy = source.with_name(f"{time.monotonic_ns()}{source.suffix}")
        with source.open("rb") as whole, copy.open("wb") as file:
            while data := whole.read(1 << 22):
                file.write(data)
            file.write(b"\x00\x00\x00\x10free" + os.urandom(8))
        return copy

    @contextmanager
    def ingesting(self, source: Path) -> "Iterator[subprocess.Popen[str]]":
        """Take a file in, in a process of its own that waits for its end."""
        words = [*self.prefix, "manage.py", "ingest", "--json", "--owner", _OWNER, str(source)]
        ingest = _begin(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            yield ingest
        finally:
            if ingest.poll() is None:
                ingest.kill()
            ingest.wait()
            if ingest.stdout is not None:
                ingest.stdout.close()

    @contextmanager
    def workers(self, processes: int, *, with_beat: bool = False) -> Iterator[Crew]:
        """Run a broker and a worker of so many processes; both end with the block, and with this program."""
        with self._broker():
            words = [*self.prefix, "-m", "celery", "-A", "config", "--quiet", "worker", "-Q", "media"]
            words += ["-c", str(processes), "-l", "ERROR", "--without-mingle", "--without-gossip"]
            if with_beat:
                words += ["-B", "-s", str(self.folder / "beat")]
            worker = _begin(words, start_new_session=True)
            with Peak(worker.pid) as peak:
                crew = Crew(worker, peak)
                try:
                    _wait_for_processes(worker.pid, processes)
                    crew.start_s = spent(worker.pid)
                    yield crew
                finally:
                    if worker.poll() is None:
                        crew.kill()
                    worker.wait()

    @contextmanager
    def _broker(self) -> Iterator[None]:
        program = redis_server()
        if program is None:
            raise CommandError("No Redis: install redis-server.")
        words = redis_command(program, socket_path(self.folder), self.folder)
        # In a session of its own: Ctrl-C reaches only this program, and the worker goes first.
        broker = _begin(words, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            broker.terminate()
            broker.wait(10)


def _begin(words: Sequence[str], **options: Any) -> "subprocess.Popen[Any]":
    """Start a program that ends with this one.

    A signal waits until that is done: what its handler raises in the middle of a fork, Python prints and drops.
    """
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    def prepare() -> None:
        with_parent()
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    try:
        return subprocess.Popen(words, cwd=ROOT, preexec_fn=prepare, **options)  # noqa: S603 - our own program
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _wait_for_processes(pid: int, processes: int) -> None:
    """Wait until a worker has loaded everything and begun its processes, however slow the machine is."""
    end = time.monotonic() + 180
    while len(tree(pid)) <= processes and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(4)
