"""Addresses of the catalogue room."""

from django.urls import URLPattern, URLResolver, path

from courses.catalogue import notices

app_name = "catalogue"
urlpatterns: list[URLPattern | URLResolver] = [path("notices/", notices.notices, name="notices")]
api_urlpatterns: list[URLPattern | URLResolver] = []
