"""Chain decisions that were made before decisions were chained: a deliberate act of the operator."""

from django.db import transaction
from django.utils import timezone

from classroom.completion.chained import apart, enlisted, expected
from classroom.completion.models import Completion
from classroom.completion.verification import every_completion, faults
from classroom.people.services import audit
from classroom.progress.queries import chained_decisions
from classroom.progress.services import chain_decisions, hold_clock


@transaction.atomic
def enlist(*, completion: Completion) -> int:
    """Chain what the chain does not have of a completion that holds otherwise; return how many rows.

    Each row says that it was enlisted, and when it was received. Nothing is enlisted where the decision
    contradicts itself, or the chain tells of one that is not here. Twice is once. Locks the person's clock.
    """
    hold_clock(completion.enrolment.user_id)
    done = next(every_completion(completion.enrolment_id))
    told = chained_decisions([done.enrolment_id]).get(done.enrolment_id, [])
    missing, gone = apart(expected(done), told)
    if not missing or gone or faults(done):
        return 0
    chain_decisions(enrolment=done.enrolment, facts=list(map(enlisted, missing)), at=timezone.now())
    audit(
        actor=None,
        action="completion.enlist",
        target=f"completion:{done.pk}",
        detail={"rows": len(missing)},
    )
    return len(missing)
