"""Factories of the completion room; `services.settle` decides the real ones."""

import uuid
from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from classroom.completion.models import Completion, Correction, CreditEntry, LessonCompletion
from tests.factories.enrolment import EnrolmentFactory


class LessonCompletionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LessonCompletion

    enrolment = factory.SubFactory(EnrolmentFactory)
    lesson = factory.SubFactory(
        "tests.factories.catalogue.EditionLessonFactory", edition=factory.SelfAttribute("..enrolment.edition")
    )


class CompletionFactory(factory.django.DjangoModelFactory):
    """A decision that the rule was met, on an enrolment marked as completed."""

    class Meta:
        model = Completion

    enrolment = factory.SubFactory(EnrolmentFactory, completed=True)
    at = factory.LazyFunction(timezone.now)
    rule = factory.SelfAttribute("enrolment.edition.rule")
    inputs = factory.LazyFunction(lambda: {"version": 1, "lessons": [], "readings": [], "exam": None})
    inputs_digest = "0" * 64
    explanation = factory.LazyFunction(lambda: {"version": 1, "items": []})
    verified_seconds = 10_800
    credit_hours = Decimal("4.0")
    score = Decimal("92.0")
    assurance = Completion.Assurance.COVERAGE


class CreditEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CreditEntry

    completion = factory.SubFactory(CompletionFactory)
    user = factory.SelfAttribute("completion.enrolment.user")
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    hours = factory.SelfAttribute("completion.credit_hours")


class CorrectionFactory(factory.django.DjangoModelFactory):
    """A proposal that waits for a second person; `services.decide` decides the real ones."""

    class Meta:
        model = Correction

    key = factory.LazyFunction(uuid.uuid4)
    enrolment = factory.SubFactory(EnrolmentFactory)
    kind = Correction.Kind.GRANT
    reason = Correction.Reason.LOST_RECORDS
    text = "平台故障，记录丢失"
    hours = Decimal("2.0")
    proposed_by = factory.SubFactory("tests.factories.people.UserFactory")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))
