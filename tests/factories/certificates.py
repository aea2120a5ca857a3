"""Certificates as they stand after an award; `services.award` makes the real ones."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from classroom.certificates.models import Certificate, SerialCounter


class SerialCounterFactory(DjangoModelFactory):
    """The last serial of a year."""

    class Meta:
        model = SerialCounter

    year = 2026
    last = 0


class CertificateFactory(DjangoModelFactory):
    """A valid certificate whose PDF is still due."""

    class Meta:
        model = Certificate

    completion = factory.SubFactory("tests.factories.completion.CompletionFactory")
    user = factory.SelfAttribute("completion.enrolment.user")
    institution = factory.SelfAttribute("completion.enrolment.institution")
    year = 2026
    # Above whatever `services.award` takes in the same test.
    serial = factory.Sequence(lambda n: n + 900_001)
    number = factory.LazyAttribute(lambda o: f"HJY-{o.year}-B1-{o.serial:06d}-0")
    token = factory.Sequence(lambda n: f"token{n:017d}")
    facts = factory.LazyAttribute(
        lambda o: {
            "version": 1,
            "number": o.number,
            "holder": {"name": o.user.name, "romanised": o.user.romanised_name, "document": ""},
            "institution": {"name": o.institution.name, "uscc": o.institution.uscc}
            if o.institution
            else None,
            "course": {"code": "B1", "title": "监督管理办法与报告合规", "title_en": "", "edition": "2026.1"},
            "credit_hours": "4.0",
            "verified_seconds": 10800,
            "lessons": [{"title": "主体责任", "seconds": 10800}],
            "score": "92.0",
            "assurance": "A1",
            "completed_on": "2026-09-16",
            "issued_on": "2026-09-17",
            "valid_until": None,
            "issuer": {"name": "演示检验检测培训中心", "name_en": "Demonstration Training Centre"},
            "is_demo": True,
        }
    )
    facts_digest = "0" * 64
    issued_at = factory.LazyFunction(timezone.now)

    class Params:
        revoked = factory.Trait(
            state=Certificate.State.REVOKED,
            ended_at=factory.LazyFunction(timezone.now),
            reason=Certificate.Reason.ISSUED_IN_ERROR,
        )
