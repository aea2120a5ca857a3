"""What is done with a lecture at one press: retry, a place in the queue, back out of the bin."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from media import ingest, lectures
from media.admin_views.access import lecture_for
from media.models import Encode
from media.permissions import manages_all


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
    if request.POST.get("from") == "board":
        return redirect("lectures:running")
    return redirect("lectures:detail", pk)


@require_POST
def prioritise(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let a lecture's encode go before all others, or let it wait for its turn again; operators decide."""
    if not manages_all(request.user):
        raise PermissionDenied(_("Only operators may change the order of the work."))
    lecture = lecture_for(request, pk, changes=True)
    encode = lecture.encodes.order_by("-number").first()
    first = request.POST.get("first") == "yes"
    if encode is None or encode.state in {Encode.State.PUBLISHED, Encode.State.FAILED}:
        messages.info(request, _("There is nothing under way for “%(title)s”.") % {"title": lecture.title})
    else:
        ingest.raise_priority(encode=encode, priority=ingest.FIRST if first else 0)
        said = (
            _("“%(title)s” goes before all others now.")
            if first
            else _("“%(title)s” waits for its turn again.")
        )
        messages.success(request, said % {"title": lecture.title})
    return redirect("lectures:running")


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a lecture out of the bin."""
    lecture = lecture_for(request, pk, changes=True)
    lectures.restore(lecture=lecture)
    messages.success(request, _("“%(title)s” is back.") % {"title": lecture.title})
    return redirect("lectures:detail", pk)
