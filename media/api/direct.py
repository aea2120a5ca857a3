"""Uploads straight into the bucket, over HTTP. What the requests mean is in `media.direct`.

The bytes go to presigned addresses of the bucket; here it is only asked where, and said that all is there.
"""

import base64
import binascii
import uuid
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media import direct
from media.api.tus import UploadProblem
from media.models import Upload
from media.permissions import may_upload
from media.upload_rules import BadRequest, NotAllowed, UploadRefused, declared_in, metadata_of

_TOLD = ("filename", "filetype", "title", "language", "sha256", "sample")
_REFUSALS = {
    400: OpenApiResponse(description="Something is missing or malformed, or the file is empty."),
    403: OpenApiResponse(description="Not a trainer, or the upload is complete."),
    404: OpenApiResponse(description="No such upload of this person; or files are not kept in a bucket."),
    410: OpenApiResponse(description="Cancelled or expired."),
    503: OpenApiResponse(description="The bucket does not answer; try again."),
}


class BeginSerializer(serializers.Serializer[Any]):
    """The file that is to be sent."""

    length = serializers.IntegerField(min_value=0, help_text="Bytes of the file.")
    filename = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    filetype = serializers.CharField(required=False, allow_blank=True, max_length=255)
    title = serializers.CharField(required=False, allow_blank=True, max_length=500)
    language = serializers.CharField(required=False, allow_blank=True, max_length=16)
    sha256 = serializers.CharField(
        required=False, allow_blank=True, max_length=64, help_text="A file that is here is finished at once."
    )
    sample = serializers.CharField(
        required=False, allow_blank=True, max_length=80, help_text="What tells a large file again."
    )
    lecture = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="The lecture whose video is replaced."
    )
    head = serializers.CharField(
        required=False, allow_blank=True, max_length=1024, help_text="The first 512 bytes, in base64."
    )


class DirectUploadSerializer(serializers.Serializer[Any]):
    """An upload and how far it is."""

    url = serializers.CharField(help_text="The address of this upload.")
    state = serializers.ChoiceField(choices=["receiving", "checking", "finished"])
    part_size = serializers.IntegerField(help_text="Bytes of every part but the last.")
    parts = serializers.IntegerField(help_text="How many parts there are; numbers begin with 1.")
    have = serializers.ListField(child=serializers.IntegerField(), help_text="Parts that the bucket has.")
    lecture = serializers.IntegerField(allow_null=True, help_text="Once it has become one.")
    expires_at = serializers.DateTimeField()


class NumbersSerializer(serializers.Serializer[Any]):
    """Parts that are about to be sent."""

    numbers = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=direct.ADDRESSES_AT_ONCE
    )


class AddressSerializer(serializers.Serializer[Any]):
    """Where one part goes."""

    number = serializers.IntegerField()
    url = serializers.CharField(help_text="PUT exactly the bytes of the part here, without any header.")
    size = serializers.IntegerField()


class AddressesSerializer(serializers.Serializer[Any]):
    """Where parts go, and for how long."""

    addresses = AddressSerializer(many=True)
    expires_in = serializers.IntegerField(help_text="Seconds.")


class DirectView(APIView):
    """What all requests share: refusals as problems, nothing kept by anyone in between."""

    throttle_classes = []  # a transfer is many requests; begun uploads are bounded by the quota

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let only trainers in, whatever they ask."""
        super().initial(request, *args, **kwargs)
        if not may_upload(request.user):
            raise NotAllowed

    def handle_exception(self, exc: Exception) -> Response:
        """Turn refusals of the room into problem details."""
        if not isinstance(exc, UploadRefused):
            return super().handle_exception(exc)
        response = super().handle_exception(UploadProblem(exc))
        for name, value in exc.headers.items():
            response[name] = value
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say that answers are of this moment only."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


def _said(upload: Upload, standing: direct.Standing) -> dict[str, Any]:
    """Return an upload as it is told to the client."""
    found = {
        "url": reverse("api:direct-upload", args=[upload.pk]),
        "state": standing.state,
        "part_size": standing.layout.part_size,
        "parts": standing.layout.count,
        "have": standing.have,
        "lecture": upload.lecture_id if standing.state == "finished" else None,
        "expires_at": upload.expires_at,
    }
    return dict(DirectUploadSerializer(found).data)


def _finished(upload: Upload) -> direct.Standing:
    return direct.Standing("finished", direct.layout_of(upload))


class DirectUploadsView(DirectView):
    """Where uploads into the bucket begin."""

    @extend_schema(
        operation_id="direct_uploads_create",
        summary="Begin an upload straight into the bucket",
        tags=["uploads"],
        request=BeginSerializer,
        responses={
            201: DirectUploadSerializer,
            413: OpenApiResponse(description="Too large, or the quota is used up."),
            415: OpenApiResponse(description="Not a recording."),
            **_REFUSALS,
        },
    )
    def post(self, request: Request) -> Response:
        """Begin; a file that is known here is finished at once."""
        asked = BeginSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        pairs = {name: told[name] for name in _TOLD if told.get(name)}
        if told.get("lecture") is not None:
            pairs["lecture"] = str(told["lecture"])
        upload = direct.begin(
            owner=request.user,
            declared=declared_in(metadata_of(pairs)),
            length=told["length"],
            head=_bytes(told.get("head", "")),
        )
        is_known = upload.state == Upload.State.FINISHED
        standing = _finished(upload) if is_known else direct.Standing("receiving", direct.layout_of(upload))
        return Response(_said(upload, standing), status=201)


class DirectUploadView(DirectView):
    """One upload of the person who asks."""

    @extend_schema(
        operation_id="direct_uploads_standing",
        summary="Ask which parts have arrived",
        tags=["uploads"],
        responses={200: DirectUploadSerializer, **_REFUSALS},
    )
    def get(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Answer with what the bucket has."""
        upload = direct.find(owner=request.user, upload_id=upload_id)
        return Response(_said(upload, direct.standing(upload)))

    @extend_schema(
        operation_id="direct_uploads_cancel",
        summary="Cancel an upload",
        tags=["uploads"],
        responses={204: OpenApiResponse(description="Cancelled; its parts are gone."), **_REFUSALS},
    )
    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Cancel, even while parts arrive."""
        direct.terminate(upload=direct.find(owner=request.user, upload_id=upload_id))
        return Response(status=204)


class PartsView(DirectView):
    """Addresses for the next parts."""

    @extend_schema(
        operation_id="direct_uploads_parts",
        summary="Ask where parts are to be PUT",
        tags=["uploads"],
        request=NumbersSerializer,
        responses={200: AddressesSerializer, **_REFUSALS},
    )
    def post(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Sign addresses that work for a quarter of an hour, each for one part of the right size."""
        asked = NumbersSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = direct.find(owner=request.user, upload_id=upload_id)
        found = direct.addresses(upload=upload, numbers=asked.validated_data["numbers"])
        said = AddressesSerializer({"addresses": found, "expires_in": direct.ADDRESS_SECONDS})
        return Response(said.data)


class CompleteView(DirectView):
    """The end of an upload."""

    @extend_schema(
        operation_id="direct_uploads_complete",
        summary="Say that all parts are there",
        tags=["uploads"],
        request=None,
        responses={
            202: DirectUploadSerializer,
            409: OpenApiResponse(description="Parts are missing; `missing` has their numbers."),
            415: OpenApiResponse(description="Not a recording."),
            460: OpenApiResponse(description="The bytes are not those that were declared."),
            **_REFUSALS,
        },
    )
    def post(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Put the parts together; a worker makes the lecture."""
        upload = direct.find(owner=request.user, upload_id=upload_id)
        direct.complete(upload=upload)
        if upload.state == Upload.State.FINISHED:
            standing = _finished(upload)
        else:
            standing = direct.Standing("checking", direct.layout_of(upload))
        return Response(_said(upload, standing), status=202)


def _bytes(said: str) -> bytes:
    """Return what was said in base64. Raises `BadRequest`."""
    try:
        return base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest from error
