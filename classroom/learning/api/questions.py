"""Questions inside a lecture: what a viewing is told of them, and the learner's answers."""

import uuid
from typing import Any, cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from classroom.exams.errors import ExamError
from classroom.exams.in_lectures import Asked
from classroom.learning import services
from classroom.learning.api import question_serializers as serializers
from classroom.learning.api.problems import LearningProblem
from classroom.people.models import User
from classroom.progress.errors import ProgressError


class AnswerThrottle(UserRateThrottle):
    """Nobody reads and answers a question a second; a script that tries them all is slowed down."""

    scope = "lecture_answers"
    rate = "60/min"


def told(asked: list[Asked]) -> list[dict[str, Any]]:
    """Return what a viewing is told of its questions: never which option is right."""
    return [
        {
            "key": str(one.key),
            "at_ms": one.at_ms,
            "kind": one.kind,
            "stem": one.stem,
            "options": one.options,
            "tries": one.tries,
            "is_answered": one.is_answered,
        }
        for one in asked
    ]


class LectureQuestionView(APIView):
    """A question of the lecture that is viewed."""

    throttle_classes = [AnswerThrottle]

    @extend_schema(
        operation_id="learning_answer_question",
        summary="Answer a question inside a lecture",
        tags=["learning"],
        request=serializers.LectureAnswerRequest,
        responses={
            200: serializers.LectureAnswerGraded,
            400: OpenApiResponse(description="The choice does not fit the question; nothing was kept."),
            404: OpenApiResponse(description="No viewing of one's own, or the lecture does not ask this."),
            409: OpenApiResponse(description="No longer enrolled, or the moment was not played yet."),
            429: OpenApiResponse(description="Too often; Retry-After says when."),
        },
    )
    def post(self, request: Request, session_id: uuid.UUID, key: uuid.UUID) -> Response:
        """Grade a try and keep it; 200 means that it is durable. There is no limit to tries."""
        body = serializers.LectureAnswerRequest(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            done = services.answer_question(
                user_id=cast(User, request.user).pk,
                session_id=session_id,
                key=key,
                choice=body.validated_data["choice"],
                number=body.validated_data.get("number"),
            )
        except (ProgressError, ExamError) as error:
            raise LearningProblem(error) from error
        version = done.answer.question.version
        return Response(
            {
                "key": str(key),
                "number": done.answer.number,
                "is_right": done.answer.is_right,
                "explanation": version.explanation,
                "legal_basis": version.legal_basis,
                "course_completed": done.is_course_complete,
                "certificate": done.certificate.number if done.certificate else None,
            }
        )
