"""Who gets at a lecture through the admin: everything else of another person does not exist."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from media.models import Lecture
from media.permissions import may_change, may_open, may_view


def require_entry(request: HttpRequest) -> None:
    """Let in who has to do with lectures; raise `PermissionDenied` for everyone else."""
    if not may_open(request.user):
        raise PermissionDenied(_("Only trainers, reviewers and operators may open lectures."))


def lecture_for(request: HttpRequest, pk: int, *, changes: bool = False) -> Lecture:
    """Return a lecture that the person may see, and change where `changes`."""
    require_entry(request)
    lecture = get_object_or_404(Lecture.objects.select_related("current", "owner"), pk=pk)
    if not may_view(request.user, lecture):
        raise Http404
    if changes and not may_change(request.user, lecture):
        raise PermissionDenied(_("Only its trainer or an operator may change this lecture."))
    return lecture
