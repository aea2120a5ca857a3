"""What was learned, for whoever may see it: outline, reasons, evidence."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.completion.queries import learned_in
from classroom.completion.reasons import reasons
from classroom.enrolment.models import Enrolment
from classroom.enrolment.queries import visible_enrolments
from classroom.institutions.queries import scope_of
from classroom.learning.api import serializers
from classroom.people.services import audit
from classroom.progress import keys
from classroom.progress.export import checkpoint_line, export_lines
from classroom.progress.models import Checkpoint
from classroom.progress.queries import gaps
from courses.catalogue.titles import titled

_NOT_SEEN = OpenApiResponse(description="Not within what one may see.")


def visible(request: Request, enrolment_id: int) -> Enrolment:
    """Return an enrolment in the reader's scope. Raises `NotFound` for any other."""
    enrolment = visible_enrolments(scope_of(request.user)).filter(pk=enrolment_id).first()
    if enrolment is None:
        raise NotFound
    return enrolment


def outline_of(enrolment: Enrolment) -> dict[str, Any]:
    """Return the lessons of an enrolment with progress, and every condition in words. Constant queries."""
    edition, learned = enrolment.edition, learned_in(enrolment)
    titles = {str(lesson.key): titled(lesson) for lesson in learned.lessons}
    return {
        "enrolment": enrolment.pk,
        "course": enrolment.course.code,
        "edition": edition.number,
        "title": titled(edition),
        "state": enrolment.state,
        "due_on": enrolment.due_on,
        "lessons": [
            {
                "key": str(lesson.key),
                "number": number,
                "kind": lesson.kind,
                "title": titles[str(lesson.key)],
                "duration_ms": lesson.duration_ms,
                "covered_ms": row.covered_ms if row else 0,
                "coverage": row.coverage if row else [],
                "missing": gaps(row, lesson.duration_ms, edition.policy),
                "position_ms": row.position_ms if row else 0,
                "is_complete": lesson.pk in learned.complete,
            }
            for number, lesson in enumerate(learned.lessons, 1)
            for row in [learned.progress.get(lesson.pk)]
        ],
        "conditions": [
            {
                "kind": line.kind,
                "state": line.state,
                "title": line.title,
                "standing": line.standing,
                "next_step": line.next_step,
                "keys": line.keys,
            }
            for line in reasons(enrolment, titles, learned)
        ],
    }


class OutlineView(APIView):
    """An enrolment's lessons and conditions."""

    @extend_schema(
        operation_id="learning_outline",
        summary="Where an enrolment stands, and why it is not complete yet",
        tags=["learning"],
        responses={200: serializers.Outline, 404: _NOT_SEEN},
    )
    def get(self, request: Request, enrolment_id: int) -> Response:
        """Return the same to the learner, the manager and the regulator."""
        return Response(outline_of(visible(request, enrolment_id)))


class EvidenceView(APIView):
    """The evidence of an enrolment, for the stand-alone verifier."""

    @extend_schema(
        operation_id="learning_evidence",
        summary="Export the evidence as JSON lines",
        tags=["learning"],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY, 404: _NOT_SEEN},
    )
    def get(self, request: Request, enrolment_id: int) -> StreamingHttpResponse | HttpResponse:
        """Return genesis, rows, progress, checkpoint and proof; it names the person by pseudonym only."""
        enrolment = visible(request, enrolment_id)
        audit(actor=request.user, action="progress.export_evidence", target=f"enrolment:{enrolment.pk}")  # type: ignore[arg-type]
        response = StreamingHttpResponse(_lines(enrolment), content_type="application/x-ndjson")
        response["Content-Disposition"] = f'attachment; filename="evidence-{enrolment.pk}.jsonl"'
        return response


def _lines(enrolment: Enrolment) -> Iterator[bytes]:
    for line in export_lines(enrolment, every=True):
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


class CheckpointsView(ListAPIView[Checkpoint]):
    """The signed checkpoints, newest first, for anyone who wants to keep a copy."""

    permission_classes = [AllowAny]
    serializer_class = serializers.CheckpointLine
    queryset = Checkpoint.objects.order_by("-number")

    @extend_schema(operation_id="evidence_checkpoints", summary="List checkpoints", tags=["evidence"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of checkpoints."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([checkpoint_line(one) for one in page])


class KeyView(APIView):
    """The key that checkpoints are signed with."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="evidence_key",
        summary="Read the public key",
        tags=["evidence"],
        responses={200: serializers.EvidenceKey},
    )
    def get(self, request: Request) -> Response:
        """Return the key as the verifier takes it."""
        public, *former = keys.public_keys()
        return Response({"id": keys.key_id(public), "public_key": public, "former": former})
