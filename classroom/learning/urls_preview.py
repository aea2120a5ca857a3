"""Addresses of the preview: its pages, and what its player speaks to."""

from django.urls import URLPattern, URLResolver, path, register_converter
from django.urls.converters import StringConverter

from classroom.learning import views_preview
from classroom.learning.api import preview
from classroom.learning.preview.lesson import BY_THE_RULES, FREELY


class WayConverter(StringConverter):
    """How a lecture is tried."""

    regex = f"{BY_THE_RULES}|{FREELY}"


register_converter(WayConverter, "way")

_PLACE = "learning/preview/<int:page_id>/<uuid:key>/"
_SESSIONS = _PLACE + "<way:way>/sessions/"
_SESSION = _SESSIONS + "<uuid:session_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("preview/<int:page_id>/", views_preview.course, name="preview"),
    path("preview/<int:page_id>/exam/", views_preview.exam, name="preview_exam"),
    path("preview/<int:page_id>/<uuid:lesson_key>/", views_preview.lesson, name="preview_lesson"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path(_SESSIONS, preview.PreviewSessionsView.as_view(), name="learning-preview-sessions"),
    path(_SESSION + "heartbeat/", preview.PreviewHeartbeatView.as_view(), name="learning-preview-heartbeat"),
    path(
        _SESSION + "presence/<uuid:check_id>/",
        preview.PreviewPresenceView.as_view(),
        name="learning-preview-presence",
    ),
    path(
        _SESSION + "questions/<uuid:question>/",
        preview.PreviewQuestionView.as_view(),
        name="learning-preview-question",
    ),
    path(_PLACE + "notes/", preview.PreviewNotesView.as_view(), name="learning-preview-notes"),
    path(_PLACE + "notes/<int:note_id>/", preview.PreviewNoteView.as_view(), name="learning-preview-note"),
    path(_PLACE + "settings/", preview.PreviewSettingsView.as_view(), name="learning-preview-settings"),
]
