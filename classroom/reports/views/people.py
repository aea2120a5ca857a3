"""The training manager's pages: our people, assign, remind."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from classroom.institutions.models import Institution, Post
from classroom.institutions.queries import managed_institutions, scope_of
from classroom.people.models import User
from classroom.reports import filters
from classroom.reports.errors import ReportError
from classroom.reports.queries.board import STATES, board
from classroom.reports.services import reminders
from classroom.reports.tasks import remind as remind_task
from classroom.reports.views.access import managers_only

PAGE = 50


def institution_of(request: HttpRequest) -> tuple[Institution, list[Institution]]:
    """Return the institution that the address or the form names, and all that one manages."""
    mine = list(managed_institutions(request.user).order_by("name"))
    wanted = request.POST.get("institution") or request.GET.get("institution") or ""
    found = next((row for row in mine if str(row.pk) == wanted), None)
    if wanted and found is None:
        raise Http404
    return found or mine[0], mine


@never_cache
@managers_only
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Show the staff of one's institution against the courses."""
    institution, mine = institution_of(request)
    found = board(scope=scope_of(request.user), institution=institution, today=timezone.localdate())
    state = request.GET.get("state", "")
    wanted = {
        "post": filters.post_of(request.GET.get("post", "")),
        "state": state if state in STATES else "",
        "name": filters.plain(request.GET.get("name", "")),
    }
    chosen = found.filtered(**wanted)
    page = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    found.fill(list(page))
    context = {
        "institution": institution,
        "institutions": mine if len(mine) > 1 else [],
        "board": found,
        "summary": found.summary(),
        "page": page,
        "people_count": len(found.people),
        "filters": wanted,
        "posts": Post.Kind.choices,
        "states": [(state, STATE_LABELS[state]) for state in STATES],
        "as_of": timezone.now(),
    }
    return render(request, "reports/people.html", context)


STATE_LABELS = {
    "overdue": gettext_lazy("Overdue"),
    "soon": gettext_lazy("Due within 30 days"),
    "active": gettext_lazy("Under way"),
    "done": gettext_lazy("Complete"),
    "expiring": gettext_lazy("Certificate ends within 90 days"),
    "expired": gettext_lazy("Certificate has ended"),
    "none": gettext_lazy("Not enrolled"),
}


def chosen_people(request: HttpRequest) -> list[int]:
    """Return the keys of the ticked people, whoever they are; services check that they are members."""
    values = request.POST.getlist("person") or request.GET.getlist("person")
    return [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 18]


def back_to(institution: Institution) -> str:
    """Return the address of the institution's matrix."""
    return f"{reverse('reports:people')}?institution={institution.pk}"


@managers_only
@require_POST
def remind(request: HttpRequest) -> HttpResponse:
    """Remind the ticked people, once a day each."""
    institution, _mine = institution_of(request)
    assert isinstance(request.user, User)  # noqa: S101 - managers_only has let no one else in
    try:
        fresh = reminders.remind(institution=institution, user_ids=chosen_people(request), by=request.user)
    except ReportError as error:
        messages.error(request, str(error))
        return redirect(back_to(institution))
    for reminder_id in reminders.due_reminders(now=timezone.now()):
        remind_task.delay(reminder_id)
    if fresh:
        said = ngettext("%(n)d person is reminded.", "%(n)d people are reminded.", fresh) % {"n": fresh}
        messages.success(request, said)
    else:
        messages.info(request, _("They were reminded today already; a person is reminded once a day."))
    return redirect(back_to(institution))
