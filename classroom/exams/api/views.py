"""Saving answers, and asking where an attempt stands."""

from typing import Any, cast

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.exams import errors, queries, services
from classroom.exams.api import problems, serializers
from classroom.exams.models import Answer, Attempt
from classroom.people.models import User


def _own(request: Request, attempt_id: int) -> Attempt:
    try:
        return queries.own_attempt(cast(User, request.user), attempt_id)
    except Attempt.DoesNotExist as missing:
        raise Http404 from missing


def _state(answer: Answer) -> dict[str, Any]:
    return {
        "version": answer.version_id,
        "choice": answer.choice,
        "is_flagged": answer.is_flagged,
        "revision": answer.revision,
        "saved_at": answer.saved_at,
    }


class AttemptView(APIView):
    """Where an attempt stands, for a second device or a returning one."""

    @extend_schema(
        operation_id="exam_attempt",
        tags=["exams"],
        responses={200: serializers.AttemptState, 404: OpenApiResponse(description="Not one's own.")},
    )
    def get(self, request: Request, attempt_id: int) -> Response:
        """Return the attempt's clock and saved answers."""
        attempt = _own(request, attempt_id)
        state = {
            "id": attempt.pk,
            "state": attempt.state,
            "started_at": attempt.started_at,
            "deadline_at": attempt.deadline_at,
            "server_time": timezone.now(),
            "answers": [_state(answer) for answer in attempt.answers.order_by("version")],
        }
        return Response(serializers.AttemptState(state).data)


class AnswersView(APIView):
    """One's answers in an attempt."""

    @extend_schema(
        operation_id="exam_save_answer",
        tags=["exams"],
        request=serializers.AnswerRequest,
        responses={
            200: serializers.SavedAnswer,
            400: OpenApiResponse(description="The answer does not fit the question."),
            404: OpenApiResponse(description="Not one's own attempt."),
            409: OpenApiResponse(description="Handed in, or a newer answer is there."),
            410: OpenApiResponse(description="The time is up."),
        },
    )
    def put(self, request: Request, attempt_id: int) -> Response:
        """Save one answer; 200 means that it is durable."""
        attempt = _own(request, attempt_id)
        body = serializers.AnswerRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        try:
            saved = services.save_answer(
                attempt=attempt,
                version_id=given["version"],
                choice=given["choice"],
                is_flagged=given["is_flagged"],
                revision=given["revision"],
            )
        except errors.ExamError as error:
            raise problems.ExamProblem(
                error, server_time=timezone.now(), deadline_at=attempt.deadline_at
            ) from error
        state = _state(saved.answer)
        if not saved.accepted:
            words = _("A newer answer to this question was saved from another page or device.")
            raise problems.NewerAnswer(words, serializers.AnswerState(state).data)
        state |= {"server_time": timezone.now(), "deadline_at": attempt.deadline_at}
        return Response(serializers.SavedAnswer(state).data)
