"""The catalogue's sweeps: they find what is due and may run twice or late without harm."""

import logging

from celery import shared_task
from django.core.management import call_command

from courses.catalogue import queries, services
from courses.catalogue.errors import PublishRefused

logger = logging.getLogger(__name__)


@shared_task(name="catalogue.publish_scheduled")
def publish_scheduled() -> None:
    """Publish and take down the pages whose hour has come."""
    call_command("publish_scheduled", verbosity=0)


@shared_task(name="catalogue.freeze_due")
def freeze_due() -> int:
    """Freeze the live pages that no edition was made from, and take over new captions of lectures."""
    frozen = 0
    for page in queries.pages_to_freeze():
        try:
            services.freeze_edition(page=page, by=queries.publisher_of(page))
            frozen += 1
        except PublishRefused as refusal:
            logger.warning("course %s is live but cannot be frozen: %s", page.code, refusal)
    for edition in queries.editions_to_transcribe():
        services.transcribe(edition=edition)
    return frozen
