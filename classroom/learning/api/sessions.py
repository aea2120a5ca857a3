"""Opening a viewing, answering a presence check, and the place where a lecture was left."""

import uuid
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from classroom.enrolment.models import Enrolment
from classroom.enrolment.queries import own_enrolment
from classroom.exams.in_lectures import asked_of
from classroom.learning import player_settings, services
from classroom.learning.api import serializers
from classroom.learning.api.problems import LearningProblem
from classroom.learning.api.questions import told
from classroom.people.models import User
from classroom.progress import services as progress
from classroom.progress.errors import ProgressError
from classroom.progress.models import LessonProgress, PlaySession
from classroom.progress.queries import gaps, is_seen, waiting_media
from classroom.progress.terms import GRANT_MS
from courses.catalogue.models import EditionLesson
from courses.catalogue.policy import Policy
from media import playback

_NOT_OWN = OpenApiResponse(description="Not one's own.")


def own_lesson(request: Request, enrolment_id: int, key: uuid.UUID) -> tuple[Enrolment, EditionLesson]:
    """Return one's own enrolment and a lesson of its edition. Raises `NotFound` for anything else."""
    try:
        enrolment = own_enrolment(request.user, enrolment_id)
        lesson = EditionLesson.objects.select_related("encode__lecture").get(
            edition_id=enrolment.edition_id, key=key
        )
    except (Enrolment.DoesNotExist, EditionLesson.DoesNotExist) as missing:
        raise NotFound from missing
    return enrolment, lesson


class OpeningThrottle(UserRateThrottle):
    """Reloading every second is honest; sixty a minute and more is not."""

    scope = "sessions"
    rate = "120/min"


class SessionsView(APIView):
    """Viewings of lectures."""

    throttle_classes = [OpeningThrottle]

    @extend_schema(
        operation_id="learning_open_session",
        summary="Open a viewing",
        tags=["learning"],
        request=serializers.SessionRequest,
        responses={
            201: serializers.SessionGrant,
            400: OpenApiResponse(description="The lesson has no lecture."),
            404: _NOT_OWN,
            409: OpenApiResponse(description="No longer enrolled."),
        },
    )
    def post(self, request: Request) -> Response:
        """Grant the stream of a lesson and take the crediting lease; another device learns it."""
        body = serializers.SessionRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        enrolment, lesson = own_lesson(request, given["enrolment"], given["lesson"])
        try:
            session = progress.open_session(
                enrolment=enrolment,
                lesson=lesson,
                device=given["device"],
                address=request.META.get("REMOTE_ADDR", ""),
                agent=request.META.get("HTTP_USER_AGENT", ""),
            )
        except ProgressError as error:
            raise LearningProblem(error) from error
        return Response(_grant(request, session), status=status.HTTP_201_CREATED)


def _grant(request: Request, session: PlaySession) -> dict[str, Any]:
    user = cast(User, request.user)
    granted = playback.grant(
        encode=session.encode,
        person=str(user.pseudonym),
        session=str(session.pk),
        # As long as the viewing counts: the player opens the next one before either ends.
        lifetime_s=GRANT_MS // 1000,
        browser=playback.browser_of(request._request),
    )
    row, policy = session.progress, Policy.from_dict(session.policy)
    return {
        "session": str(session.pk),
        "manifest_url": granted.manifest_url,
        "poster_url": granted.poster_url,
        "storyboard_url": granted.storyboard_url,
        "captions": granted.captions,
        "expires_at": granted.expires_at,
        "policy": policy.to_dict(),
        "questions": told(asked_of(session.enrolment_id, session.lesson_id)),
        "settings": player_settings.told(player_settings.settings_of(user)),
        "duration_ms": session.duration_ms,
        "server_time": timezone.now(),
        **_standing(row, session.duration_ms, session.policy),
    }


def _standing(row: LessonProgress, duration: int, policy: dict[str, Any]) -> dict[str, Any]:
    return {
        "position_ms": row.position_ms,
        "coverage": row.coverage,
        "covered_ms": row.covered_ms,
        "furthest_ms": row.furthest_ms,
        "missing": gaps(row, duration, policy),
        "waiting": waiting_media(row),
        "lesson_completed": is_seen(row, duration, policy),
    }


class PresenceView(APIView):
    """A presence check of one's own."""

    @extend_schema(
        operation_id="learning_presence",
        summary="Answer or extend a presence check",
        tags=["learning"],
        request=serializers.PresenceAct,
        responses={
            200: serializers.PresenceAnswer,
            404: _NOT_OWN,
            409: OpenApiResponse(description="It cannot be extended further."),
        },
    )
    def post(self, request: Request, session_id: uuid.UUID, check_id: uuid.UUID) -> Response:
        """Say that one is here, or ask for another minute."""
        body = serializers.PresenceAct(data=request.data)
        body.is_valid(raise_exception=True)
        user = cast(User, request.user)
        try:
            if body.validated_data["action"] == "extend":
                asked = progress.extend_check(check_id=check_id, user_id=user.pk)
                return Response(
                    {
                        "id": str(asked.id),
                        "seconds_left": asked.seconds_left,
                        "extensions_left": asked.extensions_left,
                    }
                )
            answer = services.answer_presence(user=user, check_id=check_id)
        except ProgressError as error:
            raise LearningProblem(error) from error
        return Response({"id": str(check_id), "is_passed": answer.is_passed})


class PositionView(APIView):
    """Where one left a lecture, on any device."""

    @extend_schema(
        operation_id="learning_position",
        summary="Read where a lecture was left",
        tags=["learning"],
        responses={200: serializers.Position, 404: _NOT_OWN},
    )
    def get(self, request: Request, enrolment_id: int, key: uuid.UUID) -> Response:
        """Return the position; 0 where it was not begun."""
        enrolment, lesson = own_lesson(request, enrolment_id, key)
        row = LessonProgress.objects.filter(enrolment=enrolment, lesson=lesson).first()
        return Response({"position_ms": row.position_ms if row else 0})

    @extend_schema(
        operation_id="learning_save_position",
        summary="Keep where a lecture was left",
        tags=["learning"],
        request=serializers.Position,
        responses={200: serializers.Position, 404: _NOT_OWN},
    )
    def put(self, request: Request, enrolment_id: int, key: uuid.UUID) -> Response:
        """Keep the position; it earns nothing."""
        enrolment, lesson = own_lesson(request, enrolment_id, key)
        body = serializers.Position(data=request.data)
        body.is_valid(raise_exception=True)
        row = progress.save_position(enrolment=enrolment, lesson=lesson, **body.validated_data)
        return Response({"position_ms": row.position_ms})
