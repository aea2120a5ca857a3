"""Addresses of the learning room."""

from django.urls import URLPattern, URLResolver, path

from classroom.learning import urls_preview, views, views_acts, views_exam
from classroom.learning.api.heartbeat import HeartbeatView
from classroom.learning.api.notes import NotesView, NoteView
from classroom.learning.api.player_settings import PlayerSettingsView
from classroom.learning.api.questions import LectureQuestionView
from classroom.learning.api.records import CheckpointsView, EvidenceView, KeyView, OutlineView
from classroom.learning.api.sessions import PositionView, PresenceView, SessionsView

app_name = "learning"
urlpatterns: list[URLPattern | URLResolver] = [
    path("learn/", views.my_learning, name="my_learning"),
    path("learn/<int:enrolment_id>/<uuid:lesson_key>/", views.player, name="player"),
    path("learn/<int:enrolment_id>/<uuid:lesson_key>/notes.txt", views.notes_file, name="notes_file"),
    path("learn/<int:enrolment_id>/<uuid:lesson_key>/read/", views_acts.acknowledge, name="acknowledge"),
    path("learn/<int:enrolment_id>/leave/", views_acts.withdraw, name="withdraw"),
    path("courses/enrol/<str:course_code>/", views_acts.enrol, name="enrol"),
    path("learn/exam/<int:enrolment_id>/start/", views_exam.start_exam, name="start_exam"),
    path("learn/exam/<int:attempt_id>/submit/", views_exam.submit_exam, name="submit_exam"),
    *urls_preview.urlpatterns,
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("learning/sessions/", SessionsView.as_view(), name="learning-sessions"),
    path(
        "learning/sessions/<uuid:session_id>/heartbeat/", HeartbeatView.as_view(), name="learning-heartbeat"
    ),
    path(
        "learning/sessions/<uuid:session_id>/presence/<uuid:check_id>/",
        PresenceView.as_view(),
        name="learning-presence",
    ),
    path(
        "learning/sessions/<uuid:session_id>/questions/<uuid:key>/",
        LectureQuestionView.as_view(),
        name="learning-question",
    ),
    path(
        "learning/position/<int:enrolment_id>/<uuid:key>/", PositionView.as_view(), name="learning-position"
    ),
    path("learning/settings/", PlayerSettingsView.as_view(), name="learning-settings"),
    path("learning/enrolments/<int:enrolment_id>/outline/", OutlineView.as_view(), name="learning-outline"),
    path(
        "learning/enrolments/<int:enrolment_id>/evidence/", EvidenceView.as_view(), name="learning-evidence"
    ),
    path("evidence/checkpoints/", CheckpointsView.as_view(), name="evidence-checkpoints"),
    path("evidence/key/", KeyView.as_view(), name="evidence-key"),
    path("learning/notes/<int:enrolment_id>/<uuid:key>/", NotesView.as_view(), name="learning-notes"),
    path(
        "learning/notes/<int:enrolment_id>/<uuid:key>/<int:note_id>/",
        NoteView.as_view(),
        name="learning-note",
    ),
    *urls_preview.api_urlpatterns,
]
