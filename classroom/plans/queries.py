"""Reads of plans: which are open, and whom they ask."""

from datetime import date

from django.db.models import Q, QuerySet

from classroom.institutions.models import Institution, Membership
from classroom.institutions.queries import members_due
from classroom.institutions.scopes import Scope
from classroom.plans.models import Plan


def open_plans(today: date) -> QuerySet[Plan]:
    """Return the plans that have opened and were not closed."""
    return Plan.objects.filter(opens_on__lte=today, closed_at__isnull=True).order_by("pk")


def visible_plans(scope: Scope) -> QuerySet[Plan]:
    """Return the plans that concern this scope: of one's own offices, and those above."""
    if scope.everything:
        return Plan.objects.all()
    within = Q(institution_id__in=scope.institution_ids)
    for path in scope.authority_paths:
        within |= Q(authority__path__startswith=path)
        within |= Q(institution__supervising_authority__path__startswith=path)
        within |= Q(authority__path__in=ancestors(path))
    managed = Institution.objects.unscoped("the offices over one's own institutions").filter(
        pk__in=scope.institution_ids
    )
    for path in managed.values_list("supervising_authority__path", flat=True):
        within |= Q(authority__path__in=ancestors(path))
    return Plan.objects.filter(within)


def ancestors(path: str) -> list[str]:
    """Return the materialised path and those above it: `/SH/SH-LG/` gives `/SH/` and itself."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]


def applies(plan: Plan, institution_id: int, path: str) -> bool:
    """Whether the plan's audience reaches into the institution, whose authority has this path."""
    if plan.authority is not None:
        return path.startswith(plan.authority.path)
    return plan.institution_id == institution_id


def audience(plan: Plan, on: date) -> QuerySet[Membership]:
    """Return the memberships that the plan asks for on that day."""
    institutions = Institution.objects.unscoped("a plan reaches all that its owner supervises").filter(
        state=Institution.State.ACTIVE
    )
    if plan.authority is not None:
        institutions = institutions.filter(supervising_authority__path__startswith=plan.authority.path)
    else:
        institutions = institutions.filter(pk=plan.institution_id or 0)
    return members_due(institution_ids=institutions.values("pk"), posts=plan.posts, on=on)
