"""The ledger of credit hours: append-only, corrected by reversals."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from classroom.completion.chained import of_entry
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.people.models import User
from classroom.people.services import audit
from classroom.progress.services import chain_decisions, hold_clock


def earn(
    *, completion: Completion, hours: Decimal, at: datetime, correction: Correction | None = None
) -> CreditEntry:
    """Enter hours that a completion earned, in the year of their day, and chain the entry.

    `correction` is the act of two persons that gave them; its text is their reason. Locks the person's clock:
    the caller took it before the enrolment.
    """
    entry: CreditEntry = CreditEntry.objects.create(
        user_id=completion.enrolment.user_id,
        completion=completion,
        year=timezone.localdate(at).year,
        hours=hours,
        reason=correction.text[:200] if correction else "",
        at=at,
        correction=correction,
    )
    chain_decisions(enrolment=completion.enrolment, facts=[of_entry(entry)], at=at)
    return entry


@transaction.atomic
def reverse_credit(
    *, entry: CreditEntry, reason: str, by: User, correction: Correction | None = None
) -> CreditEntry:
    """Correct the ledger by an entry that takes another back; the first stays as it was.

    A second reversal of the same entry returns the first. `correction` is the act of two persons that asked
    for it. Raises `ValueError` without a reason, or for an entry that is a reversal itself. Locks the person's
    clock, then the entry.
    """
    if not reason.strip() or entry.reverses_id is not None:
        raise ValueError("a reversal has a reason, and reverses an earning")
    hold_clock(entry.user_id)
    entry = CreditEntry.objects.select_for_update().get(pk=entry.pk)
    there: CreditEntry | None = CreditEntry.objects.filter(reverses=entry).first()
    if there is not None:
        return there
    audit(
        actor=by, action="completion.reverse_credit", target=f"credit:{entry.pk}", detail={"reason": reason}
    )
    reversal: CreditEntry = CreditEntry.objects.create(
        user_id=entry.user_id,
        completion_id=entry.completion_id,
        category=entry.category,
        year=entry.year,
        hours=-entry.hours,
        reverses=entry,
        reason=reason.strip()[:200],
        correction=correction,
    )
    chain_decisions(enrolment=entry.completion.enrolment, facts=[of_entry(reversal)], at=reversal.at)
    return reversal
