"""Addresses of the media room."""

from django.urls import URLPattern, URLResolver, path

from media import views
from media.api.direct import CompleteView, DirectUploadsView, DirectUploadView, PartsView
from media.api.playback import RenewView
from media.api.tus import UploadsView, UploadView

app_name = "media"
urlpatterns: list[URLPattern | URLResolver] = [
    path("stream/poster/<str:signature>/<uuid:encode>.jpg", views.poster, name="poster"),
    path(
        "stream/<str:signature>/<int:expiry>/<slug:person>/<slug:session>/<uuid:encode>/<path:file>",
        views.stream,
        name="stream",
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads/", UploadsView.as_view(), name="uploads"),
    path("uploads/<uuid:upload_id>/", UploadView.as_view(), name="upload"),
    path("uploads/direct/", DirectUploadsView.as_view(), name="direct-uploads"),
    path("uploads/direct/<uuid:upload_id>/", DirectUploadView.as_view(), name="direct-upload"),
    path("uploads/direct/<uuid:upload_id>/parts/", PartsView.as_view(), name="direct-parts"),
    path("uploads/direct/<uuid:upload_id>/complete/", CompleteView.as_view(), name="direct-complete"),
    path("playback/renew/", RenewView.as_view(), name="playback-renew"),
]
