"""Addresses of the reports room."""

from django.urls import URLPattern, URLResolver, path

from classroom.reports.api import views as api
from classroom.reports.views import assign, corrections, exports, overview, people, supervision

app_name = "reports"
urlpatterns: list[URLPattern | URLResolver] = [
    path("institution/people/", people.people, name="people"),
    path("institution/people/assign/", assign.assign, name="assign"),
    path("institution/people/remind/", people.remind, name="remind"),
    path("overview/", overview.overview, name="overview"),
    path("overview/institution/<int:institution_id>/", overview.institution, name="institution"),
    path("overview/person/<int:enrolment_id>/", overview.person, name="person"),
    path("overview/person/<int:enrolment_id>/correct/", corrections.propose, name="correct"),
    path(
        "overview/person/<int:enrolment_id>/supervise/<int:attempt_id>/",
        supervision.supervise,
        name="supervise",
    ),
    path("overview/corrections/", corrections.listing, name="corrections"),
    path("overview/corrections/<int:correction_id>/", corrections.decide, name="correction"),
    path("overview/<slug:code>/", overview.authority, name="authority"),
    path("exports/", exports.listing, name="exports"),
    path("exports/new/", exports.create, name="export"),
    path("exports/<uuid:run_id>/", exports.download, name="download"),
    path("me/data.json", exports.my_data, name="my_data"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("reports/overview/", api.OverviewView.as_view(), name="reports-overview"),
    path("reports/institutions/", api.InstitutionsView.as_view(), name="reports-institutions"),
    path(
        "reports/institutions/<int:institution_id>/people/", api.PeopleView.as_view(), name="reports-people"
    ),
    path("reports/runs/", api.RunsView.as_view(), name="reports-runs"),
]
