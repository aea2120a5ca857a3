"""Addresses of the catalogue room."""

from django.urls import URLPattern, URLResolver, path

from courses.catalogue import notices
from courses.catalogue.api.views import CoursesView, CourseView, TopicsView

app_name = "catalogue"
urlpatterns: list[URLPattern | URLResolver] = [path("notices/", notices.notices, name="notices")]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("topics/", TopicsView.as_view(), name="topics"),
    path("courses/", CoursesView.as_view(), name="courses"),
    path("courses/<str:code>/", CourseView.as_view(), name="course"),
]
