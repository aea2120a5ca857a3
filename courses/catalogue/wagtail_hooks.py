"""Wagtail's admin for trainers and reviewers: a menu of what they need, and their courses at hand."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from courses.catalogue import desk
from courses.catalogue.receivers import UNREVIEWED
from media.stored import FileLost, open_named

# What only those who keep the platform need.
_KEEPERS_ONLY = {"explorer", "reports", "help"}


def courses(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the list of courses in the page tree."""
    catalogue = desk.editable_catalogue(request.user)
    if catalogue is None:
        raise PermissionDenied
    return HttpResponseRedirect(reverse("wagtailadmin_explore", args=[catalogue.pk]))


@hooks.register("register_admin_urls")
def register_courses_url() -> list[URLResolver]:
    """Give the menu an address that needs no page number."""
    routes = [path("", courses, name="courses")]
    return [path("courses/", include((routes, "catalogue_admin"), namespace="catalogue_admin"))]


class CoursesMenuItem(MenuItem):
    """Leads to the courses; shown to those who write or review them."""

    def is_shown(self, request: Any) -> bool:
        """Whether the person may edit courses."""
        return desk.editable_catalogue(request.user) is not None


@hooks.register("before_serve_document")
def tell_of_a_lost_file(document: Any, request: HttpRequest) -> HttpResponse | None:
    """Answer for a document whose file is gone from the store: the operators and the reader are told."""
    try:
        open_named(document.file.name, row=f"wagtaildocs.Document {document.pk}").close()
    except FileLost:
        pass
    else:
        return None
    return render(request, "catalogue/file_lost.html", {"document": document}, status=404)


@hooks.register("register_admin_menu_item")
def register_courses_menu() -> MenuItem:
    """Put the courses at the top of the menu."""
    return CoursesMenuItem(
        gettext_lazy("Courses"),
        reverse("catalogue_admin:courses"),
        name="courses",
        icon_name="folder-open-inverse",
        order=100,
    )


@hooks.register("construct_main_menu")
def keep_the_menu_short(request: Any, menu_items: list[Any]) -> None:
    """Leave out what trainers and reviewers do not need."""
    if not desk.may_edit_home(request.user):
        menu_items[:] = [item for item in menu_items if item.name not in _KEEPERS_ONLY]


@hooks.register("construct_homepage_summary_items", order=1000)
def drop_counts(request: Any, items: list[Any]) -> None:
    """Drop the counts of pages and pictures; the panels say more."""
    items.clear()


class CoursesPanel(Component):
    """One's own courses and where each stands; for reviewers all that waits for them."""

    name = "courses"
    template_name = "catalogue/admin/my_courses.html"
    order = 50

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """Return the rows for the person who asks."""
        user = parent_context["request"].user
        catalogue = desk.editable_catalogue(user)
        may_add = bool(catalogue and catalogue.permissions_for_user(user).can_add_subpage())
        return {
            "heading": _("My courses") if may_add else _("Courses"),
            "rows": desk.standings(desk.own_pages(user) if may_add else desk.all_pages()),
            "empty": _("No course yet. A course begins with its title and code; lectures can follow later."),
            "may_add": may_add,
            "catalogue": catalogue,
        }


@hooks.register("construct_homepage_panels")
def show_courses(request: Any, panels: list[Any]) -> None:
    """Put the courses first on the dashboard of those who have to do with them."""
    if desk.editable_catalogue(request.user) is not None:
        panels.insert(0, CoursesPanel())


@hooks.register("construct_page_chooser_queryset")
def choose_what_learners_see(pages: Any, request: Any) -> Any:
    """Offer only pages that are shown, so that no link leads nowhere."""
    return pages.live()


@hooks.register("register_log_actions")
def name_log_actions(actions: Any) -> None:
    """Name in the history of a page what Wagtail does not know."""
    actions.register_action(
        UNREVIEWED, gettext_lazy("Publish without review"), gettext_lazy("Published without a review")
    )


@hooks.register("insert_global_admin_css", order=10)
def wear_the_sites_letters() -> SafeString:
    """Set the admin in the site's type, and style the pages that rooms add to it."""
    return format_html('<link rel="stylesheet" href="{}">', static("build/admin.css"))


@hooks.register("insert_editor_js")
def adopt_the_editors_styles() -> SafeString:
    """Keep the rich text editor within the policy: it would write inline styles."""
    return format_html('<script type="module" src="{}"></script>', static("build/editor.js"))
