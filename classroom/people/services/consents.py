"""What a person was told and agreed to."""

from django.db import transaction

from classroom.people.models import Consent, User
from classroom.people.services.audits import audit


@transaction.atomic
def record_consent(*, user: User, subject: str, version: str, basis: str, granted: bool = True) -> Consent:
    """Append a consent or, with `granted=False`, its withdrawal (PIPL Art. 15). Never changed later."""
    consent = Consent.objects.create(
        user=user, subject=subject, version=version, basis=basis, granted=granted
    )
    detail = {"subject": subject, "version": version, "granted": granted}
    audit(actor=user, action="people.consent", target=f"user:{user.pk}", detail=detail)
    return consent
