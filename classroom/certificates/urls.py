"""Addresses of the certificates room."""

from django.urls import URLPattern, URLResolver, path

from classroom.certificates.api.verify import VerifyView
from classroom.certificates.views import own, public

app_name = "certificates"
urlpatterns: list[URLPattern | URLResolver] = [
    path("certificates/", own.mine, name="mine"),
    path("certificates/<str:number>.pdf", own.pdf, name="pdf"),
    path("certificates/<str:number>.json", own.credential, name="credential"),
    path("certificates/specimen/<str:course_code>.png", own.specimen, name="specimen"),
    path("verify/", public.verify, name="verify"),
    path("verify/file/", public.verify_file, name="verify_file"),
    path("v/<str:token>/", public.verify_token, name="verify_token"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("verify/<str:token>/", VerifyView.as_view(), name="verify-certificate"),
]
