"""Addresses of the institutions room."""

from django.urls import URLPattern, URLResolver, path

from classroom.institutions.views import imports

app_name = "institutions"
urlpatterns: list[URLPattern | URLResolver] = [
    path("institution/import/", imports.choose, name="import"),
    path("institution/import/template.xlsx", imports.template, name="import_template"),
    path("institution/import/<int:import_id>/", imports.shown, name="import_shown"),
    path("institution/import/<int:import_id>/apply/", imports.apply, name="import_apply"),
    path("institution/import/<int:import_id>/links/", imports.links, name="import_links"),
]
api_urlpatterns: list[URLPattern | URLResolver] = []
