"""The lecture admin and its chooser, in Wagtail's frame with the house's accent."""

from typing import Any

from django.templatetags.static import static
from django.urls import URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.admin_url_finder import ModelAdminURLFinder, register_admin_url_finder
from wagtail.admin.menu import MenuItem

from media.admin_views import board, captions, chapters, deeds, lecture, listing, proposed, trash
from media.blocks import lecture_chooser_viewset
from media.models import Lecture
from media.permissions import manages_all, may_open, may_view

_LECTURES = [
    path("", listing.LecturesView.as_view(), name="list"),
    path("live/", listing.live, name="live"),
    path("running/", board.RunningView.as_view(), name="running"),
    path("<int:pk>/", lecture.LectureView.as_view(), name="detail"),
    path("<int:pk>/retry/", deeds.retry, name="retry"),
    path("<int:pk>/priority/", deeds.prioritise, name="prioritise"),
    path("<int:pk>/chapters/", chapters.ChaptersView.as_view(), name="chapters"),
    path("<int:pk>/trash/", trash.TrashView.as_view(), name="trash"),
    path("<int:pk>/restore/", deeds.restore, name="restore"),
    path("<int:pk>/captions/recognise/", proposed.recognise, name="recognise"),
    path("<int:pk>/captions/proposed/<int:proposal>/", proposed.decide, name="decide_captions"),
    path("<int:pk>/captions/proposed/<int:proposal>.vtt", proposed.download, name="proposed_captions"),
    path("<int:pk>/captions/<slug:language>.<slug:suffix>", captions.download, name="captions"),
    path("<int:pk>/captions/<slug:language>/", captions.CaptionsView.as_view(), name="edit_captions"),
    path("<int:pk>/captions/<slug:language>/delete/", captions.delete, name="delete_captions"),
]


class LecturesMenuItem(MenuItem):  # type: ignore[misc]  # Wagtail has no types
    """Shown to those who have to do with lectures."""

    def is_shown(self, request: Any) -> bool:
        """Whether the person may open the list."""
        return may_open(request.user)


class RunningMenuItem(MenuItem):  # type: ignore[misc]  # Wagtail has no types
    """Shown to operators."""

    def is_shown(self, request: Any) -> bool:
        """Whether the person may see what runs where."""
        return manages_all(request.user)


class LectureURLFinder(ModelAdminURLFinder):  # type: ignore[misc]  # Wagtail has no types
    """Leads from a chosen lecture to its page."""

    def construct_edit_url(self, instance: Lecture) -> str | None:
        """Return the lecture's page where the person may see it; the course editor asks for nobody."""
        is_open = self.user is None or may_view(self.user, instance)
        return reverse("lectures:detail", args=[instance.pk]) if is_open else None


register_admin_url_finder(Lecture, LectureURLFinder)


@hooks.register("register_admin_viewset")
def register_lecture_chooser() -> object:
    """Register the chooser."""
    return lecture_chooser_viewset


@hooks.register("register_admin_urls")
def register_lecture_urls() -> list[URLResolver]:
    """Put the lecture admin under /admin/lectures/."""
    return [path("lectures/", include((_LECTURES, "lectures"), namespace="lectures"))]


@hooks.register("register_admin_menu_item")
def register_lectures_menu() -> MenuItem:
    """Put the list into the menu, below the pages."""
    return LecturesMenuItem(
        _("Lectures"), reverse("lectures:list"), name="lectures", icon_name="media", order=120
    )


@hooks.register("register_settings_menu_item")
def register_running_menu() -> MenuItem:
    """Put the operators' board into the settings menu."""
    return RunningMenuItem(
        _("What runs where"), reverse("lectures:running"), name="running", icon_name="cogs", order=100
    )


@hooks.register("insert_global_admin_css")
def admin_css() -> SafeString:
    """Set the admin's accent to celadon, and style the lecture admin."""
    return format_html('<link rel="stylesheet" href="{}">', static("build/lectures.css"))
