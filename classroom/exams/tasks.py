"""The sweep of exams."""

from celery import shared_task

from classroom.exams import services


@shared_task(name="exams.sweep")
def sweep() -> int:
    """Hand in what is overdue; `learning.sweep` settles what follows from it."""
    return services.close_overdue()
