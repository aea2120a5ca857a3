"""For operators: what is being worked on and where, what waits, what failed."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from media import board_work, queries
from media.admin_views.listing import LecturesView
from media.permissions import manages_all


class RunningView(WagtailAdminTemplateMixin, TemplateView):
    """For operators: what is being worked on and where, what waits, what failed, how much room is left."""

    template_name = "media/running.html"
    page_title = gettext_lazy("What runs where")
    header_icon = "cogs"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let operators in."""
        if not manages_all(request.user):
            raise PermissionDenied(_("Only operators may see what runs where."))
        return super().dispatch(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        """Answer the page's own questions with the part that moves."""
        return ["media/parts/running.html"] if self.request.GET.get("part") else [self.template_name]

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("lectures:list"), "label": LecturesView.page_title},
            {"url": "", "label": self.page_title},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather the board."""
        now = timezone.now()
        board = queries.board(now, since=now - timedelta(days=7))
        return super().get_context_data(
            board=board,
            running=board_work.running(board.running, now),
            held=board_work.held_up(now),
            failed=board_work.failures(board.failed),
            now=now,
            **kwargs,
        )
