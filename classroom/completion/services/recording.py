"""Write a decision down, by the rules or by hand: the completion, its credit hours, the mark on the enrolment."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

from classroom.completion.chained import of_completion
from classroom.completion.hours import verified_seconds
from classroom.completion.models import Completion, Correction
from classroom.completion.services.ledger import earn
from classroom.enrolment.models import Enrolment
from classroom.enrolment.services import mark_completed
from classroom.progress.services import chain_decisions
from classroom.progress.verifier import canonical


def record(
    *,
    enrolment: Enrolment,
    inputs: dict[str, Any],
    explanation: dict[str, Any],
    credit_hours: Decimal,
    score: Decimal | None,
    assurance: str,
    at: datetime,
    correction: Correction | None = None,
) -> Completion:
    """Keep a decision with its inputs and their digest, enter the hours, mark the enrolment, and chain it all.

    The caller holds the person's clock, then the enrolment row, and has seen that there is no completion yet.
    """
    completion = Completion.objects.create(
        enrolment=enrolment,
        at=at,
        rule=enrolment.edition.rule,
        inputs=inputs,
        inputs_digest=hashlib.sha256(canonical(inputs)).hexdigest(),
        explanation=explanation,
        verified_seconds=verified_seconds(inputs),
        credit_hours=credit_hours,
        score=score,
        assurance=assurance,
        correction=correction,
    )
    chain_decisions(enrolment=enrolment, facts=[of_completion(completion)], at=at)
    earn(completion=completion, hours=completion.credit_hours, at=at, correction=correction)
    mark_completed(enrolment=enrolment, at=at)
    return completion
