"""What the learner's player speaks to in a preview: the same shapes, and nothing of it is kept in any row.

A viewing is its opener's own; opening one and answering a question ask anew whether the person may try the draft.
"""

import time
import uuid
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.exams.in_lectures import Asked
from classroom.exams.scoring import is_right
from classroom.learning import player_settings
from classroom.learning.api import question_serializers, serializers
from classroom.learning.api.heartbeat import acknowledgement
from classroom.learning.api.notes import NoteSerializer, NoteTextSerializer
from classroom.learning.api.player_settings import PlayerSettingsChoice
from classroom.learning.api.problems import LearningProblem
from classroom.learning.api.questions import told
from classroom.learning.api.reports import BadReport, read_report
from classroom.learning.preview import viewing
from classroom.learning.preview.lesson import TriedLesson, tried_lesson
from classroom.learning.services import Beat
from classroom.people.models import User
from classroom.progress.errors import LessonNotPlayable, MomentNotReached, ProgressError
from classroom.progress.moments import to_ms
from classroom.progress.terms import GRANT_MS
from courses.catalogue.drafts import DraftQuestion, questions_of
from media import playback

_NOISE = 1000


def _lesson(request: Request, page_id: int, key: uuid.UUID, way: str = "") -> TriedLesson:
    """Return a lesson of a draft that the person may try. Raises `NotFound` for anything else."""
    lesson = tried_lesson(cast(User, request.user), page_id, key, way)
    if lesson is None:
        raise NotFound
    return lesson


class _PreviewView(APIView):
    """Of the site's own pages only; no program needs it, so the schema does not name it."""


@extend_schema(exclude=True)
class PreviewSessionsView(_PreviewView):
    """Viewings of a draft's lecture."""

    def post(self, request: Request, page_id: int, key: uuid.UUID, way: str) -> Response:
        """Grant the stream of what can be watched, by the draft's rules or freely."""
        lesson = _lesson(request, page_id, key, way)
        encode = lesson.lesson.encode
        if encode is None:
            raise LearningProblem(LessonNotPlayable())
        user = cast(User, request.user)
        opened = viewing.open_viewing(
            person=user.pk, policy=lesson.played, duration_ms=lesson.lesson.duration_ms
        )
        granted = playback.grant(
            encode=encode,
            person=str(user.pseudonym),
            session=str(opened.id),
            lifetime_s=GRANT_MS // 1000,
            browser=playback.browser_of(request._request),
        )
        return Response(
            {
                "session": str(opened.id),
                "manifest_url": granted.manifest_url,
                "poster_url": granted.poster_url,
                "storyboard_url": granted.storyboard_url,
                "captions": granted.captions,
                "expires_at": granted.expires_at,
                "policy": lesson.played.to_dict(),
                "questions": told([_asked(one) for one in questions_of(lesson.draft, lesson.lesson)]),
                "settings": player_settings.told(player_settings.settings_of(user)),
                "duration_ms": lesson.lesson.duration_ms,
                "server_time": timezone.now(),
                "position_ms": 0,
                "coverage": [],
                "covered_ms": 0,
                "furthest_ms": 0,
                "missing": opened.missing,
                "waiting": [],
                "lesson_completed": False,
            },
            status=status.HTTP_201_CREATED,
        )


def _asked(one: DraftQuestion) -> Asked:
    options = [{"key": option["key"], "text": option["text"]} for option in one.version.options]
    kind = one.version.question.kind
    return Asked(one.key, one.at_ms, kind, one.version.stem, options, tries=0, is_answered=False)


@extend_schema(exclude=True)
class PreviewHeartbeatView(_PreviewView):
    """Reports of what was shown."""

    def post(self, request: Request, session_id: uuid.UUID, **_: Any) -> Response:
        """Say what of it would count."""
        try:
            report = read_report(request._request.body)
            credit = viewing.take_report(
                person=cast(User, request.user).pk,
                viewing_id=session_id,
                seq=report.seq,
                spans=report.spans,
            )
        except BadReport as error:
            raise ParseError(str(error)) from error
        except ProgressError as error:
            raise LearningProblem(error) from error
        return Response(acknowledgement(Beat(credit)))


@extend_schema(exclude=True)
class PreviewPresenceView(_PreviewView):
    """The question whether one is there."""

    def post(self, request: Request, session_id: uuid.UUID, check_id: uuid.UUID, **_: Any) -> Response:
        """Say that one is, or ask for another minute."""
        body = serializers.PresenceAct(data=request.data)
        body.is_valid(raise_exception=True)
        person = cast(User, request.user).pk
        try:
            if body.validated_data["action"] == "answer":
                passed = viewing.answer_check(person=person, viewing_id=session_id)
                return Response({"id": str(check_id), "is_passed": passed})
            asked = viewing.extend_check(person=person, viewing_id=session_id)
        except ProgressError as error:
            raise LearningProblem(error) from error
        if asked is None:
            raise NotFound
        left = {"seconds_left": asked.seconds_left, "extensions_left": asked.extensions_left}
        return Response({"id": str(asked.id), **left})


@extend_schema(exclude=True)
class PreviewQuestionView(_PreviewView):
    """A question inside a draft's lecture."""

    def post(
        self,
        request: Request,
        page_id: int,
        key: uuid.UUID,
        session_id: uuid.UUID,
        question: uuid.UUID,
        **_: Any,
    ) -> Response:
        """Grade a try and forget it; as a learner's, it comes after its moment was played."""
        body = question_serializers.LectureAnswerRequest(data=request.data)
        body.is_valid(raise_exception=True)
        lesson = _lesson(request, page_id, key)
        asked = {one.key: one for one in questions_of(lesson.draft, lesson.lesson)}.get(question)
        if asked is None:
            raise NotFound
        person = cast(User, request.user).pk
        try:
            if not viewing.has_shown(person=person, viewing_id=session_id, moment=asked.at_ms):
                raise MomentNotReached
        except ProgressError as error:
            raise LearningProblem(error) from error
        version = asked.version
        return Response(
            {
                "key": str(question),
                "number": body.validated_data.get("number") or 1,
                "is_right": is_right(version.answers, body.validated_data["choice"]),
                "explanation": version.explanation,
                "legal_basis": version.legal_basis,
                "course_completed": False,
                "certificate": None,
            }
        )


@extend_schema(exclude=True)
class PreviewNotesView(_PreviewView):
    """Notes of a preview: they stand on the page until it is left, and nowhere else."""

    def post(self, request: Request, **_: Any) -> Response:
        """Give a new note back as it was written."""
        body = NoteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        note, noise = body.validated_data, time.time_ns() // 1000 % _NOISE
        # Nothing remembers the note, so its number says at which moment it stands.
        number = note["at_ms"] * _NOISE + noise
        return Response(_note(number, note["text"]), status=status.HTTP_201_CREATED)


@extend_schema(exclude=True)
class PreviewNoteView(_PreviewView):
    """One note of a preview."""

    def put(self, request: Request, note_id: int, **_: Any) -> Response:
        """Give it back as it was changed."""
        body = NoteTextSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_note(note_id, body.validated_data["text"]))

    def delete(self, request: Request, note_id: int, **_: Any) -> Response:
        """Let it go from the page."""
        return Response(status=status.HTTP_204_NO_CONTENT)


def _note(number: int, text: str) -> dict[str, Any]:
    return {"id": number, "at_ms": number // _NOISE, "text": text}


@extend_schema(exclude=True)
class PreviewSettingsView(_PreviewView):
    """How one likes to watch; what is tried in a preview is not kept for later."""

    def patch(self, request: Request, **_: Any) -> Response:
        """Agree to what was chosen, for as long as the page is open."""
        given = request.data if isinstance(request.data, dict) else {}
        body = PlayerSettingsChoice(
            data={name: given[name] for name in ("rate", "captions") if name in given}
        )
        body.is_valid(raise_exception=True)
        now = to_ms(timezone.now())
        chosen = {name: body.validated_data.get(name) for name in ("rate", "captions")}
        return Response(chosen | {f"{name}_at_ms": now if value else 0 for name, value in chosen.items()})
