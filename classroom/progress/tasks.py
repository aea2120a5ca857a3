"""The periodic checkpoint, the sweep that compacts what is long settled, and the ranges of the table."""

from dataclasses import asdict

from celery import shared_task

from classroom.progress import services


@shared_task(name="progress.checkpoint")
def checkpoint() -> int | None:
    """Sign the heads that moved; returns the number of the checkpoint, None where nothing moved."""
    made = services.make_checkpoint()
    return made.number if made else None


@shared_task(name="progress.compact")
def compact() -> dict[str, int]:
    """Take what is long settled one step further into the storage; safe to repeat."""
    return asdict(services.compact_due())


@shared_task(name="progress.partition")
def partition() -> dict[str, int]:
    """Make the next range of the table in time and let go of empty ones; safe to repeat, nothing on SQLite."""
    return asdict(services.keep_ranges())
