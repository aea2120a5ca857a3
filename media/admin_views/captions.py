"""The caption editor: one language of one lecture, beside its video; its versions, files out and away."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from media import (
    caption_formats,
    caption_queries,
    caption_rules,
    caption_tracks,
    caption_words,
    captions,
    forms,
    playback,
    queries,
)
from media.admin_views.access import lecture_for
from media.admin_views.listing import crumbs_to
from media.caption_formats import Cue
from media.models import Encode, Lecture, Track, TrackVersion
from media.permissions import may_change

_FORMATS = {
    "vtt": ("text/vtt; charset=utf-8", captions.write_vtt),
    "srt": ("application/x-subrip; charset=utf-8", captions.write_srt),
}


class CaptionsView(WagtailAdminTemplateMixin, TemplateView):
    """The editor. A JSON POST saves; the forms of the page upload a file or restore a version."""

    template_name = "media/captions.html"
    header_icon = "edit"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find lecture and language for who may see them."""
        self.lecture = lecture_for(request, kwargs["pk"], changes=request.method == "POST")
        self.language = kwargs["language"]
        self.track = self.lecture.tracks.filter(language=self.language).first()
        if (
            self.track is None
            and self.language not in dict(forms.LANGUAGES)
            and not self._versions().exists()
        ):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @property
    def label(self) -> str:
        """What the language is called."""
        known = dict(forms.LANGUAGES).get(self.language, self.language)
        return self.track.label if self.track else known

    def get_page_title(self) -> str:
        """Name the language."""
        return _("Captions: %(language)s") % {"language": self.label}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Say where this is."""
        return [
            *self.breadcrumbs_items,
            *crumbs_to(self.lecture),
            {"url": "", "label": self.get_page_title()},
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save what the editor sends, or take the form that was sent: `form` says which."""
        if request.content_type == "application/json":
            return self._save(request)
        sent = request.POST.get("form", "")
        if sent == "upload":
            return self._upload(request)
        if sent == "restore":
            return self._restore(request)
        raise Http404

    def _save(self, request: HttpRequest) -> HttpResponseBase:
        try:
            sent = read_sent(request.body)
        except RequestDataTooBig:
            return JsonResponse({"error": "too_large"}, status=413)
        except (ValueError, RecursionError):
            return JsonResponse({"error": "malformed"}, status=400)
        try:
            track = caption_tracks.save_cues(
                lecture=self.lecture,
                language=self.language,
                label=self.label,
                cues=sent["cues"],
                revision=sent["revision"],
                is_checked=sent["checked"],
                by=request.user,
            )
        except caption_tracks.CaptionsRefused as refused:
            said = caption_rules.rule_words()
            faults = [{"index": f.index, "code": f.code, "words": said[f.code]} for f in refused.faults]
            return JsonResponse({"faults": faults}, status=422)
        except caption_tracks.CaptionsMoved as moved:
            message = caption_words.moved_words(moved, self._versions().first())
            return JsonResponse({"revision": moved.revision, "message": message}, status=409)
        self.track = track
        context = {"versions": self._versions(), "revision": track.revision, **self._place()}
        listed = render_to_string("media/parts/versions.html", context, request)
        return JsonResponse({"revision": track.revision, "versions": listed})

    def _upload(self, request: HttpRequest) -> HttpResponseBase:
        form = self._upload_form(request.POST, request.FILES)
        if form.is_valid():
            try:
                _track, parsed = caption_tracks.save_captions(
                    lecture=self.lecture,
                    language=self.language,
                    label=self.label,
                    data=form.cleaned_data["file"].read(),
                    filename=form.cleaned_data["file"].name,
                    skip_bad=form.cleaned_data["skip_bad"],
                    by=request.user,
                )
            except captions.UnreadableCaptions as unreadable:
                for line in captions.messages(unreadable.problems):
                    form.add_error("file", line)
            else:
                tell_kept(request, self.label, parsed)
                return self._back()
        return self.render_to_response(self.get_context_data(upload_form=form), status=422)

    def _restore(self, request: HttpRequest) -> HttpResponseBase:
        try:
            number, revision = int(request.POST["version"]), int(request.POST["revision"])
            caption_tracks.restore_version(
                lecture=self.lecture,
                language=self.language,
                number=number,
                revision=revision,
                by=request.user,
            )
        except (KeyError, ValueError, OverflowError, TrackVersion.DoesNotExist):
            raise Http404 from None
        except caption_tracks.CaptionsMoved as moved:
            messages.error(request, caption_words.moved_words(moved, self._versions().first()))
            return self._back()
        messages.success(request, _("Version %(number)d is in force again.") % {"number": number})
        return self._back()

    def _back(self) -> HttpResponseBase:
        return redirect("lectures:edit_captions", self.lecture.pk, self.language)

    def _versions(self) -> Any:
        return caption_queries.versions_of(self.lecture, self.language)

    def _place(self) -> dict[str, Any]:
        return {"lecture": self.lecture, "language": self.language, "may_change": self._changes}

    @property
    def _changes(self) -> bool:
        return may_change(self.request.user, self.lecture)

    def _upload_form(self, data: Any = None, files: Any = None) -> forms.CaptionsForm:
        form = forms.CaptionsForm(data, files, auto_id="upload_%s")
        del form.fields["language"]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather cues, versions, and the right to watch."""
        cues = queries.cues_of(self.track) if self.track else []
        encodes = list(Encode.objects.filter(lecture=self.lecture).order_by("-number"))
        misfit = caption_queries.misfit_of(self.track, cues, self.lecture, encodes) if self.track else None
        watched = self.lecture.current or next((e for e in encodes if queries.is_watchable_early(e)), None)
        revision = self.track.revision if self.track else 0
        context = {
            **self._place(),
            "track": self.track,
            "cues": cues,
            "revision": revision,
            "label": self.label,
            "misfit": caption_words.misfit_words(misfit) if misfit else "",
            "grant": preview_grant(self.request, self.lecture, watched),
            "versions": self._versions(),
            "upload_form": self._upload_form(),
            "editor": {
                "cues": [[cue.start_ms, cue.end_ms, cue.text, cue.settings] for cue in cues],
                "revision": revision,
                "durationMs": watched.duration_ms if watched else 0,
                "key": f"{self.lecture.pk}/{self.language}/{self.request.user.pk}",
                "words": caption_words.editor_words(),
            },
            **kwargs,
        }
        return super().get_context_data(**context)


def read_sent(body: bytes) -> dict[str, Any]:
    """Return what the editor sent as `cues`, `revision` and `checked`; raise ValueError for anything else."""
    sent = json.loads(body)
    if not isinstance(sent, dict) or not isinstance(sent.get("cues"), list):
        raise ValueError("no cues")
    revision = sent.get("revision")
    if type(revision) is not int or not 0 <= revision < 2**31:
        raise ValueError("no revision")
    cues = [_cue(item) for item in sent["cues"]]
    if len(cues) > captions.MAX_CUES:
        raise ValueError("too many")
    return {"cues": cues, "revision": revision, "checked": sent.get("checked") is True}


def _cue(item: Any) -> Cue:
    if not isinstance(item, list) or len(item) != 4:
        raise ValueError("a cue is [start, end, text, settings]")
    start, end, text, settings = item
    if (
        type(start) is not int
        or type(end) is not int
        or not isinstance(text, str)
        or not isinstance(settings, str)
    ):
        raise ValueError("a cue is [start, end, text, settings]")
    return Cue(start, end, caption_formats.tidy(text), caption_formats.settings(settings))


def preview_grant(
    request: HttpRequest, lecture: Lecture, watched: Encode | None
) -> playback.PlaybackGrant | None:
    """Return the right to watch a lecture in the admin, for this browser only."""
    if watched is None:
        return None
    watched.lecture = lecture
    return playback.grant(
        encode=watched,
        person=str(getattr(request.user, "pseudonym", request.user.pk)),
        session="preview",
        browser=playback.browser_of(request),
    )


def tell_kept(request: HttpRequest, label: str, parsed: captions.Parsed) -> None:
    """Say what was read from a file, and what was put right."""
    said = _("%(language)s: %(count)d captions kept (%(format)s, %(encoding)s).") % {
        "language": label,
        "count": len(parsed.cues),
        "format": parsed.format.upper(),
        "encoding": parsed.encoding.upper(),
    }
    messages.success(request, said)
    for line in captions.messages(parsed.warnings):
        messages.warning(request, line)


@require_safe
def download(request: HttpRequest, pk: int, language: str, suffix: str) -> HttpResponseBase:
    """Send the captions of one language as a file; `?version=3` sends a former version."""
    lecture = lecture_for(request, pk)
    asked = request.GET.get("version", "")
    found: Track | TrackVersion | None
    if asked:
        number = int(asked) if asked.isdecimal() and len(asked) < 10 else -1
        found = TrackVersion.objects.filter(lecture=lecture, language=language, number=number).first()
    else:
        found = lecture.tracks.filter(language=language).first()
    if found is None or suffix not in _FORMATS:
        raise Http404
    content_type, write = _FORMATS[suffix]
    body = found.vtt if suffix == "vtt" else write(captions.read_vtt(found.vtt))
    response = HttpResponse(body, content_type=content_type)
    name = f"lecture-{pk}.{language}{f'.v{found.number}' if isinstance(found, TrackVersion) else ''}.{suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def delete(request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
    """Take the captions of one language away; their versions stay."""
    lecture = lecture_for(request, pk, changes=True)
    caption_tracks.delete_captions(lecture=lecture, language=language)
    messages.success(request, _("The captions were deleted. Their versions are kept and can be restored."))
    return redirect("lectures:detail", pk)
