"""Addresses of the completion room."""

from django.urls import URLPattern, URLResolver

app_name = "completion"
urlpatterns: list[URLPattern | URLResolver] = []
api_urlpatterns: list[URLPattern | URLResolver] = []
