"""Buckets: a small one for put, get with ranges, head, delete; and moto's S3 for what is sent in parts."""

import logging
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from django.core.files.storage import Storage, default_storage


class _Bucket(BaseHTTPRequestHandler):
    objects: dict[str, bytes]

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _key(self) -> str:
        return self.path.partition("?")[0]

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "ETag": '"x"', **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked" or "aws-chunked" in self.headers.get(
            "Content-Encoding", ""
        ):
            self.objects[self._key()] = self._aws_chunks()
        else:
            self.objects[self._key()] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200)

    def _aws_chunks(self) -> bytes:
        left = int(self.headers.get("Content-Length") or 0)
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(left)
        whole = b""
        while True:
            head, _sep, body = body.partition(b"\r\n")
            size = int(head.split(b";")[0], 16)
            if not size:
                return whole
            whole, body = whole + body[:size], body[size + 2 :]

    def do_GET(self) -> None:
        found = self.objects.get(self._key())
        if found is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes="):
            start, _dash, end = asked.removeprefix("bytes=").partition("-")
            part = found[int(start) : int(end or len(found)) + 1]
            self._answer(206, part, Content_Range=f"bytes {start}-{int(start) + len(part) - 1}/{len(found)}")
        else:
            self._answer(200, found, Last_Modified="Mon, 23 Nov 2026 01:00:00 GMT")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204)


@contextmanager
def bucket(settings: Any) -> Iterator[Storage]:
    """Make a bucket the default storage for a while."""
    handler = type("Bucket", (_Bucket,), {"objects": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with _default_at(settings, server.server_port):
            yield default_storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@lru_cache
def _s3_port() -> int:
    """Start moto's S3, once for all tests of this process; it takes parts of any size."""
    import moto.s3.models
    from moto.server import ThreadedMotoServer

    moto.s3.models.S3_UPLOAD_PART_MIN_SIZE = 1
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    return server.get_host_and_port()[1]


@dataclass(frozen=True)
class S3:
    """A bucket of moto's S3, and a client that looks into it behind the house's back."""

    name: str
    client: Any

    def objects(self) -> list[str]:
        """Return the keys of what lies in it."""
        found = self.client.list_objects_v2(Bucket=self.name)
        return sorted(one["Key"] for one in found.get("Contents", []))

    def transfers(self) -> list[str]:
        """Return the keys of the multipart uploads that are open."""
        found = self.client.list_multipart_uploads(Bucket=self.name)
        return sorted(one["Key"] for one in found.get("Uploads", []))

    def place(self, key: str, data: bytes) -> None:
        """Put an object into it."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def lose(self, key: str) -> None:
        """Take an object away."""
        self.client.delete_object(Bucket=self.name, Key=key)


@lru_cache
def _s3_client() -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{_s3_port()}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


@contextmanager
def s3(settings: Any) -> Iterator[S3]:
    """Make a fresh bucket of moto's S3 the default storage for a while."""
    made = S3(f"lectures-{uuid.uuid4().hex[:12]}", _s3_client())
    made.client.create_bucket(Bucket=made.name)
    with _default_at(settings, _s3_port(), name=made.name):
        yield made


def put(address: str, data: bytes, **headers: str) -> int:
    """PUT bytes to an address as a browser does that was given nothing else; return the status."""
    at = urlsplit(address)
    connection = HTTPConnection(at.hostname or "", at.port, timeout=10)
    try:
        connection.request("PUT", f"{at.path}?{at.query}", data, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def unreachable(settings: Any) -> Iterator[None]:
    """Let nobody answer for the default storage for a while."""
    with _default_at(settings, 9, client_config=_impatient()):
        yield


class _Refusing(BaseHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        body = b"<Error><Code>SlowDown</Code></Error>"
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_GET  # noqa: N815 - the names that http.server calls


@contextmanager
def refusing(settings: Any) -> Iterator[None]:
    """Let the default storage be a bucket that answers 503 to everything for a while."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        with _default_at(settings, server.server_port, client_config=_impatient()):
            yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent(settings: Any) -> Iterator[None]:
    """Let the default storage be a bucket that takes requests and never answers, asked by somebody impatient."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        _default_at(settings, server.getsockname()[1], client_config=_impatient()),
    ):
        yield


def _impatient() -> Any:
    from botocore.config import Config

    return Config(
        s3={"addressing_style": "path"},
        signature_version="s3v4",
        read_timeout=0.2,
        retries={"total_max_attempts": 1},
    )


@contextmanager
def _default_at(settings: Any, port: int, name: str = "lectures", **more: Any) -> Iterator[None]:
    former = settings.STORAGES
    settings.STORAGES = {
        **former,
        "default": {
            "BACKEND": "config.buckets.Bucket",
            "OPTIONS": {
                "bucket_name": name,
                "access_key": "key",
                "secret_key": "secret",
                "endpoint_url": f"http://127.0.0.1:{port}",
                "region_name": "us-east-1",
                "addressing_style": "path",
                "signature_version": "s3v4",
                "querystring_auth": True,
                "file_overwrite": False,
                **more,
            },
        },
    }
    try:
        yield
    finally:
        settings.STORAGES = former
