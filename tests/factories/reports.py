"""Factories of the reports room."""

import factory

from classroom.reports.models import ReportRun, Rollup


class RollupFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Rollup

    institution = factory.SubFactory("tests.factories.institutions.InstitutionFactory")
    course = factory.SubFactory("tests.factories.catalogue.CourseFactory")


class ReportRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReportRun

    user = factory.SubFactory("tests.factories.people.UserFactory")
    kind = "institutions"
    format = "xlsx"
