"""Corrections by hand as regulators find them: those to decide, one's own, and the decided."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from classroom.completion.models import Correction
from classroom.enrolment.models import Enrolment
from classroom.enrolment.queries import supervised
from classroom.institutions.queries import scope_of
from classroom.institutions.scopes import Scope

SHOWN = 50
_STATE = Correction.State


@dataclass(frozen=True, slots=True)
class Desk:
    """The three lists of the page; `decided` holds the newest only."""

    to_decide: list[Correction]
    own: list[Correction]
    decided: list[Correction]


def in_office(user: Any) -> QuerySet[Correction]:
    """Return the corrections that the person may read as a regulator: of supervised courses in scope.

    What one manages or learned oneself is left out: nobody corrects that for themselves.
    """
    scope = scope_of(user)
    office = Scope(None, authority_paths=scope.authority_paths, everything=scope.everything)
    rows = Correction.objects.visible_to(office).exclude(enrolment__user_id=user.pk)
    if not scope.everything:
        named = Enrolment.objects.visible_to(office).filter(supervised())
        rows = rows.filter(enrolment__in=named.values("pk"))
    return rows


def to_decide(user: Any) -> QuerySet[Correction]:
    """Return what waits for this person: proposed by somebody else and not lapsed."""
    return in_office(user).filter(_open()).exclude(proposed_by_id=user.pk)


def _open() -> Q:
    return Q(state=_STATE.PROPOSED, expires_at__gt=timezone.now())


def desk(user: Any) -> Desk:
    """Return the lists of the page: what lapses first comes first. Three queries."""
    shown = in_office(user).select_related(
        "proposed_by", "decided_by", "entry", "enrolment__user", "enrolment__edition", "enrolment__course",
        "enrolment__institution",
    )  # fmt: skip
    waiting = shown.filter(_open()).order_by("expires_at", "pk")
    return Desk(
        to_decide=list(waiting.exclude(proposed_by_id=user.pk)),
        own=list(waiting.filter(proposed_by_id=user.pk)),
        decided=list(shown.exclude(_open()).order_by("-proposed_at", "-pk")[:SHOWN]),
    )


def one(user: Any, correction_id: int) -> Correction | None:
    """Return one correction that the person may read as a regulator, or None."""
    rows = in_office(user).select_related(
        "proposed_by", "decided_by", "entry", "enrolment__user", "enrolment__edition", "enrolment__course",
        "enrolment__institution__supervising_authority",
    )  # fmt: skip
    return rows.filter(pk=correction_id).first()
