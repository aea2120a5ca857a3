"""Certificates in Wagtail's admin."""

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from classroom.certificates import admin_views as admin
from classroom.certificates.permissions import may_end


class CertificatesMenuItem(MenuItem):
    """Shown to those who may end certificates."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Whether this person may."""
        return may_end(request.user)


@hooks.register("register_admin_urls")
def certificate_urls() -> list[URLPattern]:
    """Return the addresses under /admin/."""
    return [
        path("certificates/", admin.index, name="certificate_index"),
        path("certificates/<int:certificate_id>/", admin.detail, name="certificate_detail"),
        path("certificates/<int:certificate_id>/revoke/", admin.revoke, name="certificate_revoke"),
        path("certificates/<int:certificate_id>/replace/", admin.replace, name="certificate_replace"),
        path(
            "certificates/<int:certificate_id>/render-again/",
            admin.render_again,
            name="certificate_render_again",
        ),
    ]


@hooks.register("register_admin_menu_item")
def certificate_menu() -> Any:
    """Return the entry of the menu."""
    return CertificatesMenuItem(
        _("Certificates"), reverse("certificate_index"), icon_name="clipboard-list", order=350
    )
