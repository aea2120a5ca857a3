"""Writes of plans: made, changed, carried out, closed."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol, enrol_again
from classroom.institutions.models import Institution, Membership, Post, SupervisingAuthority
from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.people.services import audit
from classroom.plans.errors import (
    DueBeforeOpening,
    HasOpened,
    NotYourPlan,
    OneOwner,
    PlanEnded,
    UnknownPost,
    WrongPeriod,
)
from classroom.plans.models import Plan
from classroom.plans.permissions import may_plan
from classroom.plans.queries import audience, due_day, is_lapsed, is_under_way, to_ask_again
from courses.catalogue.models import Course, Edition

# So many people are enrolled in one transaction, so that none holds its locks for long.
_STEP = 100
# A plan repeats after so many months at the most.
MOST_MONTHS = 120


@transaction.atomic
def create_plan(
    *,
    title: str,
    course: Course,
    due_on: date,
    by: User | None,
    authority: SupervisingAuthority | None = None,
    institution: Institution | None = None,
    posts: Sequence[str] = (),
    opens_on: date | None = None,
    renews: int | None = None,
) -> Plan:
    """Plan who is to be trained in what by when; audited. `by` None is the platform itself.

    No posts means all staff. `renews` months after a completion the person is asked again. Raises
    `OneOwner`, `NotYourPlan`, `DueBeforeOpening`, `UnknownPost`, `WrongPeriod`.
    Whoever is due is enrolled by `assign_due`, which the sweep calls.
    """
    if (authority is None) == (institution is None):
        raise OneOwner
    if by is not None and not may_plan(scope_of(by), authority, institution):
        raise NotYourPlan
    opens = opens_on or timezone.localdate()
    _check(opens, due_on, posts, renews)
    plan = Plan.objects.create(
        title=title.strip(),
        course=course,
        authority=authority,
        institution=institution,
        posts=list(posts),
        opens_on=opens,
        due_on=due_on,
        renews=renews,
        created_by=by,
    )
    detail: dict[str, Any] = {"course": course.code, "due_on": due_on.isoformat(), "posts": list(posts)}
    if renews is not None:
        detail["renews"] = renews
    audit(actor=by, action="plans.create", target=f"plan:{plan.pk}", detail=detail)
    return plan


def _check(opens_on: date, due_on: date, posts: Sequence[str], renews: int | None) -> None:
    if due_on < opens_on:
        raise DueBeforeOpening
    if set(posts) - set(Post.Kind.values):
        raise UnknownPost
    if renews is not None and not 1 <= renews <= MOST_MONTHS:
        raise WrongPeriod


@transaction.atomic
def change_plan(
    *,
    plan: Plan,
    by: User,
    title: str,
    opens_on: date,
    due_on: date,
    posts: Sequence[str] = (),
    renews: int | None = None,
) -> Plan:
    """Change what a plan asks for from now on; its course and whom it belongs to stay. Audited.

    Whoever is enrolled stays enrolled, with an earlier due day where there is one. The same values
    change nothing. Raises `NotYourPlan`, `PlanEnded`, `HasOpened`, `DueBeforeOpening`, `UnknownPost`,
    `WrongPeriod`. Locks the plan's row.
    """
    row = _own(plan, by)
    if row.closed_at is not None:
        raise PlanEnded
    if opens_on != row.opens_on and row.opens_on <= timezone.localdate():
        raise HasOpened
    _check(opens_on, due_on, posts, renews)
    wanted = {
        "title": title.strip(),
        "opens_on": opens_on,
        "due_on": due_on,
        "posts": list(posts),
        "renews": renews,
    }
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if not changed:
        return row
    detail = {name: [_plain(getattr(row, name)), _plain(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(row, name, value)
    row.save(update_fields=list(changed))
    audit(actor=by, action="plans.change", target=f"plan:{row.pk}", detail=detail)
    return row


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _own(plan: Plan, by: User) -> Plan:
    """Lock a plan and return it as it is now. Raises `NotYourPlan`."""
    rows = Plan.objects.select_for_update(of=("self",)).select_related("authority", "institution")
    row = rows.get(pk=plan.pk)
    if not may_plan(scope_of(by), row.authority, row.institution):
        raise NotYourPlan
    return row


def assign_due(plan: Plan, *, today: date | None = None) -> int:
    """Enrol whoever is due and not yet enrolled in the course; return how many were.

    Safe to repeat and to run twice at once: `enrol` gives the enrolment that is there. Nothing
    happens before the plan opens, once it is closed, while its course has no edition, and, unless it
    renews, after its due day. A person who had enrolled before keeps the enrolment; a due day that it
    lacks or that is later becomes the plan's. Where the plan renews, whoever completed the course longer
    ago begins again on the edition of today, with records of its own; what was learned before stays as
    it is. Small transactions, each locking what `enrol` and `enrol_again` lock.
    """
    day = today or timezone.localdate()
    edition = plan.course.current
    if not is_under_way(plan, day) or edition is None or edition.withdrawn_at:
        return 0
    known = Enrolment.objects.unscoped("a plan's audience").filter(course_id=plan.course_id)
    known = known.exclude(state=Enrolment.State.WITHDRAWN)
    members = audience(plan, day).select_related("user", "institution").order_by("pk")
    # Who works at two institutions of the audience is one person, enrolled for the first.
    found: dict[int, Membership] = {}
    for member in members.exclude(user_id__in=known.values("user_id")):
        found.setdefault(member.user_id, member)
    count = _enrol_each(found, plan, edition, due_day(plan, day))
    again: dict[int, Membership] = {}
    for member in members.filter(user_id__in=to_ask_again(plan, day)):
        again.setdefault(member.user_id, member)
    count += _enrol_each(again, plan, edition, due_day(plan, day), lambda last: is_lapsed(last, plan, day))
    if day <= plan.due_on:
        _bring_forward(plan, day)
    return count


def _enrol_each(
    found: dict[int, Membership],
    plan: Plan,
    edition: Edition,
    due_on: date,
    is_due: Callable[[Enrolment], bool] | None = None,
) -> int:
    """Enrol each person, in small transactions: anew where `is_due` says so of the last time; return how many."""
    members, count = list(found.values()), 0
    for start in range(0, len(members), _STEP):
        with transaction.atomic():
            for member in members[start : start + _STEP]:
                asked: dict[str, Any] = {
                    "user": member.user,
                    "edition": edition,
                    "origin": Enrolment.Origin.PLAN,
                    "institution": member.institution,
                    "due_on": due_on,
                    "by": plan.created_by,
                }
                row = enrol(**asked) if is_due is None else enrol_again(is_due=is_due, **asked)
                count += row is not None
    return count


@transaction.atomic
def _bring_forward(plan: Plan, day: date) -> int:
    """Give the audience's open enrolments the plan's due day where they have none or a later one.

    Locks these enrolments. Returns how many changed; audited, since a due day decides what is overdue.
    """
    rows = Enrolment.objects.unscoped("a plan's audience").filter(
        course_id=plan.course_id,
        state=Enrolment.State.ACTIVE,
        user_id__in=audience(plan, day).values("user_id"),
    )
    later = [
        row
        for row in rows.select_for_update(of=("self",)).order_by("pk")
        if row.due_on is None or row.due_on > plan.due_on
    ]
    if not later:
        return 0
    pks = [row.pk for row in later]
    Enrolment.objects.unscoped("a plan's audience").filter(pk__in=pks).update(due_on=plan.due_on)
    institutions = sorted({row.institution_id for row in later if row.institution_id})
    audit(
        actor=plan.created_by,
        action="plans.bring_forward",
        target=f"plan:{plan.pk}",
        detail={"enrolments": len(pks), "institutions": institutions},
    )
    return len(pks)


@transaction.atomic
def close_plan(*, plan: Plan, by: User) -> None:
    """End a plan; whoever is enrolled stays so. Twice changes nothing. Locks the plan's row.

    Raises `NotYourPlan`.
    """
    row = _own(plan, by)
    if row.closed_at is None:
        row.closed_at = timezone.now()
        row.save(update_fields=["closed_at"])
        audit(actor=by, action="plans.close", target=f"plan:{row.pk}")
