"""Reads of plans: which are open, and whom they ask."""

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.months import add_months
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
    within = _own(scope)
    for path in scope.authority_paths:
        within |= Q(institution__supervising_authority__path__startswith=path)
        within |= Q(authority__path__in=ancestors(path))
    managed = Institution.objects.unscoped("the offices over one's own institutions").filter(
        pk__in=scope.institution_ids
    )
    for path in managed.values_list("supervising_authority__path", flat=True):
        within |= Q(authority__path__in=ancestors(path))
    return Plan.objects.filter(within)


def own_plans(scope: Scope) -> QuerySet[Plan]:
    """Return the plans that this scope may change and end: `permissions.may_plan`, asked of the database."""
    if scope.everything:
        return Plan.objects.all()
    return Plan.objects.filter(_own(scope))


def _own(scope: Scope) -> Q:
    """Return the filter over plans of the institutions and offices that a scope holds itself."""
    own = Q(institution_id__in=scope.institution_ids)
    for path in scope.authority_paths:
        own |= Q(authority__path__startswith=path)
    return own


def lasts(day: date) -> Q:
    """Return the filter over plans that ask for somebody on that day or later."""
    return Q(closed_at__isnull=True) & (Q(due_on__gte=day) | Q(renews__isnull=False))


def state_of(plan: Plan, day: date) -> str:
    """Return `ended`, `coming`, `open` or `past`."""
    if plan.closed_at is not None:
        return "ended"
    if day < plan.opens_on:
        return "coming"
    return "open" if is_under_way(plan, day) else "past"


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


def is_under_way(plan: Plan, day: date) -> bool:
    """Whether the plan enrols people on that day: after its due day only one that renews does."""
    over = day > plan.due_on and plan.renews is None
    return plan.closed_at is None and day >= plan.opens_on and not over


def due_day(plan: Plan, day: date) -> date:
    """Return until when who is enrolled on that day has time: as long as the first round had, after it."""
    return plan.due_on if day <= plan.due_on else day + (plan.due_on - plan.opens_on)


def is_lapsed(enrolment: Enrolment, plan: Plan, day: date) -> bool:
    """Whether a completion is as old as the plan's period, so that the person is asked again."""
    if plan.renews is None or enrolment.completed_at is None:
        return False
    return add_months(timezone.localdate(enrolment.completed_at), plan.renews) <= day


def to_ask_again(plan: Plan, day: date) -> list[int]:
    """Return the ids of those in the audience whose newest completion has lapsed and who are not under way."""
    if plan.renews is None:
        return []
    every = Enrolment.objects.unscoped("a plan's audience").filter(course_id=plan.course_id)
    newer = Q(state=Enrolment.State.ACTIVE) | Q(
        state=Enrolment.State.COMPLETED, enrolled_at__gt=OuterRef("enrolled_at")
    )
    rows = every.filter(
        ~Exists(every.filter(newer, user_id=OuterRef("user_id"))),
        state=Enrolment.State.COMPLETED,
        completed_at__lt=timezone.now() + (day - timezone.localdate()) - timedelta(days=28 * plan.renews - 2),
        user_id__in=audience(plan, day).values("user_id"),
    )
    return sorted({row.user_id for row in rows.order_by("pk") if is_lapsed(row, plan, day)})
