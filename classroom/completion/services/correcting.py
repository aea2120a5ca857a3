"""Correct a record by hand: one person proposes, another decides; neither alone has effect."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from classroom.completion import errors, rules
from classroom.completion.chained import of_withdrawal
from classroom.completion.models import Completion, Correction, CreditEntry
from classroom.completion.permissions import may_correct
from classroom.completion.queries import completion_of, earnings_of, inputs_of, ledger_of
from classroom.completion.services.ledger import earn, reverse_credit
from classroom.completion.services.recording import record
from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import take_back_completion
from classroom.people.models import User
from classroom.people.services import audit
from classroom.progress.services import chain_decisions, hold_clock

LIFETIME = timedelta(days=30)
_WHY = "the caller checked the scope"


@dataclass(frozen=True, slots=True)
class Decided:
    """A correction as it was decided. `is_new` is false where the same decision came a second time."""

    correction: Correction
    is_new: bool


def propose(
    *,
    enrolment: Enrolment,
    by: User,
    kind: str,
    reason: str,
    text: str,
    key: uuid.UUID,
    note: str = "",
    hours: Decimal | None = None,
    entry: CreditEntry | None = None,
    now: datetime | None = None,
) -> Correction:
    """Propose a correction; it waits 30 days for a second person and has no effect until then.

    `key` names the form: sent twice, it is one proposal. Raises `NotPermitted`, `ReasonMissing`,
    `DoesNotApply`, `HoursOutOfRange`, `AlreadyProposed`. Locks nothing; the database holds one open
    proposal an enrolment.
    """
    if not may_correct(by, enrolment):
        raise errors.NotPermitted
    if not text.strip():
        raise errors.ReasonMissing
    if (sent := _sent_before(key, enrolment, by)) is not None:
        return sent
    moment = now or timezone.now()
    _check(enrolment, kind, hours, entry)
    correction = Correction(
        key=key,
        enrolment=enrolment,
        proposed_by=by,
        proposed_at=moment,
        expires_at=moment + LIFETIME,
        kind=kind,
        reason=reason,
        text=text.strip(),
        note=note.strip(),
        hours=hours,
        entry=entry,
    )
    try:
        _write(correction, moment)
    except IntegrityError as error:
        # The same form at the same moment, or somebody else's proposal.
        if (sent := _sent_before(key, enrolment, by)) is not None:
            return sent
        raise errors.AlreadyProposed from error
    return correction


@transaction.atomic
def _write(correction: Correction, moment: datetime) -> None:
    """Keep a new proposal, and note it in the audit."""
    _lapse(correction.enrolment, moment)
    correction.save(force_insert=True)
    audit(
        actor=correction.proposed_by,
        action="completion.propose_correction",
        target=f"correction:{correction.pk}",
        detail={
            "enrolment": correction.enrolment_id,
            "kind": correction.kind,
            "reason": correction.reason,
        },
    )


def _sent_before(key: uuid.UUID, enrolment: Enrolment, by: User) -> Correction | None:
    return Correction.objects.unscoped(_WHY).filter(key=key, enrolment=enrolment, proposed_by=by).first()


def _lapse(enrolment: Enrolment, moment: datetime) -> None:
    """Write down that an earlier proposal has lapsed, so that it makes room."""
    late = Correction.objects.unscoped(_WHY).filter(
        enrolment=enrolment, state=Correction.State.PROPOSED, expires_at__lte=moment
    )
    late.update(state=Correction.State.LAPSED, decided_at=moment)


def _check(enrolment: Enrolment, kind: str, hours: Decimal | None, entry: CreditEntry | None) -> None:
    """Refuse what does not fit how the record stands. Raises `DoesNotApply`, `HoursOutOfRange`."""
    completion = completion_of(enrolment)
    is_complete = enrolment.state == Enrolment.State.COMPLETED and completion is not None
    if kind == Correction.Kind.GRANT:
        if enrolment.state != Enrolment.State.ACTIVE or completion is not None:
            raise errors.DoesNotApply
        _check_hours(hours, Decimal(0), enrolment, least=Decimal(0))
    elif not is_complete or completion is None:
        raise errors.DoesNotApply
    elif kind == Correction.Kind.ADD_HOURS:
        _check_hours(hours, ledger_of(completion), enrolment, least=Decimal("0.1"))
    elif kind == Correction.Kind.REVERSE_HOURS and entry not in earnings_of(completion):
        raise errors.DoesNotApply


def _check_hours(hours: Decimal | None, held: Decimal, enrolment: Enrolment, least: Decimal) -> None:
    if hours is None or hours < least or held + hours > enrolment.edition.credit_hours:
        raise errors.HoursOutOfRange


@transaction.atomic
def decide(
    *, correction: Correction, by: User, approves: bool, text: str, now: datetime | None = None
) -> Decided:
    """Approve a proposal, which carries it out, or reject it. The same decision again changes nothing.

    The conductor (`reports.services.corrections`) adds what follows for certificates. Raises
    `NotPermitted`, `SamePerson`, `ReasonMissing`, `AlreadyDecided`, `Lapsed`, and where the record
    changed meanwhile `DoesNotApply` or `HoursOutOfRange`. Locks the correction, the learner's clock, since what is
    decided joins their chain, then the enrolment.
    """
    every = Correction.objects.unscoped(_WHY)
    row = every.select_for_update(of=("self",), no_key=True).get(pk=correction.pk)
    hold_clock(correction.enrolment.user_id)
    enrolment = _locked(row)
    if not may_correct(by, enrolment):
        raise errors.NotPermitted
    if row.proposed_by_id == by.pk:
        raise errors.SamePerson
    if not text.strip():
        raise errors.ReasonMissing
    state = Correction.State.APPROVED if approves else Correction.State.REJECTED
    if row.state != Correction.State.PROPOSED:
        if row.state == state and row.decided_by_id == by.pk:
            return Decided(row, is_new=False)
        raise errors.Lapsed if row.state == Correction.State.LAPSED else errors.AlreadyDecided
    moment = now or timezone.now()
    if row.standing(moment) == Correction.State.LAPSED:
        raise errors.Lapsed
    open_one = every.filter(pk=row.pk, state=Correction.State.PROPOSED)
    if not open_one.update(state=state, decided_by=by, decided_at=moment, decision=text.strip()):
        raise errors.AlreadyDecided
    row = every.get(pk=row.pk)
    if approves:
        _check(enrolment, row.kind, row.hours, row.entry)
        _carry_out(row, enrolment, by, moment)
    audit(
        actor=by,
        action=f"completion.{'approve' if approves else 'reject'}_correction",
        target=f"correction:{row.pk}",
        detail={"enrolment": enrolment.pk, "kind": row.kind, "proposed_by": row.proposed_by_id},
    )
    return Decided(row, is_new=True)


def _locked(row: Correction) -> Enrolment:
    every = Enrolment.objects.unscoped(_WHY)
    return (
        every.select_for_update(of=("self",), no_key=True)
        .select_related("edition", "institution__supervising_authority")
        .get(pk=row.enrolment_id)
    )


def _carry_out(correction: Correction, enrolment: Enrolment, by: User, moment: datetime) -> None:
    if correction.kind == Correction.Kind.GRANT:
        _grant(correction, enrolment, moment)
        return
    completion = Completion.objects.unscoped(_WHY).get(enrolment=enrolment)
    if correction.kind == Correction.Kind.ADD_HOURS:
        earn(completion=completion, hours=correction.hours or Decimal(0), at=moment, correction=correction)
    elif correction.kind == Correction.Kind.REVERSE_HOURS and correction.entry is not None:
        reverse_credit(entry=correction.entry, reason=correction.text, by=by, correction=correction)
    elif correction.kind == Correction.Kind.WITHDRAW:
        for entry in earnings_of(completion):
            reverse_credit(entry=entry, reason=correction.text, by=by, correction=correction)
        take_back_completion(enrolment=enrolment, at=moment)
        chain_decisions(enrolment=enrolment, facts=[of_withdrawal(correction)], at=moment)


def _grant(correction: Correction, enrolment: Enrolment, moment: datetime) -> None:
    """Write the completion that says it was made by hand, with what the rules said at that moment beside."""
    facts = inputs_of(enrolment, moment)
    inputs = {**facts, "correction": str(correction.key)}
    by_hand = rules.Item("correction", rules.State.MET, 1, 1, note=timezone.localdate(moment).isoformat())
    automatic = rules.evaluate(enrolment.edition.rule, facts)
    exam = facts["exam"]
    record(
        enrolment=enrolment,
        inputs=inputs,
        explanation={**rules.Outcome(True, (by_hand,)).as_data(), "automatic": automatic.as_data()},
        credit_hours=correction.hours or Decimal(0),
        score=Decimal(exam["score_tenths"]) / 10 if exam and exam["is_passed"] else None,
        assurance=Completion.Assurance.DECLARED,
        at=moment,
        correction=correction,
    )
