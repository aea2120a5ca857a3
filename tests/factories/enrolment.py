"""Factories of the enrolment room."""

from datetime import timedelta

import factory
from django.utils import timezone

from classroom.enrolment.models import Enrolment


class EnrolmentFactory(factory.django.DjangoModelFactory):
    """A person on an edition, under way; `completed=True` or `withdrawn=True` for the two ends."""

    class Meta:
        model = Enrolment

    user = factory.SubFactory("tests.factories.people.UserFactory")
    edition = factory.SubFactory("tests.factories.catalogue.EditionFactory")
    course = factory.SelfAttribute("edition.course")
    institution = factory.SubFactory("tests.factories.institutions.InstitutionFactory")

    class Params:
        completed = factory.Trait(
            state=Enrolment.State.COMPLETED, completed_at=factory.LazyFunction(timezone.now)
        )
        withdrawn = factory.Trait(
            state=Enrolment.State.WITHDRAWN, withdrawn_at=factory.LazyFunction(timezone.now)
        )
        overdue = factory.Trait(due_on=factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=3)))
