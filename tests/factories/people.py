"""Factories of the people room."""

import factory
from django.utils import timezone

from classroom.people.models import AuditEntry, Consent, Token, User
from classroom.people.queries import PRIVACY_VERSION

PASSWORD = "dawn-kiln-4471"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"学员{n}")
    mobile = factory.Sequence(lambda n: f"139{n:08d}")
    email = factory.Sequence(lambda n: f"person{n}@example.test")
    password = factory.django.Password(PASSWORD)


class TokenFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Token

    user = factory.SubFactory(UserFactory)
    label = "script"
    prefix = "cc_abcde"
    digest = factory.Sequence(lambda n: f"{n:064x}")


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    user = factory.SubFactory(UserFactory)
    subject = "privacy"
    version = PRIVACY_VERSION
    basis = "duty"


class AuditEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AuditEntry

    at = factory.LazyFunction(timezone.now)
    action = "people.sign_in"
