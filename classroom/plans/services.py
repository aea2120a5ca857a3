"""Writes of plans: made, carried out, closed."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import enrol
from classroom.institutions.models import Institution, Membership, Post, SupervisingAuthority
from classroom.institutions.queries import scope_of
from classroom.people.models import User
from classroom.people.services import audit
from classroom.plans.errors import DueBeforeOpening, NotYourPlan, OneOwner, UnknownPost
from classroom.plans.models import Plan
from classroom.plans.queries import audience
from courses.catalogue.models import Course

# So many people are enrolled in one transaction, so that none holds its locks for long.
_STEP = 100


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
) -> Plan:
    """Plan who is to be trained in what by when; audited. `by` None is the platform itself.

    No posts means all staff. Raises `OneOwner`, `NotYourPlan`, `DueBeforeOpening`, `UnknownPost`.
    Whoever is due is enrolled by `assign_due`, which the sweep calls.
    """
    if (authority is None) == (institution is None):
        raise OneOwner
    if by is not None and not _may_plan(by, authority, institution):
        raise NotYourPlan
    opens = opens_on or timezone.localdate()
    if due_on < opens:
        raise DueBeforeOpening
    if set(posts) - set(Post.Kind.values):
        raise UnknownPost
    plan = Plan.objects.create(
        title=title.strip(),
        course=course,
        authority=authority,
        institution=institution,
        posts=list(posts),
        opens_on=opens,
        due_on=due_on,
        created_by=by,
    )
    detail = {"course": course.code, "due_on": due_on.isoformat(), "posts": list(posts)}
    audit(actor=by, action="plans.create", target=f"plan:{plan.pk}", detail=detail)
    return plan


def _may_plan(by: User, authority: SupervisingAuthority | None, institution: Institution | None) -> bool:
    scope = scope_of(by)
    if scope.everything:
        return True
    if authority is not None:
        return any(authority.path.startswith(path) for path in scope.authority_paths)
    return institution is not None and institution.pk in scope.institution_ids


def assign_due(plan: Plan, *, today: date | None = None) -> int:
    """Enrol whoever is due and not yet enrolled in the course; return how many were.

    Safe to repeat and to run twice at once: `enrol` gives the enrolment that is there. Nothing
    happens before the plan opens, after its due day, once it is closed, and while its course has no
    edition. A person who had enrolled before keeps the enrolment; a due day that it lacks or that is
    later becomes the plan's. Small transactions, each locking what `enrol` locks.
    """
    day = today or timezone.localdate()
    edition = plan.course.current
    if plan.closed_at or not plan.opens_on <= day <= plan.due_on or edition is None or edition.withdrawn_at:
        return 0
    known = Enrolment.objects.unscoped("a plan's audience").filter(course_id=plan.course_id)
    known = known.exclude(state=Enrolment.State.WITHDRAWN)
    members = audience(plan, day).select_related("user", "institution").order_by("pk")
    # Who works at two institutions of the audience is one person, enrolled for the first.
    found: dict[int, Membership] = {}
    for member in members.exclude(user_id__in=known.values("user_id")):
        found.setdefault(member.user_id, member)
    missing = list(found.values())
    for start in range(0, len(missing), _STEP):
        with transaction.atomic():
            for member in missing[start : start + _STEP]:
                enrol(
                    user=member.user,
                    edition=edition,
                    origin=Enrolment.Origin.PLAN,
                    institution=member.institution,
                    due_on=plan.due_on,
                    by=plan.created_by,
                )
    _bring_forward(plan, day)
    return len(missing)


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
    row = (
        Plan.objects.select_for_update(of=("self",))
        .select_related("authority", "institution")
        .get(pk=plan.pk)
    )
    if not _may_plan(by, row.authority, row.institution):
        raise NotYourPlan
    if row.closed_at is None:
        row.closed_at = timezone.now()
        row.save(update_fields=["closed_at"])
        audit(actor=by, action="plans.close", target=f"plan:{row.pk}")
