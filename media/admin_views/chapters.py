"""The chapters of one lecture: slides with their times, titles beside them, published only from here."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from media import chapters, chapters_forms, playback, slides
from media.admin_views.access import lecture_for
from media.admin_views.listing import crumbs_to
from media.models import Chapter, Encode, Slide, SlideScan
from media.permissions import may_change

_MORE_ROWS = 5


class ChaptersView(WagtailAdminTemplateMixin, TemplateView):
    """What was found in the video that viewers get, to be corrected and published."""

    template_name = "media/chapters.html"
    page_title = gettext_lazy("Chapters and slides")
    header_icon = "list-ul"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the lecture for who may see it."""
        self.lecture = lecture_for(request, kwargs["pk"], changes=request.method == "POST")
        self.encode: Encode | None = self.lecture.current
        if self.encode is not None:
            self.encode.lecture = self.lecture
            self.slides = list(self.encode.slides.order_by("start_ms", "number"))
            self.chapters = list(self.encode.chapters.order_by("start_ms", "pk"))
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [
            *self.breadcrumbs_items,
            *crumbs_to(self.lecture),
            {"url": "", "label": self.page_title},
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do what was pressed: `do` says which."""
        if self.encode is None:
            raise Http404
        if request.POST.get("encode") != str(self.encode.pk):
            messages.error(
                request, _("The video was replaced meanwhile, so these times may not fit. Look again.")
            )
            return redirect("lectures:chapters", self.lecture.pk)
        pressed = request.POST.get("do")
        if pressed == "more":
            return self._shown(self._rows(request.POST, more=_MORE_ROWS), status=200)
        if pressed == "withdraw":
            chapters.withdraw(encode=self.encode)
            messages.success(request, _("Viewers no longer get these chapters and slides."))
        elif pressed == "search":
            slides.search_again(encode=self.encode)
            messages.success(request, _("The slides are being searched for again."))
        elif pressed in {"save", "publish"}:
            return self._save(request, self.encode, publish=pressed == "publish")
        else:
            raise Http404
        return redirect("lectures:chapters", self.lecture.pk)

    def _save(self, request: HttpRequest, encode: Encode, *, publish: bool) -> HttpResponseBase:
        rows = self._rows(request.POST)
        if not rows.is_valid():
            return self._shown(rows, status=422)
        try:
            chapters.save(encode=encode, chapters=rows.chapters, shown=rows.shown, publish=publish)
        except chapters.NothingToPublish:
            messages.error(
                request, _("There is nothing to publish: write a title or tick a slide to be shown.")
            )
            return self._shown(rows, status=422)
        messages.success(
            request,
            _("Published: viewers get these chapters and slides.")
            if publish
            else _("Saved. Viewers do not get it before it is published."),
        )
        return redirect("lectures:chapters", self.lecture.pk)

    def _rows(self, data: Any = None, more: int = 0) -> chapters_forms.RowsFormSet:
        assert self.encode is not None  # noqa: S101 - asked by the caller
        return chapters_forms.rows(
            slides=self.slides,
            chapters=self.chapters,
            duration_ms=self.encode.duration_ms,
            data=data,
            more=more,
        )

    def _shown(self, rows: chapters_forms.RowsFormSet, status: int) -> HttpResponseBase:
        return self.render_to_response(self.get_context_data(rows=rows), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather slides, chapters and where the search stands."""
        context = {"lecture": self.lecture, "encode": self.encode, "may_change": False, **kwargs}
        if self.encode is not None:
            context.setdefault("rows", self._rows())
            states = [*(one.state for one in self.slides), *(one.state for one in self.chapters)]
            context |= {
                "may_change": may_change(self.request.user, self.lecture),
                "scan": SlideScan.objects.filter(encode=self.encode).first(),
                "has_slides": bool(self.slides),
                "unfit": [one for one in self.chapters if one.state == Chapter.State.UNFIT],
                "is_published": Slide.State.PUBLISHED in states,
                "unseen": sum(slide.state == Slide.State.PROPOSED for slide in self.slides),
                "unread": any(not slide.is_read for slide in self.slides),
                "pictures": self._pictures(self.encode),
            }
        return super().get_context_data(**context)

    def _pictures(self, encode: Encode) -> str:
        """Return the address below which the pictures lie, for this browser only."""
        grant = playback.grant(
            encode=encode,
            person=str(getattr(self.request.user, "pseudonym", self.request.user.pk)),
            session="chapters",
            browser=playback.browser_of(self.request),
        )
        return grant.manifest_url.rsplit("/", 1)[0] + "/"
