"""Reads of institutions: who works where, who manages, who supervises, and so who sees whom."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from classroom.institutions.models import Institution, Membership, Post, RegulatorGrant, SupervisingAuthority
from classroom.institutions.scopes import Scope


def active_on(day: date, prefix: str = "") -> Q:
    """Return the filter over rows with `started_on` and `ended_on` that hold on `day`.

    `ended_on` is the last day that still counts.
    """
    return Q(**{f"{prefix}started_on__lte": day}) & (
        Q(**{f"{prefix}ended_on__isnull": True}) | Q(**{f"{prefix}ended_on__gte": day})
    )


def scope_of(user: Any) -> Scope:
    """Return whose data `user` may read: oneself, the staff one manages, what one supervises.

    Read once an instance of the user, that is once a request: two queries. An operator, a trainer
    and a reviewer have no right to learning records; a superuser sees everything.
    """
    if not user.is_authenticated or not user.is_active:
        return Scope(person_id=None)
    scope: Scope | None = getattr(user, "_scope", None)
    if scope is None:
        scope = _read_scope(user)
        user._scope = scope
    return scope


def forget_scope(user: Any) -> None:
    """Make the next `scope_of` read again, after a role of `user` changed."""
    user.__dict__.pop("_scope", None)


def _read_scope(user: Any) -> Scope:
    if user.is_superuser:
        return Scope(person_id=user.pk, everything=True)
    today = timezone.localdate()
    managed = _managerships(user, today).values_list("institution_id", flat=True)
    paths = RegulatorGrant.objects.filter(active_on(today), user=user).values_list(
        "authority__path", flat=True
    )
    return Scope(
        person_id=user.pk, institution_ids=tuple(sorted(set(managed))), authority_paths=_outermost(paths)
    )


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths, sorted, without those that lie under another: a city is one prefix.

    Sorted here and not by the database, whose collation may pass over the slashes.
    """
    kept: list[str] = []
    for path in sorted(paths):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return tuple(kept)


def _managerships(user: Any, day: date) -> QuerySet[Membership]:
    return Membership.objects.unscoped("one's own roles decide one's scope").filter(
        active_on(day), user=user, role=Membership.Role.MANAGER
    )


def employer_of(user: Any, on: date | None = None) -> Institution | None:
    """Return where the person works on that day (today), the newest where there are several."""
    day = on or timezone.localdate()
    membership = (
        Membership.objects.unscoped("a person's own employer")
        .filter(active_on(day), user=user)
        .select_related("institution")
        .order_by("-started_on", "-pk")
        .first()
    )
    return membership.institution if membership else None


def managed_institutions(user: Any) -> QuerySet[Institution]:
    """Return the institutions whose training the person manages today."""
    ids = _managerships(user, timezone.localdate()).values("institution_id")
    return Institution.objects.unscoped("one's own managed institutions").filter(pk__in=ids)


def supervised_authorities(user: Any) -> QuerySet[SupervisingAuthority]:
    """Return the authorities in the person's scope: those granted and all under them."""
    return authorities_in(scope_of(user))


def authorities_in(scope: Scope) -> QuerySet[SupervisingAuthority]:
    """Return the authorities that a scope reaches."""
    if scope.everything:
        return SupervisingAuthority.objects.all()
    within = Q(pk__in=[])
    for path in scope.authority_paths:
        within |= Q(path__startswith=path)
    return SupervisingAuthority.objects.filter(within)


def members_due(
    *, institution_ids: Iterable[int] | QuerySet[Any], posts: Sequence[str], on: date
) -> QuerySet[Membership]:
    """Return the memberships that hold on that day and whose posts match; no posts means all staff.

    People whose account is closed are nobody's staff to train.
    """
    members = Membership.objects.unscoped("the audience of a plan; the caller scopes").filter(
        active_on(on), institution_id__in=institution_ids, user__is_active=True
    )
    if posts:
        held = Post.objects.filter(active_on(on), membership=OuterRef("pk"), kind__in=posts)
        members = members.filter(Exists(held))
    return members


def employments_of(user: Any) -> list[dict[str, Any]]:
    """Return where the person works and worked, the newest first, with the posts held last. Two queries."""
    rows = (
        Membership.objects.unscoped("a person's own employers")
        .filter(user=user)
        .select_related("institution")
        .prefetch_related("posts")
        .order_by("-started_on", "-pk")
    )
    return [
        {
            "institution": row.institution.name,
            "department": row.department,
            "role": row.get_role_display(),
            "posts": "、".join(
                post.get_kind_display() for post in row.posts.all() if post.ended_on == row.ended_on
            ),
            "started_on": row.started_on,
            "ended_on": row.ended_on,
        }
        for row in rows
    ]
