"""Files out of the default storage to a player: ranges, validators, caching, or a hand-over.

Where a gateway stands in front, Django only checks the right and lets the gateway send the file
(`PLAYBACK_ACCEL_PREFIX`); where storage is S3, the browser is sent to the object with a short-lived address.
"""

import os
import re
from collections.abc import Iterator
from typing import IO

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.http import http_date, parse_http_date_safe, quote_etag

from media import store

TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".m4s": "video/iso.segment",
    ".m4a": "audio/mp4",
    ".ts": "video/mp2t",
    ".aac": "audio/aac",
    ".vtt": "text/vtt; charset=utf-8",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".png": "image/png",
}
# Small texts that grow while an encode is being made, and that hold relative addresses.
TEXTS = {".m3u8", ".vtt"}
IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"
_PIECE = 256 * 1024
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,3}")
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


def suffix_of(name: str) -> str:
    """Return the suffix of a deliverable file; raise Http404 for any other name, before any disk is asked."""
    suffix = os.path.splitext(name)[1]
    if suffix not in TYPES or ".." in name or not _FILE.fullmatch(name):
        raise Http404
    return suffix


def deliver(request: HttpRequest, key: str, *, cache: str = "") -> HttpResponseBase:
    """Answer with the file at `key` of the default storage. No query. Raises Http404, and `StoreAway`."""
    suffix = suffix_of(key.rsplit("/", 1)[-1])
    policy = cache or (REVALIDATE if suffix in TEXTS else IMMUTABLE)
    storage = default_storage
    accel = settings.PLAYBACK_ACCEL_PREFIX
    if accel:
        response: HttpResponseBase = HttpResponse(content_type=TYPES[suffix])
        response["X-Accel-Redirect"] = accel.rstrip("/") + "/" + key
        response["Cache-Control"] = policy
        return response
    if _is_local(storage):
        return _send(request, storage.path(key), TYPES[suffix], policy)
    return _from_bucket(request, storage, key, suffix, policy)


def _is_local(storage: Storage) -> bool:
    # The default storage is a lazy object; isinstance sees through it.
    return isinstance(storage, FileSystemStorage)


def _from_bucket(
    request: HttpRequest, storage: Storage, key: str, suffix: str, policy: str
) -> HttpResponseBase:
    """Pass texts through, so that what they name stays under the grant; send the browser to the rest."""
    if suffix not in TEXTS:
        seconds = settings.PLAYBACK_OBJECT_SECONDS
        response = HttpResponse(status=302)
        response["Location"] = storage.url(key, expire=seconds)  # type: ignore[call-arg]  # S3Storage takes it
        response["Cache-Control"] = f"private, max-age={max(seconds - 60, 0)}"
        return response
    with store.reaching():
        try:
            with storage.open(key) as file:
                body = file.read()
        except FileNotFoundError as missing:
            raise Http404 from missing
    response = HttpResponse(body, content_type=TYPES[suffix])
    response["Cache-Control"] = policy
    return response


def _send(request: HttpRequest, path: str, content_type: str, policy: str) -> HttpResponseBase:
    """Send a local file whole, in part (206), not at all (304), or say that the part is not there (416)."""
    with store.reaching():
        try:
            file = open(path, "rb")  # noqa: SIM115 - the response closes it
        except store.MISSING as missing:
            raise Http404 from missing
    facts = os.fstat(file.fileno())
    etag = quote_etag(f"{facts.st_mtime_ns:x}-{facts.st_size:x}")
    response: HttpResponseBase
    span = _wanted(request, etag, facts.st_mtime, facts.st_size)
    if _unchanged(request, etag, facts.st_mtime):
        file.close()
        response = HttpResponse(status=304)
    elif span is None:
        response = FileResponse(file, content_type=content_type)
        response["Accept-Ranges"] = "bytes"
    elif span[0] >= facts.st_size:
        file.close()
        response = HttpResponse(status=416, content_type=content_type)
        response["Content-Range"] = f"bytes */{facts.st_size}"
    else:
        start, end = span
        response = StreamingHttpResponse(_part(file, start, end), status=206, content_type=content_type)
        response["Content-Range"] = f"bytes {start}-{end}/{facts.st_size}"
        response["Content-Length"] = str(end - start + 1)
        response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(facts.st_mtime)
    response["Cache-Control"] = policy if response.status_code != 416 else "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _unchanged(request: HttpRequest, etag: str, modified: float) -> bool:
    given = request.headers.get("If-None-Match")
    if given is not None:
        return given.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in given.split(",")}
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and int(modified) <= since


def _wanted(request: HttpRequest, etag: str, modified: float, size: int) -> tuple[int, int] | None:
    """Return the first and last byte asked for; None for the whole file.

    Ranges of anything but GET, several ranges, malformed ones and those whose `If-Range` no longer holds mean the whole file, as
    RFC 9110 allows; a first byte at or beyond `size` is for the caller to refuse.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if request.method != "GET" or match is None or not (match[1] or match[2]):
        return None
    condition = request.headers.get("If-Range")
    if condition and condition != etag and parse_http_date_safe(condition) != int(modified):
        return None
    if not match[1]:
        length = int(match[2])
        return (max(size - length, 0), size - 1) if length else (size, size)
    start = int(match[1])
    end = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < start:
        return None
    return start, end


def _part(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `end`, both included, and close the file."""
    with file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
