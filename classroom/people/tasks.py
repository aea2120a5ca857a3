"""Periodic work on sessions."""

from celery import shared_task

from classroom.people.services import forget_ended


@shared_task(name="people.clear_sessions")
def clear_sessions() -> int:
    """Delete expired sessions and old sign-ins; safe to repeat."""
    return forget_ended()
