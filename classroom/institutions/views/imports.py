"""The pages on which a manager brings in staff from a spreadsheet."""

import csv
from collections import Counter

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom.institutions import staff_template
from classroom.institutions.errors import ImportGone, InstitutionError
from classroom.institutions.forms import StaffFileForm
from classroom.institutions.models import Institution, Membership, StaffImport
from classroom.institutions.permissions import is_manager
from classroom.institutions.queries import active_on, managed_institutions
from classroom.institutions.services import imports
from classroom.institutions.spreadsheets import MOST_BYTES
from classroom.people.errors import PeopleError
from classroom.people.invitations import invitation_path
from classroom.people.models import User
from classroom.people.services import audit

_SHOWN = 200


def _institution(request: HttpRequest) -> Institution:
    mine = list(managed_institutions(request.user).order_by("name"))
    if not mine:
        raise PermissionDenied
    wanted = request.POST.get("institution") or request.GET.get("institution") or ""
    found = next((row for row in mine if str(row.pk) == wanted), None)
    if wanted and found is None:
        raise Http404
    return found or mine[0]


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - login_required has let no one else in
    return request.user


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Take a spreadsheet and show what it would do; a broken one is refused and changes nothing."""
    institution = _institution(request)
    form = StaffFileForm(request.POST, request.FILES) if request.method == "POST" else StaffFileForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = imports.read_file(
                institution=institution,
                by=_user(request),
                filename=file.name,
                # One byte more than is taken is enough to see that it is too much.
                content=file.read(MOST_BYTES + 1),
            )
        except InstitutionError as error:
            form.add_error("file", str(error))
        else:
            return redirect("institutions:import_shown", found.pk)
    context = {"institution": institution, "form": form}
    return render(request, "institutions/import.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """Hand out the spreadsheet to fill in."""
    if not is_manager(request.user):
        raise PermissionDenied
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(staff_template.build(), content_type=kind)
    response["Content-Disposition"] = "attachment; filename*=UTF-8''%E4%BA%BA%E5%91%98%E5%90%8D%E5%8D%95.xlsx"
    return response


def _import_or_404(request: HttpRequest, import_id: int) -> StaffImport:
    try:
        return imports.import_of(user=_user(request), import_id=import_id)
    except ImportGone as error:
        raise Http404 from error


@never_cache
@login_required
@require_safe
def shown(request: HttpRequest, import_id: int) -> HttpResponse:
    """Show what an import would do, or what it did."""
    found = _import_or_404(request, import_id)
    lines = imports.lines_of(found, timezone.localdate()) if found.state == StaffImport.State.READ else []
    wrong = [line for line in lines if line.action == "wrong"]
    right = [line for line in lines if line.action not in {"wrong", "same"}]
    counts = Counter(line.action for line in lines) if lines else Counter(found.outcome.get("counts", {}))
    context = {
        "found": found,
        "is_applied": found.state == StaffImport.State.APPLIED,
        "wrong": wrong,
        "right": right[:_SHOWN],
        "right_more": max(0, len(right) - _SHOWN),
        "counts": counts,
        "changes": counts["new"] + counts["join"] + counts["change"],
    }
    return render(request, "institutions/import_shown.html", context)


@login_required
@require_POST
def apply(request: HttpRequest, import_id: int) -> HttpResponse:
    """Carry the import out."""
    found = _import_or_404(request, import_id)
    try:
        imports.carry_out(found=found, by=_user(request))
    except (InstitutionError, PeopleError) as error:
        # Somebody else entered the same people since the rows were read: nothing was changed.
        messages.error(request, str(error))
    return redirect("institutions:import_shown", found.pk)


def _defused(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@never_cache
@login_required
@require_POST
def links(request: HttpRequest, import_id: int) -> HttpResponse:
    """Hand out the links by which the new people set a password, as CSV. Audited.

    Only for accounts that this import made and that never had a password.
    """
    found = _import_or_404(request, import_id)
    # Whoever has left meanwhile is not the manager's to invite any more.
    here = Membership.objects.unscoped("of the manager's own institution").filter(
        active_on(timezone.localdate()), institution=found.institution
    )
    fresh = User.objects.filter(
        pk__in=found.outcome.get("fresh", []), is_active=True, memberships__in=here
    ).order_by("pk")
    people = [person for person in fresh if not person.has_usable_password()]
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sign-in-links.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([_("Name"), _("Signs in with"), _("Link, good for three days")])
    for person in people:
        name, identifier = _defused(person.name), _defused(person.mobile or person.email or "")
        writer.writerow([name, identifier, settings.SITE_URL + invitation_path(person)])
    audit(
        actor=_user(request),
        action="staff.links",
        target=f"institution:{found.institution_id}",
        detail={"people": [person.pk for person in people]},
    )
    return response
