"""Memberships and posts, dated: who works where in which post, from when until when."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from classroom.institutions.errors import AlreadyThere, EndsBeforeStart, NotAllowed, Overlaps
from classroom.institutions.models import Institution, Membership, Post
from classroom.institutions.permissions import manages
from classroom.institutions.queries import forget_scope
from classroom.people.models import User
from classroom.people.permissions import is_operator
from classroom.people.services import audit

_WHY = "staff of an institution, permission checked"


def may_change_staff(by: User | None, institution: Institution, role: str = Membership.Role.STAFF) -> bool:
    """Whether `by` may change these members: managers their staff, operators also the managers."""
    if by is None or is_operator(by):
        return True
    return role == Membership.Role.STAFF and manages(by, institution)


def _locked(membership: Membership) -> Membership:
    rows = Membership.objects.unscoped(_WHY).select_for_update(of=("self",))
    return rows.select_related("institution", "user").get(pk=membership.pk)


def _note(by: User | None, verb: str, membership: Membership, **detail: object) -> None:
    audit(
        actor=by,
        action=f"institutions.{verb}",
        target=f"user:{membership.user_id}",
        detail={"institutions": [membership.institution_id], **detail},
    )


@transaction.atomic
def join(
    *,
    user: User,
    institution: Institution,
    started_on: date,
    by: User | None,
    role: str = Membership.Role.STAFF,
    department: str = "",
    posts: Iterable[str] = (),
) -> Membership:
    """Make a person a member from that day on, with posts. Locks the person's row. Audited.

    Raises `NotAllowed` (also for an operator who would appoint oneself as a manager, since nobody
    grants oneself a scope), `AlreadyThere` where the person is a member of the institution,
    `Overlaps` where an earlier membership lasts into these days.
    """
    is_own_appointment = by is not None and by.pk == user.pk and role != Membership.Role.STAFF
    if is_own_appointment or not may_change_staff(by, institution, role):
        raise NotAllowed
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _refuse_overlap(user, institution, started_on)
    membership = Membership.objects.create(
        user=user,
        institution=institution,
        role=role,
        department=department.strip(),
        started_on=started_on,
    )
    kinds = list(dict.fromkeys(posts))
    Post.objects.bulk_create(Post(membership=membership, kind=kind, started_on=started_on) for kind in kinds)
    forget_scope(user)
    _note(by, "join", membership, role=role, posts=kinds)
    return membership


def _refuse_overlap(user: User, institution: Institution, started_on: date) -> None:
    """Refuse a second membership in the same days; under the lock of the person's row."""
    rows = Membership.objects.unscoped(_WHY).filter(user=user, institution=institution)
    if rows.filter(ended_on__isnull=True).exists():
        raise AlreadyThere
    if rows.filter(ended_on__gte=started_on).exists():
        raise Overlaps


@transaction.atomic
def leave(*, membership: Membership, on: date, by: User | None) -> Membership:
    """End a membership and its posts; `on` is the last day. Locks its row. Audited.

    What was learned stays with the institution of that time. The same day twice changes nothing;
    another day corrects the last one, as long as it has not passed. Raises `NotAllowed`,
    `EndsBeforeStart`, `AlreadyThere` for a membership that is history.
    """
    row = _locked(membership)
    if not may_change_staff(by, row.institution, row.role):
        raise NotAllowed
    if on < row.started_on:
        raise EndsBeforeStart
    former = row.ended_on
    if former == on:
        return row
    if former is not None and former < timezone.localdate():
        raise AlreadyThere
    row.ended_on = on
    row.save(update_fields=["ended_on"])
    # A post that began later than the last day never came to be held.
    row.posts.filter(started_on__gt=on).delete()
    # What ended with the membership goes on ending with it, wherever its last day moves.
    row.posts.filter(Q(ended_on__isnull=True) | Q(ended_on=former) | Q(ended_on__gt=on)).update(ended_on=on)
    _note(by, "leave", row, on=on.isoformat())
    return row


@transaction.atomic
def transfer(*, membership: Membership, to: Institution, on: date, by: User | None) -> Membership:
    """Move a person to another institution from the day `on`; the posts end, the new employer gives its own.

    Operators only: no institution may take a person from another. Locks the membership. Audited
    twice. Raises `NotAllowed`, `EndsBeforeStart`, `AlreadyThere`.
    """
    if by is not None and not is_operator(by):
        raise NotAllowed
    row = _locked(membership)
    leave(membership=row, on=on - timedelta(days=1), by=by)
    return join(user=row.user, institution=to, started_on=on, by=by, role=row.role)


@transaction.atomic
def give_post(
    *, membership: Membership, kind: str, started_on: date, by: User | None, field: str = ""
) -> Post:
    """Give a member a post from that day on. Locks the membership. Audited.

    Raises `NotAllowed`, `AlreadyThere` where it is held.
    """
    row = _locked(membership)
    if not may_change_staff(by, row.institution, row.role):
        raise NotAllowed
    if row.posts.filter(kind=kind, ended_on__isnull=True).exists():
        raise AlreadyThere
    post = Post.objects.create(membership=row, kind=kind, field=field.strip(), started_on=started_on)
    _note(by, "give_post", row, post=kind)
    return post


@transaction.atomic
def set_posts(*, membership: Membership, kinds: Iterable[str], on: date, by: User | None) -> bool:
    """Let a member hold exactly these posts from `on`; return whether anything changed.

    Posts that are given up keep their dates: the day before `on` is their last; those of the same
    day go. Locks the
    membership. Audited where it changes something. Raises `NotAllowed`.
    """
    row = _locked(membership)
    if not may_change_staff(by, row.institution, row.role):
        raise NotAllowed
    wanted = set(kinds)
    held = {post.kind: post for post in row.posts.filter(ended_on__isnull=True)}
    for kind in held.keys() - wanted:
        post = held[kind]
        if post.started_on >= on:
            # Given and taken back on one day: it was never held, and asks for no training.
            post.delete()
            continue
        post.ended_on = on - timedelta(days=1)
        post.save(update_fields=["ended_on"])
    fresh = sorted(wanted - held.keys())
    Post.objects.bulk_create(Post(membership=row, kind=kind, started_on=on) for kind in fresh)
    if wanted == held.keys():
        return False
    _note(by, "set_posts", row, posts=sorted(wanted))
    return True


@transaction.atomic
def change_department(*, membership: Membership, department: str, by: User | None) -> bool:
    """Put a member into another department; return whether that is a change. Locks its row. Audited.

    Raises `NotAllowed`.
    """
    row = _locked(membership)
    if not may_change_staff(by, row.institution, row.role):
        raise NotAllowed
    if row.department == department.strip():
        return False
    row.department = department.strip()
    row.save(update_fields=["department"])
    _note(by, "change_department", row)
    return True
