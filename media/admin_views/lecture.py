"""One lecture: preview, facts, plan, captions, poster, and what can be done with it."""

from copy import copy
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from media import caption_queries, caption_tracks, caption_words, captions, forms, lectures, queries, words
from media.admin_views.access import lecture_for
from media.admin_views.captions import preview_grant, tell_kept
from media.admin_views.listing import LecturesView, rows_of
from media.admin_views.proposed import proposed_context
from media.admin_views.uploader import uploader_data
from media.models import Encode, Lecture, Track
from media.permissions import may_change


class LectureView(WagtailAdminTemplateMixin, TemplateView):
    """One lecture: preview, facts, plan, captions, poster, and what can be done with it."""

    template_name = "media/lecture.html"
    header_icon = "media"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the lecture for who may see it."""
        self.lecture = lecture_for(request, kwargs["pk"], changes=request.method == "POST")
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
        handler = {
            "about": self._about,
            "captions": self._captions,
            "poster": self._poster,
            "encoding": self._encoding,
        }.get(sent)
        if handler is None:
            raise Http404
        bad = handler(request)
        if bad is None:
            return redirect("lectures:detail", self.lecture.pk)
        return self.render_to_response(self.get_context_data(**bad), status=422)

    def _about(self, request: HttpRequest) -> dict[str, Any] | None:
        # A copy, so that what was refused is not shown as the lecture's title.
        form = forms.LectureForm(request.POST, instance=copy(self.lecture), auto_id="about_%s")
        if not form.is_valid():
            return {"about_form": form}
        lectures.rename(lecture=self.lecture, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return None

    def _captions(self, request: HttpRequest) -> dict[str, Any] | None:
        form = forms.CaptionsForm(request.POST, request.FILES, auto_id="captions_%s")
        if not form.is_valid():
            return {"captions_form": form}
        given = form.cleaned_data
        try:
            track, parsed = caption_tracks.save_captions(
                lecture=self.lecture,
                language=given["language"],
                label=dict(forms.LANGUAGES)[given["language"]],
                data=given["file"].read(),
                filename=given["file"].name,
                skip_bad=given["skip_bad"],
                by=request.user,
            )
        except captions.UnreadableCaptions as unreadable:
            for line in captions.messages(unreadable.problems):
                form.add_error("file", line)
            return {"captions_form": form}
        tell_kept(request, track.label, parsed)
        return None

    def _poster(self, request: HttpRequest) -> dict[str, Any] | None:
        if "clear" in request.POST:
            lectures.clear_poster(lecture=self.lecture)
            return None
        form = forms.PosterForm(request.POST, request.FILES, auto_id="poster_%s")
        if not form.is_valid():
            return {"poster_form": form}
        try:
            lectures.set_poster(lecture=self.lecture, picture=form.cleaned_data["picture"])
        except lectures.UnreadablePicture:
            form.add_error("picture", _("This is not a picture that can be read. Save it as JPEG or PNG."))
            return {"poster_form": form}
        messages.success(request, _("Poster saved."))
        return None

    def _encoding_form(self, newest: Encode | None, data: Any = None) -> forms.EncodingForm:
        return forms.EncodingForm(
            data, lecture=self.lecture, can_repeat=lectures.can_repeat(newest), auto_id="encoding_%s"
        )

    def _encoding(self, request: HttpRequest) -> dict[str, Any] | None:
        newest = self.lecture.encodes.order_by("-number").first()
        form = self._encoding_form(newest, request.POST)
        if not form.is_valid():
            return {"encoding_form": form}
        given = form.cleaned_data
        again = given.pop("again", False)
        lectures.set_options(lecture=self.lecture, **given)
        if again and lectures.encode_again(lecture=self.lecture):
            messages.success(request, _("Saved. The recording is being encoded again."))
        else:
            messages.success(request, _("Saved. The next encode goes by it."))
        return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather everything that is known about the lecture."""
        lecture = queries.lectures_with_states(Lecture.objects.filter(pk=self.lecture.pk)).get()
        encodes = queries.newest_first(lecture)
        newest = encodes[0] if encodes else None
        changes = may_change(self.request.user, lecture)
        current = next((encode for encode in encodes if encode.pk == lecture.current_id), None)
        # Who made it may watch what is there so far; viewers wait for the whole.
        watched = current or next((encode for encode in encodes if queries.is_watchable_early(encode)), None)
        shown = current or newest
        tracks = queries.captions_of(lecture)
        context = {
            "lecture": lecture,
            "row": rows_of(self.request, [lecture], [])[0],
            "encodes": encodes,
            "encode": newest,
            "renditions": sorted(shown.renditions.all(), key=lambda r: -r.bandwidth) if shown else [],
            "plan": words.plan_words(newest) if newest else [],
            "warnings": words.warning_words(newest) if newest else [],
            "tracks": self._tracks(tracks, encodes),
            "writable": self._writable(tracks) if changes else [],
            "grant": preview_grant(self.request, self.lecture, watched),
            "is_early": watched is not None and watched is not current,
            "may_change": changes,
            "about_form": forms.LectureForm(instance=lecture, auto_id="about_%s"),
            "captions_form": forms.CaptionsForm(
                initial={"language": lecture.language}, auto_id="captions_%s"
            ),
            "poster_form": forms.PosterForm(auto_id="poster_%s"),
            "encoding_form": self._encoding_form(newest),
            "uploader": uploader_data(self.request, lecture),
            "is_moving": queries.state_from(lecture, newest, timezone.now()).is_moving,
            **proposed_context(lecture, newest, tracks),
            **kwargs,
        }
        return super().get_context_data(**context)

    def _tracks(self, tracks: list[Track], encodes: list[Encode]) -> list[tuple[Track, int, str]]:
        """Return each track with the number of its cues and what no longer fits."""
        found = []
        for track in tracks:
            cues = queries.cues_of(track)
            misfit = caption_queries.misfit_of(track, cues, self.lecture, encodes)
            found.append((track, len(cues), caption_words.misfit_words(misfit) if misfit else ""))
        return found

    def _writable(self, tracks: list[Track]) -> list[tuple[str, str, bool]]:
        """Return the languages that have no captions, and whether deleted ones can be brought back."""
        present = {track.language for track in tracks}
        deleted = caption_queries.deleted_languages(self.lecture, tracks)
        known = dict(forms.LANGUAGES)
        others = [tag for tag in deleted if tag not in known]
        return [(tag, known.get(tag, tag), tag in deleted) for tag in [*known, *others] if tag not in present]
