"""Addresses of the learning room."""

from django.urls import URLPattern, URLResolver, path

from classroom.learning import views, views_exam
from classroom.learning.api.notes import NotesView, NoteView

app_name = "learning"
urlpatterns: list[URLPattern | URLResolver] = [
    path("learn/", views.my_learning, name="my_learning"),
    path("learn/<int:enrolment_id>/<uuid:lesson_key>/", views.player, name="player"),
    path("learn/<int:enrolment_id>/<uuid:lesson_key>/notes.txt", views.notes_file, name="notes_file"),
    path("learn/exam/<int:enrolment_id>/start/", views_exam.start_exam, name="start_exam"),
    path("learn/exam/<int:attempt_id>/submit/", views_exam.submit_exam, name="submit_exam"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("learning/notes/<int:enrolment_id>/<uuid:key>/", NotesView.as_view(), name="learning-notes"),
    path(
        "learning/notes/<int:enrolment_id>/<uuid:key>/<int:note_id>/",
        NoteView.as_view(),
        name="learning-note",
    ),
]
