"""Captions that were found or recognised: seen, accepted or discarded by the trainer; speech asked for."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from media import (
    caption_jobs,
    caption_queries,
    caption_tracks,
    caption_words,
    captions,
    forms,
    proposals,
    speech,
)
from media.admin_views.access import lecture_for
from media.models import CaptionJob, Encode, Lecture, ProposedTrack

# As much as shows what it is; the whole can be downloaded.
_SHOWN_CUES = 12


def proposed_context(lecture: Lecture, newest: Encode | None, tracks: list[Any]) -> dict[str, Any]:
    """Return what the lecture page says of captions that a machine made."""
    found = list(proposals.open_proposals(lecture))
    taken = {track.language for track in tracks}
    jobs = caption_queries.jobs_of(newest)
    now = speech.standing()
    asked = jobs.get(CaptionJob.Kind.SPEECH)
    running = asked is not None and asked.state in {CaptionJob.State.DUE, CaptionJob.State.LEASED}
    return {
        "proposed": [_shown(proposal, taken) for proposal in found],
        "job_words": [said for job in jobs.values() if (said := caption_words.job_words(job))],
        "speech": now,
        "may_ask_speech": now.is_on and not running and bool(newest and newest.facts.get("audio")),
    }


def _shown(proposal: ProposedTrack, taken: set[str]) -> dict[str, Any]:
    cues = captions.read_vtt(proposal.vtt)[:_SHOWN_CUES]
    labels = dict(forms.LANGUAGES)
    return {
        "row": proposal,
        "label": labels.get(proposal.language, ""),
        "cues": cues,
        "more": proposal.count - len(cues),
        "refusal": proposals.refusal_words(proposal.reason) if proposal.reason else "",
        "languages": [(tag, label) for tag, label in forms.LANGUAGES if tag not in taken],
        "is_taken": proposal.language in taken,
    }


@require_POST
def decide(request: HttpRequest, pk: int, proposal: int) -> HttpResponseBase:
    """Accept a proposal in the language that was chosen, or discard it."""
    lecture = lecture_for(request, pk, changes=True)
    try:
        if "discard" in request.POST:
            proposals.discard(lecture=lecture, proposal_id=proposal, by=request.user)
            messages.success(request, _("Discarded. It is not shown again."))
            return redirect("lectures:detail", pk)
        return _accept(request, lecture, proposal)
    except ProposedTrack.DoesNotExist:
        raise Http404 from None
    except proposals.AlreadyDecided:
        messages.info(request, _("This was accepted or discarded before."))
    return redirect("lectures:detail", pk)


def _accept(request: HttpRequest, lecture: Lecture, proposal: int) -> HttpResponseBase:
    language = request.POST.get("language", "")
    label = dict(forms.LANGUAGES).get(language)
    if label is None:
        messages.error(request, _("Choose the language of these captions."))
        return redirect("lectures:detail", lecture.pk)
    try:
        proposals.accept(
            lecture=lecture, proposal_id=proposal, language=language, label=label, by=request.user
        )
    except caption_tracks.LanguageTaken:
        said = _(
            "There are captions in %(language)s already. Delete those first, or choose another language."
        )
        messages.error(request, said % {"language": label})
        return redirect("lectures:detail", lecture.pk)
    messages.success(request, _("Accepted. Read the captions through: viewers get them as they stand here."))
    return redirect("lectures:edit_captions", lecture.pk, language)


@require_safe
def download(request: HttpRequest, pk: int, proposal: int) -> HttpResponseBase:
    """Send a proposal as a file, for who wants to read it through before."""
    lecture = lecture_for(request, pk)
    found = get_object_or_404(ProposedTrack, pk=proposal, encode__lecture=lecture, count__gt=0)
    response = HttpResponse(found.vtt, content_type="text/vtt; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lecture-{pk}.proposed-{found.pk}.vtt"'
    return response


@require_POST
def recognise(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask for the newest recording's speech to be recognised, where a model is installed."""
    lecture = lecture_for(request, pk, changes=True)
    newest = lecture.encodes.order_by("-number").first()
    standing = speech.standing()
    if not standing.is_on:
        messages.error(request, standing.words())
    elif newest is None or not newest.facts.get("audio"):
        messages.error(request, _("There is no sound that could be listened to."))
    else:
        caption_jobs.ask_again(encode=newest, kind=CaptionJob.Kind.SPEECH)
        messages.success(request, _("Speech will be recognised; what comes of it is proposed here."))
    return redirect("lectures:detail", pk)
