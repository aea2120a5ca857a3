"""Attempts and answers, built on what other rooms' factories make."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from classroom.exams.models import Answer, Attempt


class AttemptFactory(DjangoModelFactory):
    """An attempt under way with an empty paper; pass `paper` to sit a real one."""

    class Meta:
        model = Attempt

    enrolment = factory.SubFactory("tests.factories.enrolment.EnrolmentFactory")
    exam = factory.SubFactory(
        "tests.factories.catalogue.EditionExamFactory", edition=factory.SelfAttribute("..enrolment.edition")
    )
    number = factory.Sequence(lambda n: n + 1)
    seed = "00000000000000000000000000000000"
    paper = factory.LazyFunction(list)
    started_at = factory.LazyFunction(timezone.now)
    deadline_at = factory.LazyAttribute(lambda o: o.started_at + timedelta(minutes=60))
    max_points = Decimal("100.00")

    class Params:
        graded = factory.Trait(
            state=Attempt.State.GRADED,
            submitted_at=factory.LazyAttribute(lambda o: o.started_at + timedelta(minutes=30)),
            points=Decimal("92.00"),
            score=Decimal("92.0"),
            is_passed=True,
        )


class AnswerFactory(DjangoModelFactory):
    """An acknowledged answer."""

    class Meta:
        model = Answer

    attempt = factory.SubFactory(AttemptFactory)
    version = factory.SubFactory("tests.factories.questions.QuestionVersionFactory")
    choice = factory.LazyFunction(lambda: ["A"])
    revision = 1
