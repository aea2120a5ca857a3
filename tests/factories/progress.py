"""Factories of the progress room; `services.open_session` and `services.credit` make the real rows."""

import factory

from classroom.progress.models import LessonProgress, PersonClock, PlaySession
from tests.factories.enrolment import EnrolmentFactory


class LessonProgressFactory(factory.django.DjangoModelFactory):
    """Nothing watched yet; `covered=(start, end)` in ms for a lesson watched in part."""

    class Meta:
        model = LessonProgress

    enrolment = factory.SubFactory(EnrolmentFactory)
    lesson = factory.SubFactory(
        "tests.factories.catalogue.EditionLessonFactory", edition=factory.SelfAttribute("..enrolment.edition")
    )

    class Params:
        covered: tuple[int, int] | None = None

    coverage = factory.LazyAttribute(lambda o: [list(o.covered)] if o.covered else [])
    covered_ms = factory.LazyAttribute(lambda o: o.covered[1] - o.covered[0] if o.covered else 0)
    furthest_ms = factory.LazyAttribute(lambda o: o.covered[1] if o.covered else 0)


class PersonClockFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PersonClock
        django_get_or_create = ("user",)

    user = factory.SubFactory("tests.factories.people.UserFactory")


class PlaySessionFactory(factory.django.DjangoModelFactory):
    """A bare session row, as lists of sessions show it; `open_session` opens a real one."""

    class Meta:
        model = PlaySession

    progress = factory.SubFactory(LessonProgressFactory)
    enrolment = factory.SelfAttribute("progress.enrolment")
    lesson = factory.SelfAttribute("progress.lesson")
    clock = factory.SubFactory(PersonClockFactory, user=factory.SelfAttribute("..enrolment.user"))
    encode = factory.SelfAttribute("lesson.encode")
    policy = factory.SelfAttribute("enrolment.edition.policy")
    duration_ms = factory.SelfAttribute("lesson.duration_ms")
    device = "Chrome, Windows"
