"""The site's addresses. Each room brings its own; Wagtail serves the rest."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from classroom.people.views import language, signing
from config.api_urls import ROOMS

urlpatterns = [
    # Django's own would switch the pages and leave the person's mails as they were.
    path("i18n/setlang/", language.set_language, name="set_language"),
    # The admin's own door would know neither the audit nor the list of one's devices.
    path("admin/login/", signing.sign_in),
    path("admin/logout/", signing.sign_out),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="shell/api_docs.html"),
        name="api-docs",
    ),
    path("api/", include("config.api_urls")),
    path("", include("config.shell.urls")),
    *[path("", include(f"{room}.urls")) for room in ROOMS],
    path("", include(wagtail_urls)),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
