"""Carries plans out; the database says who is due."""

from celery import shared_task
from django.utils import timezone

from classroom.plans.queries import open_plans
from classroom.plans.services import assign_due


@shared_task(name="plans.assign")
def assign() -> int:
    """Enrol whoever the open plans ask for and is not enrolled yet; return how many. Safe to repeat."""
    today = timezone.localdate()
    plans = open_plans(today).filter(due_on__gte=today).select_related("course__current", "authority")
    return sum(assign_due(plan, today=today) for plan in plans)
