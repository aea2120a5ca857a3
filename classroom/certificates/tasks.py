"""Rendering in the background."""

from celery import shared_task
from django.db import transaction

from classroom.certificates import services
from classroom.certificates.models import Certificate


@shared_task(name="certificates.render")
def render(certificate_id: int) -> bool:
    """Render one PDF; safe to repeat."""
    return services.render(certificate_id=certificate_id)


@shared_task(name="certificates.sweep")
def sweep() -> int:
    """Schedule every PDF that is due: new, failed and due again, or left by a renderer that died."""
    due = services.due()
    for certificate_id in due:
        render.delay(certificate_id)
    return len(due)


def render_soon(certificate: Certificate) -> None:
    """Schedule the rendering for when the transaction has committed.

    A broker that is away does not harm: the sweep finds the row.
    """
    certificate_id = certificate.pk

    def send() -> None:
        render.apply_async(args=(certificate_id,), retry=False)

    transaction.on_commit(send, robust=True)
