"""End a certificate: revoke it, or replace it by a corrected one. Both are audited."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from classroom.certificates import errors
from classroom.certificates import facts as frozen
from classroom.certificates.models import Certificate
from classroom.certificates.permissions import may_end
from classroom.certificates.services.awarding import locked, take_number, write
from classroom.completion.models import Completion
from classroom.people.models import User
from classroom.people.services import audit


def _locked(certificate: Certificate, by: User, note: str) -> Certificate:
    if not may_end(by):
        raise errors.NotPermitted
    if not note.strip():
        raise errors.NoteMissing
    every = Certificate.objects.unscoped("operators end anybody's certificate")
    certificate = (
        every.select_for_update(of=("self",), no_key=True)
        .select_related("completion__enrolment")
        .get(pk=certificate.pk)
    )
    if certificate.state != Certificate.State.ISSUED:
        raise errors.AlreadyEnded
    return certificate


def _revoke(certificate: Certificate, *, by: User, reason: str, note: str) -> None:
    """End a locked certificate as revoked, and leave that in the audit."""
    _end(certificate, Certificate.State.REVOKED, by=by, reason=reason, note=note, now=timezone.now())
    audit(
        actor=by,
        action="certificates.revoke",
        target=f"certificate:{certificate.number}",
        detail={"reason": certificate.reason, "note": certificate.reason_note},
    )


def _end(certificate: Certificate, state: str, *, by: User, reason: str, note: str, now: datetime) -> None:
    certificate.state, certificate.ended_at, certificate.ended_by = state, now, by
    certificate.reason, certificate.reason_note = Certificate.Reason(reason), note.strip()[:300]
    certificate.save(update_fields=["state", "ended_at", "ended_by", "reason", "reason_note"])


@transaction.atomic
def revoke(*, certificate: Certificate, by: User, reason: str, note: str) -> Certificate:
    """Revoke a certificate. The public page shows the day and the category, never the note.

    Locks the certificate row. Raises `NotPermitted`, `NoteMissing`, `AlreadyEnded`.
    """
    certificate = _locked(certificate, by, note)
    _revoke(certificate, by=by, reason=reason, note=note)
    return certificate


@transaction.atomic
def revoke_withdrawn(*, completion: Completion, by: User, note: str) -> Certificate | None:
    """Revoke the certificate in force of a completion that two persons withdrew; None where there is none.

    The right to do so lies in the approved correction, whose second person `by` is. Public is the
    category only. Locks the completion, so that none is issued or replaced meanwhile, then the
    certificate row; a second time changes nothing.
    """
    locked(completion.pk)
    every = Certificate.objects.unscoped("the approved correction says whose it is")
    certificate = (
        every.select_for_update(of=("self",), no_key=True)
        .filter(completion=completion, state=Certificate.State.ISSUED)
        .first()
    )
    if certificate is None:
        return None
    _revoke(certificate, by=by, reason=Certificate.Reason.RECORDS_WITHDRAWN, note=note)
    return certificate


@transaction.atomic
def replace(
    *, certificate: Certificate, by: User, reason: str, note: str, changes: dict[str, str]
) -> Certificate:
    """End a certificate and issue a corrected one under a new number; return the new one.

    `changes` corrects printed facts by the keys of `facts.CORRECTABLE`; what was learned and when
    it expires stay as they were. Locks the completion, the certificate row and the year's counter. Raises
    `NotPermitted`, `NoteMissing`, `AlreadyEnded`, `UnknownFact`, `NothingChanged`.
    """
    locked(certificate.completion_id)
    certificate = _locked(certificate, by, note)
    if not set(changes) <= set(frozen.CORRECTABLE):
        raise errors.UnknownFact
    facts = frozen.corrected(certificate.facts, {key: value.strip() for key, value in changes.items()})
    if facts == certificate.facts or not facts["holder"]["name"]:
        raise errors.NothingChanged
    now = timezone.now()
    issued_on = timezone.localtime(now).date()
    # The one valid certificate of a completion: the old one has to end before the new one begins.
    _end(certificate, Certificate.State.REPLACED, by=by, reason=reason, note=note, now=now)
    number = take_number(year=issued_on.year, course=facts["course"]["code"])
    facts = {**facts, "number": str(number), "issued_on": issued_on.isoformat()}
    successor = write(completion=certificate.completion, number=number, facts=facts, now=now)
    certificate.replaced_by = successor
    certificate.save(update_fields=["replaced_by"])
    audit(
        actor=by,
        action="certificates.replace",
        target=f"certificate:{certificate.number}",
        detail={
            "reason": certificate.reason,
            "note": certificate.reason_note,
            "changed": sorted(changes),
            "by": successor.number,
        },
    )
    return successor
