"""tus 1.0.0 over HTTP: headers in, headers out. What they mean is in `media.uploads`.

Creation, creation-with-upload, termination, checksum, expiration, concatenation. Bodies are never parsed
nor buffered; the request's stream is handed on as it is.
"""

import base64
import binascii
import logging
import re
import uuid
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media import uploads
from media.models import Upload
from media.permissions import may_upload
from media.upload_rules import (
    BadRequest,
    ChecksumMismatch,
    DatabaseAway,
    NotAllowed,
    UploadRefused,
    WrongBody,
    declared_in,
)

_log = logging.getLogger(__name__)
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration,concatenation"
ALGORITHMS = ("sha1", "sha256", "md5")
OFFSET_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,18}")
_PART = re.compile(r"/uploads/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$")
_MOST_PARTS = 64


def _header(name: str, kind: type = str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.HEADER, **more)


_RESUMABLE = _header("Tus-Resumable", required=True, enum=[VERSION])
_BYTES = {OFFSET_TYPE: OpenApiTypes.BINARY}
# What a status means wherever it is answered.
_MEANINGS = {
    400: "A header is missing or malformed, or the file is empty.",
    403: "Not a trainer, or no CSRF header with a session; or the upload is complete.",
    404: "No such upload of this person.",
    409: "Another offset; `Upload-Offset` says which.",
    410: "Cancelled or expired.",
    412: "Another version of the protocol.",
    413: "Too large, more bytes than were announced, or the quota is used up.",
    415: "Not a recording, or another content type.",
    423: "Another request is writing.",
    460: "The checksum does not match; nothing was kept.",
    503: "The database is busy; ask for the offset after `Retry-After` seconds and go on.",
    507: "The server's disk is full.",
}


def _answers(success: int, said: str, *refusals: int) -> dict[int, OpenApiResponse]:
    """Return the answers of an operation for the schema: what it says when it is done, and the refusals."""
    meanings = {success: said} | {status: _MEANINGS[status] for status in (*refusals, 412, 503)}
    return {status: OpenApiResponse(description=meanings[status]) for status in sorted(meanings)}


class UploadProblem(APIException):
    """A refusal of an upload with the status that it has, by tus where it is tus."""

    def __init__(self, refused: UploadRefused) -> None:
        self.status_code = refused.status
        self.default_detail = str(refused.words)
        self.headers, self.extra = refused.headers, refused.extra
        super().__init__(detail=refused.words, code=refused.code)  # type: ignore[arg-type]  # lazy words


class WrongVersion(APIException):
    """Another version of the protocol."""

    status_code = 412
    default_detail = _("This server speaks tus 1.0.0. Update the upload program.")
    default_code = "tus_version"


class TusView(APIView):
    """What all requests of the protocol share: version, answers, refusals, no parsing of bodies."""

    throttle_classes = []  # a transfer is many requests; begun uploads are bounded by space and quota

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Honour the method that a client behind an old proxy meant."""
        meant = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and meant in {"HEAD", "PATCH", "DELETE"}:
            request.method = meant
        return super().dispatch(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Answer in JSON whatever is accepted: most answers have no body."""
        return super().perform_content_negotiation(request, force=True)

    def get_permissions(self) -> Any:
        """Let everyone ask what the server can."""
        return [AllowAny()] if self.request.method == "OPTIONS" else super().get_permissions()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look at headers before anything could read the body."""
        if request.method != "OPTIONS":
            if request.headers.get("Tus-Resumable") != VERSION:
                raise WrongVersion
            if request.content_type not in {"", OFFSET_TYPE} and _has_body(request):
                raise WrongBody
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Turn refusals of the room into problem details.

        A database that is locked or away is none of the client's doing: it asks for the offset and goes on.
        """
        if isinstance(exc, OperationalError | InterfaceError):
            _log.warning("the database is away from an upload: %s", exc)
            exc = DatabaseAway()
        if isinstance(exc, UploadRefused):
            problem = UploadProblem(exc)
            response = super().handle_exception(problem)
            for name, value in problem.headers.items():
                response[name] = value
            return response
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say on every answer which version this is."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        if response.status_code == 412:
            response["Tus-Version"] = VERSION
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say what the server can."""
        return Response(
            status=204,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
                "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            },
        )


class UploadsView(TusView):
    """Where uploads begin."""

    @extend_schema(
        operation_id="uploads_create",
        summary="Begin an upload (tus 1.0.0)",
        description=(
            "`Upload-Metadata`: filename, filetype, title, language, sha256 (hexadecimal: a file that is "
            "already here is finished at once), lecture (the lecture whose video is replaced)."
        ),
        tags=["uploads"],
        parameters=[
            _RESUMABLE,
            _header("Upload-Length", int),
            _header("Upload-Metadata"),
            _header(
                "Upload-Concat",
                description="`partial`, or `final;` and the addresses of the parts in their order.",
            ),
            _header("Upload-Checksum", description="sha1, sha256 or md5, of a body that comes along"),
        ],
        request=_BYTES,
        responses=_answers(
            201, "`Location` is where to send the bytes.", 400, 403, 404, 410, 413, 415, 460, 507
        ),
    )
    def post(self, request: Request) -> Response:
        """Begin an upload, with its first bytes if they come along; or put parts together."""
        if not may_upload(request.user):
            raise NotAllowed
        declared = declared_in(request.headers.get("Upload-Metadata", ""))
        concat = request.headers.get("Upload-Concat", "")
        if concat.startswith("final;"):
            if "Upload-Length" in request.headers:
                raise BadRequest
            upload = uploads.concatenate(
                owner=request.user, declared=declared, part_ids=_parts(concat.removeprefix("final;"))
            )
            return self._created(request, upload, None)
        if concat not in {"", "partial"}:
            raise BadRequest
        length = _number(request, "Upload-Length")
        body = _body(request) if request.content_type == OFFSET_TYPE else None
        if body is not None and body.length is not None and body.length > length:
            raise BadRequest
        upload = uploads.begin(owner=request.user, declared=declared, length=length, partial=bool(concat))
        offset = uploads.offset_of(upload)
        if body is not None and offset == 0:
            offset = self._receive_first(upload, body)
        return self._created(request, upload, offset)

    def _receive_first(self, upload: Upload, body: uploads.Body) -> int:
        """Take the bytes that come along. Where they are refused the client never learns of the upload."""
        try:
            return uploads.receive(upload=upload, offset=0, body=body)
        except UploadRefused:
            uploads.terminate(upload=upload)
            raise

    def _created(self, request: Request, upload: Upload, offset: int | None) -> Response:
        location = request.build_absolute_uri(reverse("api:upload", args=[upload.pk]))
        headers = {"Location": location, **_facts(upload)}
        if offset is not None:
            headers["Upload-Offset"] = str(offset)
        return Response(status=201, headers=headers)


class UploadView(TusView):
    """One upload of the person who asks."""

    @extend_schema(
        operation_id="uploads_offset",
        summary="Ask how far an upload is (HEAD)",
        tags=["uploads"],
        parameters=[_RESUMABLE],
        responses=_answers(200, "`Upload-Offset` and `Upload-Length`.", 404, 410),
    )
    def head(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Answer with the offset that is safely on the disk."""
        upload = uploads.find(owner=request.user, upload_id=upload_id)
        headers = {**_facts(upload), "Upload-Length": str(upload.length)}
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        if upload.concat == "partial":
            headers["Upload-Concat"] = "partial"
        if upload.concat == "final":
            parts = " ".join(reverse("api:upload", args=[part]) for part in upload.parts)
            headers["Upload-Concat"] = f"final;{parts}"
        if upload.concat != "final" or upload.state == Upload.State.FINISHED:
            headers["Upload-Offset"] = str(uploads.offset_of(upload))
        return Response(status=200, headers=headers)

    @extend_schema(
        operation_id="uploads_append",
        summary="Send bytes",
        tags=["uploads"],
        parameters=[
            _RESUMABLE,
            _header("Upload-Offset", int, required=True),
            _header("Upload-Checksum", description="sha1, sha256 or md5"),
        ],
        request=_BYTES,
        responses=_answers(
            204,
            "Received; `Lecture-Id` once the upload has become a lecture.",
            *(400, 403, 404, 409, 410, 413, 415, 423, 460, 507),
        ),
    )
    def patch(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Append the body. Who is no trainer any more sends no more bytes."""
        if not may_upload(request.user):
            raise NotAllowed
        if request.content_type != OFFSET_TYPE and _has_body(request):
            raise WrongBody
        upload = uploads.find(owner=request.user, upload_id=upload_id)
        offset = _number(request, "Upload-Offset")
        end = uploads.receive(upload=upload, offset=offset, body=_body(request))
        return Response(status=204, headers={**_facts(upload), "Upload-Offset": str(end)})

    @extend_schema(
        operation_id="uploads_terminate",
        summary="Cancel an upload",
        tags=["uploads"],
        parameters=[_RESUMABLE],
        responses=_answers(204, "Cancelled; its bytes are gone.", 403, 404, 410),
    )
    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Cancel, even while bytes arrive."""
        uploads.terminate(upload=uploads.find(owner=request.user, upload_id=upload_id))
        return Response(status=204)


def _facts(upload: Upload) -> dict[str, str]:
    """Return the headers that say what an upload has become, or until when it is kept."""
    if upload.state == Upload.State.FINISHED and upload.lecture_id:
        return {"Lecture-Id": str(upload.lecture_id)}
    return {"Upload-Expires": http_date(upload.expires_at.timestamp())}


def _number(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not _NUMBER.fullmatch(value):
        raise BadRequest
    return int(value)


def _has_body(request: Request) -> bool:
    return request.headers.get("Content-Length", "0") not in {"", "0"} or _is_chunked(request)


def _is_chunked(request: Request) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _body(request: Request) -> uploads.Body:
    """Return the body as a stream. A server that ends chunked bodies itself says `wsgi.input_terminated`."""
    environ = request._request.META
    # gunicorn hands the socket out: a half-open connection (a closed lid) must not hold the lock for ever.
    socket = environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(settings.UPLOAD_IDLE_SECONDS)
    if _is_chunked(request):
        if not environ.get("wsgi.input_terminated"):
            raise BadRequest
        return uploads.Body(environ["wsgi.input"].read, None, _checksum(request))
    length = _number(request, "Content-Length") if request.headers.get("Content-Length") else 0
    return uploads.Body(request._request.read, length, _checksum(request))


def _checksum(request: Request) -> uploads.Checksum | None:
    header = request.headers.get("Upload-Checksum", "")
    if not header:
        return None
    algorithm, _space, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise BadRequest from error
    if len(digest) != {"sha1": 20, "sha256": 32, "md5": 16}[algorithm]:
        raise ChecksumMismatch
    return uploads.Checksum(algorithm, digest)


def _parts(listed: str) -> list[uuid.UUID]:
    found = [_PART.search(address) for address in listed.split()]
    if not found or len(found) > _MOST_PARTS:
        raise BadRequest
    ids = []
    for match in found:
        if match is None:
            raise BadRequest
        ids.append(uuid.UUID(match[1]))
    return ids
