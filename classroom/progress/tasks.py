"""The periodic checkpoint."""

from celery import shared_task

from classroom.progress import services


@shared_task(name="progress.checkpoint")
def checkpoint() -> int | None:
    """Sign the heads that moved; returns the number of the checkpoint, None where nothing moved."""
    made = services.make_checkpoint()
    return made.number if made else None
