"""What is decided about a person joins the chain of what was proven of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from classroom.enrolment.models import Enrolment
from classroom.progress import chain
from classroom.progress.models import Evidence
from classroom.progress.moments import to_ms
from classroom.progress.services.sessions import hold_clock


def chain_decisions(*, enrolment: Enrolment, facts: Sequence[dict[str, Any]], at: datetime) -> None:
    """Append a row for each decision to the chain of an enrolment, which is begun where nothing was watched.

    Whole numbers and strings only, and nothing that names a person. Locks the person's clock; a caller that
    holds the enrolment has taken it before.
    """
    clock = hold_clock(enrolment.user_id)
    chain.ensure_chain(enrolment)
    for one in facts:
        chain.append(
            clock,
            chain.Entry(
                enrolment_id=enrolment.pk,
                lesson_id=None,
                kind=Evidence.Kind.DECISION,
                received=to_ms(at),
                facts=one,
            ),
        )
    clock.save(update_fields=["heads"])
