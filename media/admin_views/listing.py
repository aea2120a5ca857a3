"""The list of lectures: one row each, six stages on a scale, moving by itself."""

import hashlib
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from media import queries, words
from media.admin_views.access import require_entry
from media.admin_views.uploader import uploader_data
from media.models import Lecture
from media.permissions import manages_all, may_change, may_upload, sees_all

_PAGE = 20
# As many rows as one page of the list can ask for.
_MOST_LIVE = 60


def rows_of(request: HttpRequest, found: list[Lecture], uploads: list[Any]) -> list[words.Row]:
    """Return the rows of a page; the number of queries does not depend on their number."""
    now = timezone.now()
    states = queries.states_of(found, now)
    rows = [words.upload_row(upload, now) for upload in uploads]
    for lecture in found:
        changes = may_change(request.user, lecture)
        rows.append(words.lecture_row(lecture, states[lecture.pk], may_change=changes, now=now))
    return rows


def notice_of(rows: list[words.Row]) -> str:
    """Say in one sentence what needs a person; "" where nothing does."""
    failed = sum(row.state.failed for row in rows)
    left = sum(row.upload is not None and row.state.is_waiting for row in rows)
    said = []
    if failed:
        said.append(_("%(count)d failed") % {"count": failed})
    if left:
        said.append(_("%(count)d interrupted while uploading") % {"count": left})
    return (
        _("%(said)s.") % {"said": pgettext("between a state and what it means", ", ").join(said)}
        if said
        else ""
    )


def crumbs_to(lecture: Lecture) -> list[dict[str, Any]]:
    """Return the way to a page below a lecture's: the list, then the lecture."""
    return [
        {"url": reverse("lectures:list"), "label": LecturesView.page_title},
        {"url": reverse("lectures:detail", args=[lecture.pk]), "label": lecture.title},
    ]


class LecturesView(WagtailAdminTemplateMixin, TemplateView):
    """The list: one row each, six stages on a scale."""

    template_name = "media/lectures.html"
    page_title = gettext_lazy("Lectures and videos")
    header_icon = "media"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who has to do with lectures."""
        require_entry(request)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather one page of lectures, and the uploads that can go on."""
        query = self.request.GET.get("q", "").strip()[:100]
        in_bin = self.request.GET.get("bin") == "1"
        found = queries.listed_lectures(self.request.user, query, in_bin=in_bin)
        page = Paginator(found, _PAGE).get_page(self.request.GET.get("p"))
        sends = page.number == 1 and not query and not in_bin
        uploads = list(queries.open_uploads(self.request.user)) if sends else []
        rows = rows_of(self.request, list(page.object_list), uploads)
        return super().get_context_data(
            rows=rows,
            page=page,
            query=query,
            in_bin=in_bin,
            notice=notice_of(rows),
            is_moving=any(row.state.is_moving for row in rows),
            shows_owner=sees_all(self.request.user),
            may_upload=may_upload(self.request.user),
            may_manage=manages_all(self.request.user),
            uploader=uploader_data(self.request),
            **kwargs,
        )


@require_safe
def live(request: HttpRequest) -> HttpResponseBase:
    """Answer with the rows that are asked for, where any of them has changed (ETag), in a few queries."""
    require_entry(request)
    asked = request.GET.get("rows", "").split(",")[:_MOST_LIVE]
    ids = [
        int(key[8:]) for key in asked if key.startswith("lecture-") and key[8:].isdecimal() and len(key) < 27
    ]
    found = queries.lectures_with_states(queries.visible_lectures(request.user).filter(pk__in=ids))
    uploads = list(queries.open_uploads(request.user)) if request.GET.get("uploads") == "1" else []
    rows = rows_of(request, list(found), uploads)
    owner = sees_all(request.user)
    etag = quote_etag(
        hashlib.sha256("\n".join(f"{row.key}|{row.version}" for row in rows).encode()).hexdigest()[:32]
    )
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponseBase = HttpResponse(status=304)
    else:
        context = {"shows_owner": owner}
        body = {
            "rows": {
                row.key: render_to_string("media/parts/row.html", {**context, "row": row}, request)
                for row in rows
            },
            "notice": notice_of(rows),
            "moving": any(row.state.is_moving for row in rows),
        }
        response = JsonResponse(body)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
