"""Real clients and real sockets against the real server: gunicorn with threads, two processes."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection
from tusclient.client import TusClient

from classroom.people.services.tokens import issue_token
from config.stack import free_port
from media.models import Lecture, Source, Upload
from media.uploads import PIECE
from tests.environment import ROOT
from tests.media.transfers import trainer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]

FILE = b"\x00\x00\x00\x18ftypmp42" + os.urandom(2_500_000)
DIGEST = hashlib.sha256(FILE).hexdigest()


def database_url() -> str:
    """Return the address of this test's database for another process."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    return f"postgresql://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"


Web = tuple[int, Path, "subprocess.Popen[bytes]"]


@dataclass
class Server:
    """A running server and one trainer's token."""

    port: int
    token: str
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/uploads/"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def request(
        self, method: str, path: str, body: bytes = b"", *, declared: int | None = None, **more: str
    ) -> "Raw":
        """Send a request whose body may be shorter than it says."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.token}",
            "Tus-Resumable: 1.0.0",
            *(f"{name.replace('_', '-')}: {value}" for name, value in more.items()),
        ]
        if body or declared is not None:
            size = len(body) if declared is None else declared
            lines += ["Content-Type: application/offset+octet-stream", f"Content-Length: {size}"]
        return Raw(self.port, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def begin(self, length: int = len(FILE)) -> str:
        """Begin an upload and return its path."""
        made = self.request("POST", "/api/uploads/", Upload_Length=str(length), Content_Length="0")
        assert made.status() == 201
        return made.header("Location").removeprefix(f"http://127.0.0.1:{self.port}")

    def offset(self, path: str) -> int:
        return int(self.request("HEAD", path).header("Upload-Offset"))

    def patch(self, path: str, body: bytes, offset: int) -> int:
        return self.request("PATCH", path, body, Upload_Offset=str(offset)).status()


class Raw:
    """One request on a socket of its own."""

    def __init__(self, port: int, data: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.sendall(data)
        self.head = b""

    def _read(self) -> str:
        while b"\r\n\r\n" not in self.head and (more := self.socket.recv(4096)):
            self.head += more
        return self.head.decode()

    def status(self) -> int:
        return int(self._read().split(" ", 2)[1])

    def header(self, name: str) -> str:
        for line in self._read().split("\r\n"):
            if line.lower().startswith(name.lower() + ":"):
                return line.split(":", 1)[1].strip()
        raise AssertionError(f"no {name} in {self.head!r}")

    def close(self) -> None:
        self.socket.close()


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Start gunicorn once on the tests' database, with files of its own."""
    port, folder = free_port(), tmp_path_factory.mktemp("var")
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "VAR_DIR": str(folder),
        "PORT": str(port),
        "UPLOAD_IDLE_SECONDS": "2",
        "BROKER_URL": "redis://127.0.0.1:9/0",  # nobody there: uploads need no broker
    }
    command = ["-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}", "--preload"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--log-level", "warning"]
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port, folder, process
    process.terminate()
    process.wait(30)


@pytest.fixture
def server(web: Web) -> Server:
    """Return the server with a trainer of this test."""
    port, folder, process = web
    _row, token = issue_token(user=trainer(), label="test", days=1)
    return Server(port, token, process, folder)


def until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def stored() -> str:
    return str(Source.objects.values_list("digest", flat=True).get())


def test_tuspy_sends_resumes_and_checks(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "from-python.mp4"
    path.write_bytes(FILE)
    client = TusClient(server.url, headers=server.headers)
    options = {"chunk_size": 400_000, "metadata": {"filename": path.name}, "upload_checksum": True}
    first = client.uploader(str(path), **options)
    first.upload_chunk()
    first.upload_chunk()
    assert first.offset == 800_000
    again = client.uploader(str(path), url=first.url, **options)
    assert again.offset == 800_000
    again.upload()
    assert stored() == DIGEST
    assert Lecture.objects.get().title == "from-python"


@pytest.mark.parametrize("kind", ["whole", "pieces", "resumed", "parallel"])
def test_tus_js_client(server: Server, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "js.mp4"
    path.write_bytes(FILE)
    script = ROOT / "tests" / "media" / "js" / "tus_client.mjs"
    ran = subprocess.run(
        ["node", str(script), kind, server.url, server.token, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert stored() == DIGEST
    lecture = Lecture.objects.get()
    assert (lecture.title, answer["lecture"]) == ("from-js", str(lecture.pk))
    if kind == "resumed":
        assert answer["requests"][0] == "HEAD 200"
    if kind == "parallel":
        assert Upload.objects.filter(concat="partial").count() == 3


def test_a_dropped_connection_keeps_every_byte(server: Server) -> None:
    path = server.begin()
    half = FILE[:1_234_567]
    request = server.request("PATCH", path, half, declared=len(FILE), Upload_Offset="0")
    request.close()
    until(lambda: server.offset(path) == len(half))
    until(lambda: server.patch(path, FILE[len(half) :], len(half)) == 204)
    assert stored() == DIGEST


def test_a_closed_lid_does_not_hold_the_lock(server: Server) -> None:
    path = server.begin()
    half = FILE[: 15 * PIECE]
    asleep = server.request("PATCH", path, half, declared=len(FILE), Upload_Offset="0")
    until(lambda: server.offset(path) == len(half))
    assert server.patch(path, FILE[len(half) :], len(half)) == 423
    until(lambda: server.patch(path, FILE[len(half) :], len(half)) == 204, 8)
    assert stored() == DIGEST
    asleep.close()


def test_a_chunked_body_is_received_as_it_comes(server: Server) -> None:
    path = server.begin()
    body = b"".join(
        f"{len(FILE[at : at + 65536]):x}\r\n".encode() + FILE[at : at + 65536] + b"\r\n"
        for at in range(0, len(FILE), 65536)
    )
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n"
        "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    answer = Raw(server.port, head.encode() + body + b"0\r\n\r\n")
    assert answer.status() == 204
    assert stored() == DIGEST


def test_cancelling_reaches_a_running_writer_of_another_process(server: Server) -> None:
    path = server.begin()
    running = server.request("PATCH", path, FILE[: 7 * PIECE], declared=len(FILE), Upload_Offset="0")
    until(lambda: server.offset(path) == 7 * PIECE)
    assert server.request("DELETE", path).status() == 204
    running.socket.sendall(FILE[7 * PIECE :])
    assert running.status() == 410
    assert server.request("HEAD", path).status() == 410
    until(
        lambda: (
            not (
                server.folder / "spool" / "uploads" / f"{path.split('/')[-2].replace('-', '')}.part"
            ).exists()
        )
    )


def test_a_killed_server_loses_no_byte(server: Server) -> None:
    path = server.begin()
    half = 30 * PIECE
    running = server.request("PATCH", path, FILE[:half], declared=len(FILE), Upload_Offset="0")
    until(lambda: server.offset(path) == half)
    for worker in psutil.Process(server.process.pid).children():
        worker.kill()

    def is_back() -> bool:
        try:
            return server.offset(path) == half
        except (OSError, AssertionError):
            return False

    until(is_back, 30)
    running.close()
    assert server.patch(path, FILE[half:], half) == 204
    assert stored() == DIGEST


def test_a_large_file_takes_no_memory(server: Server) -> None:
    size = 300 << 20
    path = server.begin(size)
    workers = psutil.Process(server.process.pid).children()
    before = max(worker.memory_info().rss for worker in workers)
    request = server.request("PATCH", path, FILE[:1000], declared=size, Upload_Offset="0")
    block, sent, peak = bytes(1 << 20), 1000, 0
    while sent < size:
        piece = block[: size - sent]
        request.socket.sendall(piece)
        sent += len(piece)
        if sent % (16 << 20) < (1 << 20):
            peak = max(peak, *(worker.memory_info().rss for worker in workers))
    assert request.status() == 204
    assert peak - before < 32 << 20
    assert Source.objects.get().size == size
