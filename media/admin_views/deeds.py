"""What is done with a lecture at one press: retry, captions out and away, back out of the bin."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from media import ingest, lectures
from media.admin_views.access import lecture_for
from media.models import Encode


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let a failed encode go on from where it stood."""
    lecture = lecture_for(request, pk, changes=True)
    encode = lecture.encodes.order_by("-number").first()
    if encode is None or encode.state != Encode.State.FAILED:
        messages.info(request, _("There is nothing to try again: the last encode has not failed."))
    else:
        ingest.retry(encode=encode, by=request.user)
        messages.success(request, _("It is being tried again."))
    return redirect("lectures:detail", pk)


@require_safe
def download_captions(request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
    """Send the captions of one language as a WebVTT file."""
    lecture = lecture_for(request, pk)
    track = lecture.tracks.filter(language=language).first()
    if track is None:
        raise Http404
    response = HttpResponse(track.vtt, content_type="text/vtt; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lecture-{pk}.{track.language}.vtt"'
    return response


@require_POST
def delete_captions(request: HttpRequest, pk: int, language: str) -> HttpResponseBase:
    """Take the captions of one language away."""
    lecture = lecture_for(request, pk, changes=True)
    lectures.delete_captions(lecture=lecture, language=language)
    messages.success(request, _("The captions were deleted."))
    return redirect("lectures:detail", pk)


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a lecture out of the bin."""
    lecture = lecture_for(request, pk, changes=True)
    lectures.restore(lecture=lecture)
    messages.success(request, _("“%(title)s” is back.") % {"title": lecture.title})
    return redirect("lectures:detail", pk)
