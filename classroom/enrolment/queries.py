"""Reads of enrolments, scoped by who asks."""

from datetime import date
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.scopes import Scope
from courses.catalogue.models import Course, Edition


def enrolments_of(user: Any) -> QuerySet[Enrolment]:
    """Return a person's own enrolments with course and edition, without withdrawn ones.

    Due first, then by when they were begun, the newest first.
    """
    own = Enrolment.objects.unscoped("one's own, by the filter").filter(user=user)
    return (
        own.exclude(state=Enrolment.State.WITHDRAWN)
        .select_related("edition", "course", "course__topic", "institution")
        .annotate(is_done=Case(When(state=Enrolment.State.COMPLETED, then=Value(1)), default=Value(0)))
        .order_by("is_done", F("due_on").asc(nulls_last=True), "-enrolled_at", "-pk")
    )


def own_enrolment(user: Any, enrolment_id: int) -> Enrolment:
    """Return one of the user's own enrolments. Raises `Enrolment.DoesNotExist` for anybody else's."""
    return enrolments_of(user).get(pk=enrolment_id)


def enrolment_of(user: Any, what: Course | Edition) -> Enrolment | None:
    """Return the newest enrolment of a person on a course (any edition) or an edition, or None.

    Withdrawn ones do not count. Periods are counted an edition, so of two editions the one that was
    begun last is the newest.
    """
    if not getattr(user, "is_authenticated", False):
        return None
    own = Enrolment.objects.unscoped("one's own, by the filter").filter(user=user)
    own = own.filter(edition=what) if isinstance(what, Edition) else own.filter(course=what)
    return (
        own.exclude(state=Enrolment.State.WITHDRAWN)
        .select_related("edition", "course")
        .order_by("-enrolled_at", "-period", "-pk")
        .first()
    )


def supervised() -> Q:
    """Return the filter over enrolments whose named status a regulator may see."""
    return Q(edition__is_mandatory=True) | Q(origin=Enrolment.Origin.PLAN)


def readable(scope: Scope) -> QuerySet[Enrolment]:
    """Return the enrolments of which a reader may see what was learned.

    Oneself and one's training manager see all of them; a regulator only supervised courses.
    """
    rows = Enrolment.objects.visible_to(scope)
    if scope.everything:
        return rows
    near = Q(user_id=scope.person_id) | Q(institution_id__in=scope.institution_ids)
    return rows.filter(near | supervised())


def visible_enrolments(scope: Scope) -> QuerySet[Enrolment]:
    """Return the enrolments that a reader may see (`readable`), withdrawn ones left out."""
    return (
        readable(scope)
        .exclude(state=Enrolment.State.WITHDRAWN)
        .select_related("user", "edition", "course", "institution")
        .order_by("-enrolled_at", "-pk")
    )


def is_overdue(enrolment: Enrolment, on: date | None = None) -> bool:
    """Whether the due date has passed and the course is not complete."""
    day = on or timezone.localdate()
    return (
        enrolment.state == Enrolment.State.ACTIVE and enrolment.due_on is not None and enrolment.due_on < day
    )
