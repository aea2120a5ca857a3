"""Addresses of the exams room."""

from django.urls import URLPattern, URLResolver

app_name = "exams"
urlpatterns: list[URLPattern | URLResolver] = []
api_urlpatterns: list[URLPattern | URLResolver] = []
