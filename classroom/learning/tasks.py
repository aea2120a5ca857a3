"""The sweep of learning: whatever follows from facts and was not yet written down."""

from celery import shared_task

from classroom.learning import services


@shared_task(name="learning.sweep")
def sweep() -> dict[str, int]:
    """Settle what is due and award what is missing; safe to repeat."""
    return {"completed": services.settle_passed(), "awarded": services.award_missing()}
