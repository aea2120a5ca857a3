"""The regulator's pages: the city, a district, an institution, and one person's evidence."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom.completion.correction_words import told
from classroom.completion.permissions import may_correct
from classroom.completion.queries import corrections_of
from classroom.exams.permissions import may_supervise
from classroom.institutions import divisions
from classroom.institutions.codes import uscc_is_valid
from classroom.institutions.models import Post, SupervisingAuthority
from classroom.institutions.queries import scope_of, supervised_authorities
from classroom.people.models import User
from classroom.people.services import audit
from classroom.reports import charts, filters
from classroom.reports.figures import Counts
from classroom.reports.queries import corrections, evidence, rollups, tables
from classroom.reports.queries.board import STATES, board
from classroom.reports.queries.rollups import SHOWS, Slice
from classroom.reports.services import exports
from classroom.reports.views.access import institution_or_404, regulators_only
from courses.catalogue.models import Course
from courses.catalogue.titles import titled

PAGE = 50


def _course_choices(chosen: str) -> list[dict[str, Any]]:
    rows = Course.objects.filter(current__isnull=False).select_related("current").order_by("code")
    return [
        {
            "value": row.code,
            "label": f"{row.code} {titled(row.current)}",
            "is_chosen": row.code == chosen,
            "pk": row.pk,
        }
        for row in rows
        if row.current
    ]


def _part(request: HttpRequest, path: str) -> Slice:
    return exports.narrowed(scope_of(request.user), path, request.GET)


def _chosen(request: HttpRequest, part: Slice) -> dict[str, Any]:
    """Return the filters by course, period and post: what is chosen, and what can be."""
    course = filters.plain(request.GET.get("course", ""))
    chosen = {"course": course, "year": str(part.year or ""), "post": part.post}
    carried = {name: value for name, value in chosen.items() if value}
    return {
        **chosen,
        "carried": urlencode(carried),
        "carried_fields": carried,
        "years": [str(year) for year in filters.years(timezone.localdate())],
        "posts": Post.Kind.choices,
    }


@never_cache
@regulators_only
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show all that one supervises; who supervises one district is led to its page."""
    authorities = list(supervised_authorities(request.user).order_by("path"))
    wanted = request.GET.get("authority", "")
    query = request.GET.copy()
    query.pop("authority", None)
    suffix = f"?{query.urlencode()}" if query else ""
    if wanted and any(authority.code == wanted for authority in authorities):
        return redirect(reverse("reports:authority", args=[wanted]) + suffix)
    if wanted:
        raise Http404
    top = [
        a for a in authorities if not any(a.path != b.path and a.path.startswith(b.path) for b in authorities)
    ]
    if len(top) == 1:
        return _authority_page(request, top[0], authorities)
    return _authority_page(request, None, authorities)


@never_cache
@regulators_only
@require_safe
def authority(request: HttpRequest, code: str) -> HttpResponse:
    """Show one authority of one's scope; any other is not there."""
    authorities = list(supervised_authorities(request.user).order_by("path"))
    found = next((row for row in authorities if row.code == code), None)
    if found is None:
        raise Http404
    return _authority_page(request, found, authorities)


def _authority_page(
    request: HttpRequest, shown: SupervisingAuthority | None, authorities: list[SupervisingAuthority]
) -> HttpResponse:
    """Render the overview: of several authorities with a map, of a single one with its institutions."""
    part = _part(request, shown.path if shown else "")
    show = request.GET.get("show", "")
    below = [row for row in authorities if row.path.startswith(part.path)]
    pairs = tables.authority_lines(part, below)
    choices = _course_choices(request.GET.get("course", ""))
    context = {
        "authority": shown,
        "authorities": authorities if len(authorities) > 1 else [],
        "courses": choices,
        "total": rollups.total([line for _, line in pairs]),
        "as_of": rollups.as_of(part),
        "attention": rollups.attention(part),
        "definitions": tables.definitions(),
        "corrections_to_decide": corrections.to_decide(request.user).count(),
        "show": show if show in SHOWS else "",
        **_chosen(request, part),
        **_curves(part),
    }
    if len(pairs) > 1:
        context |= {"lines": pairs, "tiles": _tiles(pairs), "bars": _bars(pairs)}
    else:
        counted = rollups.by_course(part)
        context["course_bars"] = [
            (choice, counted.get(choice["pk"], Counts())) for choice in choices if choice["pk"] in counted
        ]
    if len(pairs) == 1 or context["show"]:
        context |= _institutions(request, part, context["show"] or "all")
    return render(request, "reports/overview.html", context)


def _institutions(request: HttpRequest, part: Slice, show: str) -> dict[str, Any]:
    """Return a page of the institutions' table and the total of all its pages. Four queries."""
    search = filters.plain(request.GET.get("search", ""))
    rows = rollups.institutions(part, show, search)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    counted = rollups.by_institution(part, [row.pk for row in page])
    if show == "all" and not search:
        whole = None
    else:
        keys = list(rows.values_list("pk", flat=True))
        whole = sum(rollups.by_institution(part, keys).values(), Counts())
    return {
        "page": page,
        "institution_lines": [(row, counted.get(row.pk, Counts())) for row in page],
        "institutions_total": whole,
        "search": search,
    }


def _curves(part: Slice) -> dict[str, Any]:
    today = timezone.localdate()
    monthly = rollups.flows(part)
    shown = part.year or today.year
    years = [
        charts.curve(
            str(year),
            [(f"{point.month:%Y-%m}", point.rate) for point in rollups.trend(monthly, year, today)],
        )
        for year in (shown, shown - 1)
    ]
    if years[0].dots and years[1].dots:
        charts.part_names(years[0], years[1])
    return {
        "curves": [line for line in years[:1] if line.dots],
        "past_curves": [line for line in years[1:] if line.dots],
        "curve_grid": charts.grid(),
        "curve_months": [(number, charts.x_of(number - 1, 12)) for number in range(1, 13)],
        "curve_height": charts.HEIGHT,
    }


def _tiles(pairs: list[tuple[SupervisingAuthority, rollups.Line]]) -> list[charts.Tile]:
    tiles = []
    for row, line in pairs:
        district = divisions.BY_CODE.get(row.admin_division)
        place = (district.column, district.row) if district else divisions.LINGANG_TILE
        if row.level in {"district", "special"}:
            tiles.append(charts.Tile(row.code, row.spoken_name, *place, line.counts.completion))
    return sorted(tiles, key=lambda tile: (tile.row, tile.column))


def _bars(
    pairs: list[tuple[SupervisingAuthority, rollups.Line]],
) -> list[tuple[SupervisingAuthority, rollups.Line]]:
    """Return the authorities by their completion rate, those without any at the end."""
    return sorted(pairs, key=lambda pair: pair[1].counts.completion.percent or -1, reverse=True)


@never_cache
@regulators_only
@require_safe
def institution(request: HttpRequest, institution_id: int) -> HttpResponse:
    """Show one institution: its counts by course, and by name what regulators may see."""
    shown = institution_or_404(request, institution_id)
    scope = scope_of(request.user)
    manages = scope.everything or shown.pk in scope.institution_ids
    found = board(scope=scope, institution=shown, today=timezone.localdate(), supervised_only=not manages)
    state, name = request.GET.get("state", ""), filters.plain(request.GET.get("name", ""))
    state = state if state in STATES else ""
    people = found.filtered(state=state, name=name)
    page = Paginator(people, PAGE).get_page(request.GET.get("page"))
    found.fill(list(page))
    part = Slice(scope)
    counted = rollups.by_course_of(part, shown.pk)
    courses = [(choice, counted[choice["pk"]]) for choice in _course_choices("") if choice["pk"] in counted]
    context = {
        "institution": shown,
        "cma": list(shown.cma_certificates.all()),
        "code_is_valid": uscc_is_valid(shown.uscc),
        "district": divisions.district_name(shown.admin_division),
        "total": sum(counted.values(), Counts()),
        "course_lines": courses,
        "board": found,
        "page": page,
        "state": state,
        "wanted_name": name,
        "as_of": rollups.as_of_institution(part, shown.pk),
    }
    return render(request, "reports/institution.html", context)


@never_cache
@login_required
@require_safe
def person(request: HttpRequest, enrolment_id: int) -> HttpResponse:
    """Show what proves one enrolment. Reading somebody else's is audited."""
    scope = scope_of(request.user)
    enrolment = evidence.readable(scope, enrolment_id)
    if enrolment is None:
        raise Http404
    if enrolment.user_id != request.user.pk and isinstance(request.user, User):
        audit(actor=request.user, action="reports.view_evidence", target=f"enrolment:{enrolment.pk}")
    context = {
        "proof": evidence.proof(enrolment),
        "is_own": enrolment.user_id == request.user.pk,
        "manages": enrolment.institution_id in scope.institution_ids,
        "corrections": [told(correction) for correction in corrections_of(enrolment)],
        "may_correct": may_correct(request.user, enrolment),
        "may_supervise": may_supervise(request.user, enrolment),
    }
    return render(request, "reports/evidence.html", context)
