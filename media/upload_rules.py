"""What may be uploaded, and the words for what may not: metadata, file names, kinds of file. Pure.

A refusal is an `UploadRefused` with the status that tus 1.0.0 gives it, a code, and a sentence in the
reader's language that says what to do.
"""

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EXTENSIONS = frozenset({
    "mp4", "m4v", "mov", "qt", "mkv", "webm", "avi", "mts", "m2ts", "ts", "tp", "trp", "mpg", "mpeg",
    "mpe", "m2v", "vob", "wmv", "asf", "flv", "f4v", "3gp", "3g2", "rm", "rmvb", "ogv", "ogm", "ogg",
    "dv", "mxf", "divx", "amv", "m4a", "m4b", "mp3", "aac", "wav", "flac", "oga", "opus", "wma", "ac3",
    "aif", "aiff", "amr",
})  # fmt: skip
# What a name ending may be when it is no ending: "3.2 uncertainty" has none, "talk.pptx" has.
_ENDING = re.compile(r"[a-z0-9]{2,5}")
_MAX_METADATA = 8 * 1024
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class UploadRefused(Exception):
    """An upload that is not taken; nothing has changed unless a subclass says so.

    Every kind of refusal names its status, its code and its words where it is declared.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    words: str | Promise
    # What a program should know beside the words.
    extra: dict[str, Any] = {}

    def __init_subclass__(cls, *, status: int, code: str, words: str | Promise) -> None:
        super().__init_subclass__()
        cls.status, cls.code, cls.words = status, code, words

    def __init__(self, **headers: str) -> None:
        self.headers = headers
        super().__init__(self.code)


class BadRequest(
    UploadRefused,
    status=400,
    code="bad_request",
    words=_("The request cannot be understood. Update the upload program."),
):
    """A header that is missing or malformed."""


class EmptyFile(
    UploadRefused,
    status=400,
    code="empty",
    words=_("The file is empty. Check it on your computer and choose it again."),
):
    """A file of no bytes."""


class WrongKind(
    UploadRefused,
    status=415,
    code="wrong_kind",
    words=_("This is not a video or audio file. Choose the recording of the lecture, for example an MP4."),
):
    """A file that is neither video nor sound."""


class WrongBody(
    UploadRefused,
    status=415,
    code="wrong_content_type",
    words=_("The body must be sent as application/offset+octet-stream."),
):
    """A body that is not sent as tus sends it."""


class TooLarge(
    UploadRefused,
    status=413,
    code="too_large",
    words=_(
        "The file is larger than this platform takes. Export it at a lower bitrate or cut it into lessons."
    ),
):
    """More bytes than are taken, or than were announced."""


class OverQuota(
    UploadRefused,
    status=413,
    code="over_quota",
    words=_(
        "Your institution's space for lectures is used up. Delete lectures or ask the operator for more."
    ),
):
    """No quota left."""


class NoRoom(
    UploadRefused,
    status=507,
    code="no_room",
    words=_(
        "The server has no room for this file now. Nothing was lost: try again later or tell the operator."
    ),
):
    """The server's disk is full; what was received before stays."""


class NotAllowed(
    UploadRefused,
    status=403,
    code="not_allowed",
    words=_("Only trainers may upload lectures. Ask the operator for the role of a trainer."),
):
    """Not for this person."""


class Complete(
    UploadRefused,
    status=403,
    code="complete",
    words=_("This upload is complete. Open the lecture that was made of it, or begin a new upload."),
):
    """What is complete takes no more bytes and cannot be cancelled."""


class NotFound(
    UploadRefused,
    status=404,
    code="not_found",
    words=_("There is no such upload. Choose the file and begin again."),
):
    """No such upload, as far as this person may know."""


class Gone(
    UploadRefused,
    status=410,
    code="gone",
    words=_("This upload was cancelled or has expired. Choose the file and begin again."),
):
    """Cancelled or expired."""


class WrongOffset(
    UploadRefused,
    status=409,
    code="wrong_offset",
    words=_("The upload goes on at another place. Ask for the offset and continue from there."),
):
    """The client is at another place than the server."""


class Busy(
    UploadRefused,
    status=423,
    code="locked",
    words=_("This upload is being received in another window. Close that one or wait half a minute."),
):
    """Another request is writing to the same upload."""


class ChecksumMismatch(
    UploadRefused,
    status=460,
    code="checksum_mismatch",
    words=_("The data was damaged on its way. Send it again."),
):
    """The bytes are not those that the client meant to send."""


class NotDirect(
    UploadRefused,
    status=404,
    code="not_direct",
    words=_("Files do not go straight into a bucket here. Upload them by tus to /api/uploads/."),
):
    """The storage is no bucket."""


class BadPart(
    UploadRefused,
    status=400,
    code="bad_part",
    words=_("There is no part of this number. Ask how many parts the upload has, and begin with 1."),
):
    """A part of no such number."""


class PartsMissing(
    UploadRefused,
    status=409,
    code="parts_missing",
    words=_("Some parts have not arrived. Send them, then complete the upload again."),
):
    """Complete was said too early; `missing` are the first numbers that are not there, or not whole."""

    def __init__(self, missing: list[int]) -> None:
        super().__init__()
        self.extra = {"missing": missing}


class BucketAway(
    UploadRefused,
    status=503,
    code="bucket_away",
    words=_("The file store cannot be reached now. What was sent is safe: try again in a minute."),
):
    """The bucket does not answer, or not as it should."""

    def __init__(self) -> None:
        super().__init__(**{"Retry-After": "60"})


class DatabaseAway(
    UploadRefused,
    status=503,
    code="database_away",
    words=_("The server is busy and cannot answer now. What was sent is safe: try again in a few seconds."),
):
    """The database is locked or away; what was received stays, and the offset can be asked for again."""

    def __init__(self) -> None:
        super().__init__(**{"Retry-After": "5"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a client says about its file."""

    filename: str = ""
    title: str = ""
    content_type: str = ""
    language: str = ""
    digest: str = ""
    lecture: int | None = None
    raw: str = field(default="", repr=False)


def parse_metadata(header: str) -> dict[str, str]:
    """Return the pairs of an `Upload-Metadata` header. Raises `BadRequest` for a malformed one."""
    if len(header) > _MAX_METADATA:
        raise BadRequest
    pairs: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _space, value = pair.partition(" ")
        if not key.isascii() or not key.isprintable() or key in pairs:
            raise BadRequest
        try:
            pairs[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest from error
    return pairs


def metadata_of(pairs: dict[str, str]) -> str:
    """Return the `Upload-Metadata` header that says these pairs; what is empty is left out."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items() if value
    )


def declared_in(header: str) -> Declared:
    """Return what the metadata of a creation says, in the spellings that clients use."""
    pairs = parse_metadata(header)
    digest = pairs.get("sha256", "").lower()
    lecture = pairs.get("lecture", "")
    if (digest and not _DIGEST.fullmatch(digest)) or (lecture and not re.fullmatch(r"[0-9]{1,18}", lecture)):
        raise BadRequest
    language = pairs.get("language", "")
    return Declared(
        filename=base_name(pairs.get("filename") or pairs.get("name", "")),
        title=one_line(pairs.get("title", ""))[:200],
        content_type=one_line(pairs.get("filetype") or pairs.get("type", ""))[:127],
        language=language if _LANGUAGE.fullmatch(language) and len(language) <= 16 else "",
        digest=digest,
        lecture=int(lecture) if lecture else None,
        raw=header,
    )


def one_line(text: str) -> str:
    """Return text without control, format and private characters, in NFC, trimmed."""
    kept = (c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())


def base_name(name: str) -> str:
    """Return the last part of a name that may be a path of any system; "" where nothing is left.

    At most 255 characters and the ending kept.
    """
    last = one_line(name.replace("\\", "/")).rstrip("/ ").rsplit("/", 1)[-1].strip()
    if last.strip(". ") == "":
        return ""
    suffix = PurePosixPath(last).suffix
    return last if len(last) <= 255 else last[: 255 - len(suffix)] + suffix


def title_of(filename: str) -> str:
    """Return a title for a lecture that was given none: the file's name without its ending."""
    stem = filename.rsplit(".", 1)[0] if _ending(filename) in EXTENSIONS else filename
    return (stem.replace("_", " ").strip() or filename)[:200]


def _ending(filename: str) -> str:
    ending = filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    return ending if _ENDING.fullmatch(ending) and not ending.isdigit() else ""


def check_declared(declared: Declared, length: int, most: int) -> None:
    """Refuse before a byte is sent what is empty, too large, or by name or type no recording."""
    if length == 0:
        raise EmptyFile
    if length > most:
        raise TooLarge
    ending = _ending(declared.filename)
    if ending and ending not in EXTENSIONS:
        raise WrongKind
    kind = declared.content_type.split("/", 1)[0].lower()
    told = declared.content_type.lower() not in {"", "application/octet-stream", "application/mp4"}
    if told and not ending and kind not in {"video", "audio"}:
        raise WrongKind


# The first bytes of what is often chosen by mistake or meant to harm. Anything else is for the probe.
_NOT_MEDIA = (
    b"%PDF", b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ",
    b"MZ", b"\x7fELF", b"#!/", b"\xca\xfe\xba\xbe", b"\xd0\xcf\x11\xe0", b"SQLite format 3",
    b"\xff\xd8\xff", b"\x89PNG", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*", b"{\\rtf",
    b"#EXTM3U", b"ffconcat", b"[playlist]", b"[Script Info]", b"WEBVTT",
)  # fmt: skip
_NOT_MEDIA_TEXT = (
    b"<!doctype", b"<html", b"<?xml", b"<svg", b"<?php", b"<mpd", b"<smil", b"#extm3u", b"ffconcat",
)  # fmt: skip


def check_head(head: bytes) -> None:
    """Refuse by its first bytes what is certainly no recording: documents, archives, programs, playlists."""
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if head.startswith(_NOT_MEDIA) or plain[:16].lower().startswith(_NOT_MEDIA_TEXT):
        raise WrongKind
