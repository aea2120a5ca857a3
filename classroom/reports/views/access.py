"""Who may open which page. Whoever lacks the role is told so; whoever lacks the scope finds nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from classroom.institutions.models import Institution
from classroom.institutions.permissions import is_manager, is_regulator
from classroom.institutions.queries import scope_of

View = Callable[..., HttpResponse]


def regulators_only(view: View) -> View:
    """Let regulators in: anonymous readers sign in first, others are told that they may not."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_regulator(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def managers_only(view: View) -> View:
    """Let training managers in, as `regulators_only` does regulators."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_manager(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def institution_or_404(request: HttpRequest, institution_id: int) -> Institution:
    """Return an institution in the reader's scope; any other is not there."""
    rows = Institution.objects.visible_to(scope_of(request.user)).select_related("supervising_authority")
    found = rows.filter(pk=institution_id).first()
    if found is None:
        raise Http404
    return found
