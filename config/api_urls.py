"""The API's addresses, gathered from the rooms."""

from importlib import import_module

from django.urls import URLPattern, URLResolver

ROOMS = [
    "classroom.reports",
    "classroom.learning",
    "classroom.plans",
    "classroom.certificates",
    "classroom.completion",
    "classroom.exams",
    "classroom.progress",
    "classroom.enrolment",
    "classroom.institutions",
    "classroom.people",
    "courses.catalogue",
    "courses.questions",
    "media",
]

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    pattern for room in ROOMS for pattern in import_module(f"{room}.urls").api_urlpatterns
]
