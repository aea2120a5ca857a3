"""Addresses of the shell."""

from django.urls import path, re_path

from config.shell import views

app_name = "shell"
urlpatterns = [
    re_path(
        r"^posters/(?P<code>[A-Z][A-Z0-9]{0,7})/(?P<letter>[A-Z])/(?P<hours>[0-9]{1,3}(?:\.[0-9])?)/"
        r"(?P<kind>full|thumb)\.svg$",
        views.poster,
        name="poster",
    ),
    path("theme/", views.set_theme, name="set_theme"),
    path("help/", views.page, {"name": "help"}, name="help"),
    path("accessibility/", views.page, {"name": "accessibility"}, name="accessibility"),
    path("states/", views.states, name="states"),
]
