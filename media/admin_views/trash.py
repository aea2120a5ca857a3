"""Putting a lecture into the bin: a deliberate step."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import ReferenceIndex

from media import forms, lectures
from media.admin_views.access import lecture_for
from media.admin_views.listing import crumbs_to


class TrashView(WagtailAdminTemplateMixin, TemplateView):
    """A deliberate step: where the lecture is used, what happens, and a box to tick."""

    template_name = "media/trash.html"
    header_icon = "bin"
    page_title = gettext_lazy("Put into the bin")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the lecture for who may change it."""
        self.lecture = lecture_for(request, kwargs["pk"], changes=True)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [
            *self.breadcrumbs_items,
            *crumbs_to(self.lecture),
            {"url": "", "label": self.page_title},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say which pages use the lecture."""
        used = [
            str(source)
            for source, _references in ReferenceIndex.get_references_to(self.lecture).group_by_source_object()
        ]
        return super().get_context_data(
            **{"lecture": self.lecture, "used": used, "form": forms.TrashForm(), **kwargs}
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Put it into the bin where the box is ticked."""
        form = forms.TrashForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        lectures.trash(lecture=self.lecture)
        messages.success(request, _("“%(title)s” is in the bin.") % {"title": self.lecture.title})
        return redirect("lectures:list")
