"""Notes of a lesson, written as one types."""

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.enrolment.models import Enrolment
from classroom.learning import notes
from classroom.learning.models import Note
from courses.catalogue.models import EditionLesson

_GONE = OpenApiResponse(description="The lesson or the note is not this person's.")


class NotesFull(APIException):
    """The lesson has as many notes as are kept."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = _("This lesson has as many notes as can be kept. Delete one first.")
    default_code = "notes_full"


class NoteSerializer(serializers.ModelSerializer[Note]):
    """A note at a moment of a lesson."""

    class Meta:
        model = Note
        fields = ("id", "at_ms", "text", "updated_at")
        read_only_fields = ("id", "updated_at")
        extra_kwargs = {"text": {"max_length": 2000}}


class NoteTextSerializer(serializers.Serializer[Any]):
    """The new text of a note."""

    text = serializers.CharField(max_length=2000)


def _lesson(request: Request, enrolment_id: int, key: uuid.UUID) -> tuple[Enrolment, EditionLesson]:
    try:
        return notes.lesson_of(user=request.user, enrolment_id=enrolment_id, key=key)  # type: ignore[arg-type]
    except notes.NoSuchNote as missing:
        raise NotFound from missing


class NotesView(APIView):
    """The notes of a lesson."""

    @extend_schema(
        responses={200: NoteSerializer(many=True), 404: _GONE}, summary="List notes", tags=["learning"]
    )
    def get(self, request: Request, enrolment_id: int, key: uuid.UUID) -> Response:
        """Return the notes in the order of their moments."""
        enrolment, lesson = _lesson(request, enrolment_id, key)
        own = Note.objects.filter(enrolment=enrolment, lesson=lesson)
        return Response(NoteSerializer(own, many=True).data)

    @extend_schema(
        request=NoteSerializer,
        responses={
            201: NoteSerializer,
            404: _GONE,
            409: OpenApiResponse(description="The lesson has as many notes as are kept."),
        },
        summary="Write a note",
        tags=["learning"],
    )
    def post(self, request: Request, enrolment_id: int, key: uuid.UUID) -> Response:
        """Add a note."""
        enrolment, lesson = _lesson(request, enrolment_id, key)
        given = NoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            note = notes.write_note(enrolment=enrolment, lesson=lesson, **given.validated_data)
        except notes.TooManyNotes as full:
            raise NotesFull from full
        return Response(NoteSerializer(note).data, status=status.HTTP_201_CREATED)


class NoteView(APIView):
    """One note."""

    @extend_schema(
        request=NoteTextSerializer,
        responses={200: NoteSerializer, 404: _GONE},
        summary="Change a note",
        tags=["learning"],
    )
    def put(self, request: Request, enrolment_id: int, key: uuid.UUID, note_id: int) -> Response:
        """Replace its text."""
        enrolment, lesson = _lesson(request, enrolment_id, key)
        given = NoteTextSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        text = given.validated_data["text"]
        try:
            note = notes.change_note(enrolment=enrolment, lesson=lesson, note_id=note_id, text=text)
        except notes.NoSuchNote as missing:
            raise NotFound from missing
        return Response(NoteSerializer(note).data)

    @extend_schema(responses={204: None, 404: _GONE}, summary="Delete a note", tags=["learning"])
    def delete(self, request: Request, enrolment_id: int, key: uuid.UUID, note_id: int) -> Response:
        """Delete it."""
        enrolment, lesson = _lesson(request, enrolment_id, key)
        notes.delete_note(enrolment=enrolment, lesson=lesson, note_id=note_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
