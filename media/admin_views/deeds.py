"""What is done with a lecture at one press: retry, back out of the bin."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

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


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a lecture out of the bin."""
    lecture = lecture_for(request, pk, changes=True)
    lectures.restore(lecture=lecture)
    messages.success(request, _("“%(title)s” is back.") % {"title": lecture.title})
    return redirect("lectures:detail", pk)
