"""Exports: asked for, listed, fetched."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.people.services import audit
from classroom.reports.errors import FileMissing, OutOfScope, ReportError
from classroom.reports.models import ReportRun
from classroom.reports.personal_data import personal_data
from classroom.reports.services import exports
from classroom.reports.tasks import export as export_task
from media.stored import FileLost

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
TITLES = {"institutions": "机构培训统计表", "districts": "分区培训统计表", "people": "人员培训明细表"}


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponseBase:
    """Make an export: a small one at once, as the answer; a large one by the worker."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has let no one else in
    data = {key: str(value) for key, value in request.POST.items()}
    try:
        run, is_small = exports.request_run(
            user=request.user,
            kind=data.get("kind", ""),
            file_format=data.get("format", ""),
            spec=exports.clean_spec(data),
        )
    except OutOfScope as error:
        raise Http404 from error
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("reports:exports")
    if not is_small:
        export_task.delay(str(run.pk))
    elif exports.produce(run_id=run.pk) is not None:
        return _file(request, run.pk)
    # It is large, or the sweep has given it to the worker in this very moment.
    messages.info(request, _("The export is being made. It appears here when it is ready; you may leave."))
    return redirect("reports:exports")


def _file(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    assert isinstance(request.user, User)  # noqa: S101 - login_required has let no one else in
    run = ReportRun.objects.visible_to(scope_of(request.user)).filter(pk=run_id).first()
    if run is None:
        raise Http404
    try:
        file = exports.open_file(user=request.user, run=run)
    except OutOfScope as error:
        raise Http404 from error
    except FileMissing:
        return _no_file(request, run)
    except FileLost:
        return _no_file(request, run, is_lost=True)
    day = timezone.localtime(run.created_at).strftime("%Y%m%d-%H%M")
    name = f"{TITLES[run.kind]}_{day}.{run.format}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[run.format])
    response["X-Content-SHA256"] = run.digest
    response["Cache-Control"] = "private, no-store"
    return response


def _no_file(request: HttpRequest, run: ReportRun, *, is_lost: bool = False) -> HttpResponse:
    """Say why one's own export has no file, with the form that asks for the same table once more."""
    is_coming = run.state == ReportRun.State.QUEUED
    context = {
        "run": run,
        "title": TITLES.get(run.kind, ""),
        "kept_days": exports.KEPT.days,
        "is_lost": is_lost,
        "asked": {"kind": run.kind, "format": run.format, **run.spec},
    }
    return render(request, "reports/no_file.html", context, status=202 if is_coming else 410)


@never_cache
@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List one's exports with their state and digest."""
    runs = ReportRun.objects.unscoped("one's own exports only").filter(user_id=request.user.pk or 0)[:50]
    return render(
        request, "reports/exports.html", {"runs": [(run, TITLES.get(run.kind, "")) for run in runs]}
    )


@never_cache
@login_required
@require_safe
def download(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Hand out a finished export, if its asker still may see what is in it."""
    return _file(request, run_id)


@never_cache
@login_required
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    """Hand a person all that is kept of them, as JSON (PIPL Art. 45). Audited."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has let no one else in
    audit(actor=request.user, action="people.export_own", target=f"user:{request.user.pk}")
    data: dict[str, Any] = personal_data(request.user)
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response
