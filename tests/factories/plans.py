"""Factories of the plans room."""

from datetime import timedelta

import factory
from django.utils import timezone

from classroom.plans.models import Plan


class PlanFactory(factory.django.DjangoModelFactory):
    """A plan of an authority; pass `authority=None, institution=…` for one of an institution."""

    class Meta:
        model = Plan

    title = factory.Sequence(lambda n: f"年度培训计划 {n}")
    authority = factory.SubFactory("tests.factories.institutions.AuthorityFactory")
    course = factory.SubFactory("tests.factories.catalogue.CourseFactory")
    opens_on = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=10))
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=30))
