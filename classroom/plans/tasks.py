"""Carries plans out; the database says who is due."""

import logging

from celery import shared_task
from django.utils import timezone

from classroom.enrolment.errors import EnrolmentError
from classroom.plans.queries import lasts, open_plans
from classroom.plans.services import assign_due

_log = logging.getLogger(__name__)


@shared_task(name="plans.assign")
def assign() -> int:
    """Enrol whoever the open plans ask for, the first time or again; return how many. Safe to repeat.

    A plan whose course is withdrawn at this moment waits for the next round; the others go on.
    """
    today = timezone.localdate()
    enrolled = 0
    for plan in open_plans(today).filter(lasts(today)).select_related("course__current", "authority"):
        try:
            enrolled += assign_due(plan, today=today)
        except EnrolmentError:
            _log.warning("plan %s was not carried out", plan.pk, exc_info=True)
    return enrolled
