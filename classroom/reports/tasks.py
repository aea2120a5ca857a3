"""Carries the work of reports; the database says what is due."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from classroom.reports.services import exports, reminders, rollups


@shared_task(name="reports.refresh")
def refresh() -> int:
    """Count again what changed; safe to repeat."""
    return rollups.refresh()


@shared_task(name="reports.export")
def export(run_id: str) -> None:
    """Make one export, if it is still due."""
    exports.produce(run_id=UUID(run_id))


@shared_task(name="reports.remind")
def remind(reminder_id: int) -> None:
    """Send one reminder, if it is still due."""
    reminders.send(reminder_id=reminder_id)


@shared_task(name="reports.sweep")
def sweep() -> None:
    """Drive exports and reminders that were never carried or were abandoned; drop old files."""
    now = timezone.now()
    for run_id in exports.due_runs(now=now):
        export.delay(str(run_id))
    for reminder_id in reminders.due_reminders(now=now):
        remind.delay(reminder_id)
    exports.forget_old(now=now)
