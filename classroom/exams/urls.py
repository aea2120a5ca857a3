"""Addresses of the exams room."""

from django.urls import URLPattern, URLResolver, path

from classroom.exams import views
from classroom.exams.api import views as api

app_name = "exams"
urlpatterns: list[URLPattern | URLResolver] = [
    path("exam/<int:enrolment_id>/", views.cover, name="cover"),
    path("exam/attempt/<int:attempt_id>/", views.sitting, name="sitting"),
    path("exam/attempt/<int:attempt_id>/answer/<int:number>/", views.answer, name="answer"),
    path("exam/attempt/<int:attempt_id>/result/", views.result, name="result"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("exams/attempts/<int:attempt_id>/", api.AttemptView.as_view(), name="exam-attempt"),
    path("exams/attempts/<int:attempt_id>/answers/", api.AnswersView.as_view(), name="exam-answers"),
]
