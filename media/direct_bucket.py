"""The bucket's side of a direct upload: parts are signed, listed, put together, read and given up.

A client of its own, beside the storage's: it signs for browsers, which send no checksums, and it gives up
soon, since a person waits for the answer.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.files.storage import default_storage

from media.upload_rules import BucketAway, NotDirect

log = logging.getLogger(__name__)

_BLOCK = 4 << 20
# A long read that breaks goes on where it broke, so often in a row.
_READS_AGAIN = 5
_GONE = {"NoSuchUpload", "NoSuchKey", "NotFound", "404"}


class TransferLost(Exception):
    """The bucket does not know the multipart upload (any more)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part as the bucket has it."""

    size: int
    etag: str


def is_there() -> bool:
    """Whether the default storage is a bucket."""
    return bool(getattr(default_storage, "bucket_name", None))


def open_transfer(key: str) -> str:
    """Begin a multipart upload and return the bucket's name for it."""
    with _reaching():
        return str(_client().create_multipart_upload(**_at(key))["UploadId"])


def address_of_part(key: str, multipart: str, number: int, size: int, seconds: int) -> str:
    """Return the address to which exactly `size` bytes of a part may be PUT for a while. Asks no server."""
    with _reaching():
        return str(
            _client().generate_presigned_url(
                "upload_part",
                # The length is signed with the rest: nobody puts more into the bucket than was declared.
                Params={**_at(key), "UploadId": multipart, "PartNumber": number, "ContentLength": size},
                ExpiresIn=seconds,
            )
        )


def parts_in(key: str, multipart: str) -> dict[int, Part]:
    """Return the parts that have arrived. Raises `TransferLost`."""
    with _reaching():
        pages = _client().get_paginator("list_parts").paginate(**_at(key), UploadId=multipart)
        return {
            part["PartNumber"]: Part(part["Size"], part["ETag"])
            for page in pages
            for part in page.get("Parts", [])
        }


def put_together(key: str, multipart: str, parts: dict[int, Part]) -> None:
    """Make one object of the parts. Raises `TransferLost`."""
    listed = [{"PartNumber": number, "ETag": parts[number].etag} for number in sorted(parts)]
    with _reaching():
        _client().complete_multipart_upload(**_at(key), UploadId=multipart, MultipartUpload={"Parts": listed})


def size_of(key: str) -> int:
    """Return the size of an object, -1 where there is none."""
    try:
        with _reaching():
            return int(_client().head_object(**_at(key))["ContentLength"])
    except TransferLost:
        return -1


def head_of(key: str, count: int) -> bytes:
    """Return the first bytes of an object that is not empty."""
    with _reaching():
        return bytes(_client().get_object(**_at(key), Range=f"bytes=0-{count - 1}")["Body"].read())


def blocks_of(key: str, size: int) -> Iterator[bytes]:
    """Yield the bytes of an object of `size` bytes, some at a time; a read that breaks goes on where it broke."""
    at, tries = 0, 0
    while at < size:
        begun = at
        try:
            with _reaching():
                body = _client().get_object(**_at(key), Range=f"bytes={at}-{size - 1}")["Body"]
                for block in body.iter_chunks(_BLOCK):
                    at, tries = at + len(block), 0
                    yield block
            if at == begun:
                raise BucketAway
        except BucketAway:
            tries += 1
            if tries > _READS_AGAIN:
                raise
            time.sleep(min(2.0**tries / 10, 2))


def close_transfer(key: str, multipart: str) -> None:
    """Throw one transfer away with its parts; what is gone already is no error."""
    with _reaching_or_lost():
        _client().abort_multipart_upload(**_at(key), UploadId=multipart)


def give_up(key: str, multipart: str) -> None:
    """Throw away all that was sent to a key: the parts, those of transfers nobody wrote down, the object."""
    listed = set()
    with _reaching_or_denied():
        found = _client().list_multipart_uploads(Bucket=_at(key)["Bucket"], Prefix=key)
        listed = {one["UploadId"] for one in found.get("Uploads", []) if one["Key"] == key}
    for transfer in sorted(listed | ({multipart} if multipart else set())):
        close_transfer(key, transfer)
    with _reaching_or_lost():
        _client().delete_object(**_at(key))


def _at(key: str) -> dict[str, str]:
    return {"Bucket": str(default_storage.bucket_name), "Key": key}  # type: ignore[attr-defined]


def _client() -> Any:
    """Return the client of the default storage. Raises `NotDirect` where that is no bucket."""
    if not is_there():
        raise NotDirect
    storage: Any = default_storage
    return _made(
        storage.access_key,
        storage.secret_key,
        storage.security_token,
        storage.region_name,
        storage.endpoint_url,
        storage.addressing_style,
        storage.signature_version,
        storage.verify,
    )


@lru_cache(maxsize=4)
def _made(
    access_key: str | None,
    secret_key: str | None,
    token: str | None,
    region: str | None,
    endpoint: str | None,
    style: str | None,
    signature: str | None,
    verify: Any,
) -> Any:
    """Make a client once; it may be used by all threads. The library is large and loaded only here."""
    from boto3.session import Session
    from botocore.config import Config

    session = Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, aws_session_token=token)
    addressing: Any = {"addressing_style": style}
    config = Config(
        signature_version=signature,
        s3=addressing,
        # Else the parts would have to carry checksums that a browser does not send.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    return session.client("s3", region_name=region, endpoint_url=endpoint, verify=verify, config=config)


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn what the bucket's library raises into `TransferLost` for what is not there, else `BucketAway`."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code in _GONE:
            raise TransferLost from error
        log.warning("the bucket refuses %s: %s", error.operation_name, code)
        raise BucketAway from error
    except (Boto3Error, BotoCoreError, HTTPClientError, OSError) as error:
        raise BucketAway from error


@contextmanager
def _reaching_or_lost() -> Iterator[None]:
    """What is gone already needs no giving up."""
    try:
        with _reaching():
            yield
    except TransferLost:
        return


@contextmanager
def _reaching_or_denied() -> Iterator[None]:
    """A key that may not list goes without: only a transfer that a crash left unnamed needs it."""
    from botocore.exceptions import ClientError

    try:
        with _reaching():
            yield
    except TransferLost:
        return
    except BucketAway as away:
        if not isinstance(away.__cause__, ClientError):
            raise
