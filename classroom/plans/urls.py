"""Addresses of the plans room."""

from django.urls import URLPattern, URLResolver, path

from classroom.plans import views

app_name = "plans"
urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.create, name="new"),
    path("plans/<int:plan_id>/", views.plan, name="plan"),
    path("plans/<int:plan_id>/end/", views.end, name="end"),
]
api_urlpatterns: list[URLPattern | URLResolver] = []
