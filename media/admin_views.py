"""The lecture admin: the list that moves by itself, one lecture, and what runs where."""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import ReferenceIndex

from media import captions, forms, ingest, lectures, playback, queries, words
from media.models import Encode, Lecture
from media.permissions import manages_all, may_change, may_open, may_upload, may_view, sees_all
from media.upload_rules import EXTENSIONS

_PAGE = 20
# As many rows as one page of the list can ask for.
_MOST_LIVE = 60


def _opens(request: HttpRequest) -> None:
    if not may_open(request.user):
        raise PermissionDenied(_("Only trainers, reviewers and operators may open lectures."))


def _lecture(request: HttpRequest, pk: int, *, changes: bool = False) -> Lecture:
    """Return a lecture that the person may see, and change where `changes`."""
    _opens(request)
    lecture = get_object_or_404(Lecture.objects.select_related("current", "owner"), pk=pk)
    if not may_view(request.user, lecture):
        raise Http404
    if changes and not may_change(request.user, lecture):
        raise PermissionDenied(_("Only its trainer or an operator may change this lecture."))
    return lecture


def uploader_words() -> dict[str, str]:
    """Return the words of the uploader, which speaks the page's language."""
    return {
        "waiting": _("Waiting for its turn"),
        "sending": _("Sending {percent} %"),
        "rate": _("{rate} a second, {left}"),
        "leftUnknown": _("estimating the time left"),
        "leftSeconds": _("less than a minute left"),
        "leftMinutes": _("about {count} min left"),
        "leftHours": _("about {count} h left"),
        "paused": _("Paused at {percent} %. It goes on from there, even after days."),
        "retrying": _("Connection lost. What was sent is safe; trying again by itself."),
        "offline": _("No network. What was sent is safe; it goes on once there is one."),
        "done": _("Received. You may close this page."),
        "known": _("This file was already here, so nothing had to be sent."),
        "failed": _("The upload stopped."),
        "signIn": _("Your sign-in has expired. Sign in in another tab, then press Resume."),
        "pause": _("Pause"),
        "resume": _("Resume"),
        "cancel": _("Cancel the upload"),
        "cancelSure": _("Cancel this upload? What was sent is thrown away."),
        "remove": _("Remove from the list"),
        "empty": _("“{name}” is empty. Check it on your computer."),
        "tooLarge": _(
            "“{name}” is larger than {limit}. Export it at a lower bitrate or cut it into lessons."
        ),
        "wrongKind": _("“{name}” is not a video or audio file. Choose the recording, for example an MP4."),
        "otherFile": _("That is another file. Choose “{name}” ({size}) to go on, or begin a new upload."),
        "leave": _("An upload is under way. It can be continued later."),
    }


def uploader_data(request: HttpRequest, lecture: Lecture | None = None) -> dict[str, Any]:
    """Return what the uploader needs to know."""
    return {
        "endpoint": reverse("api:uploads"),
        "most": settings.MAX_UPLOAD_BYTES,
        "extensions": sorted(EXTENSIONS),
        "lecture": lecture.pk if lecture else None,
        "person": str(getattr(request.user, "pk", "")),
        "words": uploader_words(),
    }


def _rows(request: HttpRequest, found: list[Lecture], uploads: list[Any]) -> list[words.Row]:
    """Return the rows of a page; the number of queries does not depend on their number."""
    now = timezone.now()
    states = queries.states_of(found, now)
    rows = [words.upload_row(upload, now) for upload in uploads]
    for lecture in found:
        changes = may_change(request.user, lecture)
        rows.append(words.lecture_row(lecture, states[lecture.pk], may_change=changes, now=now))
    return rows


def _notice(rows: list[words.Row]) -> str:
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


class LecturesView(WagtailAdminTemplateMixin, TemplateView):
    """The list: one row each, six stages on a scale."""

    template_name = "media/lectures.html"
    page_title = gettext_lazy("Lectures and videos")
    header_icon = "media"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who has to do with lectures."""
        _opens(request)
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
        rows = _rows(self.request, list(page.object_list), uploads)
        return super().get_context_data(
            rows=rows,
            page=page,
            query=query,
            in_bin=in_bin,
            notice=_notice(rows),
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
    _opens(request)
    asked = request.GET.get("rows", "").split(",")[:_MOST_LIVE]
    ids = [
        int(key[8:]) for key in asked if key.startswith("lecture-") and key[8:].isdigit() and len(key) < 27
    ]
    found = queries.lectures_with_states(queries.visible_lectures(request.user).filter(pk__in=ids))
    uploads = list(queries.open_uploads(request.user)) if request.GET.get("uploads") == "1" else []
    rows = _rows(request, list(found), uploads)
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
            "notice": _notice(rows),
            "moving": any(row.state.is_moving for row in rows),
        }
        response = JsonResponse(body)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


class LectureView(WagtailAdminTemplateMixin, TemplateView):
    """One lecture: preview, facts, plan, captions, poster, and what can be done with it."""

    template_name = "media/lecture.html"
    header_icon = "media"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the lecture for who may see it."""
        self.lecture = _lecture(request, kwargs["pk"], changes=request.method == "POST")
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        """The lecture's own title."""
        return self.lecture.title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("lectures:list"), "label": LecturesView.page_title},
            {"url": "", "label": self.lecture.title},
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take the form that was sent: `form` says which."""
        sent = request.POST.get("form", "")
        handler = {"about": self._about, "captions": self._captions, "poster": self._poster}.get(sent)
        if handler is None:
            raise Http404
        bad = handler(request)
        if bad is None:
            return redirect("lectures:detail", self.lecture.pk)
        return self.render_to_response(self.get_context_data(**bad), status=422)

    def _about(self, request: HttpRequest) -> dict[str, Any] | None:
        form = forms.LectureForm(request.POST, instance=self.lecture)
        if not form.is_valid():
            return {"about_form": form}
        lectures.rename(lecture=self.lecture, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return None

    def _captions(self, request: HttpRequest) -> dict[str, Any] | None:
        form = forms.CaptionsForm(request.POST, request.FILES)
        if not form.is_valid():
            return {"captions_form": form}
        given = form.cleaned_data
        try:
            track, parsed = lectures.save_captions(
                lecture=self.lecture,
                language=given["language"],
                label=dict(forms.LANGUAGES)[given["language"]],
                data=given["file"].read(),
                filename=given["file"].name,
                skip_bad=given["skip_bad"],
            )
        except captions.UnreadableCaptions as unreadable:
            for line in captions.messages(unreadable.problems):
                form.add_error("file", line)
            return {"captions_form": form}
        said = _("%(language)s: %(count)d captions kept (%(format)s, %(encoding)s).") % {
            "language": track.label,
            "count": len(parsed.cues),
            "format": parsed.format.upper(),
            "encoding": parsed.encoding.upper(),
        }
        messages.success(request, said)
        for line in captions.messages(parsed.warnings):
            messages.warning(request, line)
        return None

    def _poster(self, request: HttpRequest) -> dict[str, Any] | None:
        if "clear" in request.POST:
            lectures.clear_poster(lecture=self.lecture)
            return None
        form = forms.PosterForm(request.POST, request.FILES)
        if not form.is_valid():
            return {"poster_form": form}
        try:
            lectures.set_poster(lecture=self.lecture, picture=form.cleaned_data["picture"])
        except lectures.UnreadablePicture:
            form.add_error("picture", _("This is not a picture that can be read. Save it as JPEG or PNG."))
            return {"poster_form": form}
        messages.success(request, _("Poster saved."))
        return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather everything that is known about the lecture."""
        lecture = queries.lectures_with_states(Lecture.objects.filter(pk=self.lecture.pk)).get()
        encodes = queries.newest_first(lecture)
        newest = encodes[0] if encodes else None
        changes = may_change(self.request.user, lecture)
        current = next((encode for encode in encodes if encode.pk == lecture.current_id), None)
        shown = current or newest
        tracks = queries.captions_of(lecture)
        context = {
            "lecture": lecture,
            "row": _rows(self.request, [lecture], [])[0],
            "encodes": encodes,
            "encode": newest,
            "renditions": sorted(shown.renditions.all(), key=lambda r: -r.bandwidth) if shown else [],
            "plan": words.plan_words(newest) if newest else [],
            "warnings": words.warning_words(newest) if newest else [],
            "tracks": [(track, len(queries.cues_of(track))) for track in tracks],
            "grant": self._grant(current),
            "may_change": changes,
            "about_form": forms.LectureForm(instance=lecture),
            "captions_form": forms.CaptionsForm(initial={"language": lecture.language}),
            "poster_form": forms.PosterForm(),
            "uploader": uploader_data(self.request, lecture),
            "is_moving": queries.state_from(lecture, newest, timezone.now()).is_moving,
            **kwargs,
        }
        return super().get_context_data(**context)

    def _grant(self, current: Encode | None) -> playback.PlaybackGrant | None:
        """Return the right to watch the preview, for this browser only."""
        if current is None:
            return None
        current.lecture = self.lecture
        return playback.grant(
            encode=current,
            person=str(getattr(self.request.user, "pseudonym", self.request.user.pk)),
            session="preview",
            browser=playback.browser_of(self.request),
        )


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let a failed encode go on from where it stood."""
    lecture = _lecture(request, pk, changes=True)
    encode = lecture.encodes.order_by("-number").first()
    if encode is not None:
        ingest.retry(encode=encode, by=request.user)
        messages.success(request, _("It is being tried again."))
    return redirect("lectures:detail", pk)


@require_safe
def download_captions(request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
    """Send the captions of one language as a WebVTT file."""
    lecture = _lecture(request, pk)
    track = lecture.tracks.filter(language=language).first()
    if track is None:
        raise Http404
    response = HttpResponse(track.vtt, content_type="text/vtt; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lecture-{pk}.{track.language}.vtt"'
    return response


@require_POST
def delete_captions(request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
    """Take the captions of one language away."""
    lecture = _lecture(request, pk, changes=True)
    lectures.delete_captions(lecture=lecture, language=language)
    messages.success(request, _("The captions were deleted."))
    return redirect("lectures:detail", pk)


class TrashView(WagtailAdminTemplateMixin, TemplateView):
    """A deliberate step: where the lecture is used, what happens, and a box to tick."""

    template_name = "media/trash.html"
    header_icon = "bin"
    page_title = gettext_lazy("Put into the bin")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the lecture for who may change it."""
        self.lecture = _lecture(request, kwargs["pk"], changes=True)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("lectures:list"), "label": LecturesView.page_title},
            {"url": reverse("lectures:detail", args=[self.lecture.pk]), "label": self.lecture.title},
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


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a lecture out of the bin."""
    lecture = _lecture(request, pk, changes=True)
    lectures.restore(lecture=lecture)
    messages.success(request, _("“%(title)s” is back.") % {"title": lecture.title})
    return redirect("lectures:detail", pk)


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
        return super().get_context_data(
            board=queries.board(now, since=now - timedelta(days=7)), now=now, **kwargs
        )
