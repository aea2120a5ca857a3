"""What the tests of plans share."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.institutions.models import Institution
from classroom.plans.models import Plan
from courses.catalogue.models import Edition
from tests.factories.catalogue import EditionFactory
from tests.factories.institutions import InstitutionFactory
from tests.factories.plans import PlanFactory


@pytest.fixture
def edition(db: None) -> Edition:
    return EditionFactory()


@pytest.fixture
def institution(db: None) -> Institution:
    return InstitutionFactory()


@pytest.fixture
def planned(edition: Edition, institution: Institution) -> Callable[..., Plan]:
    """Make a plan of the institution for the course; days are counted from today."""

    def make(*, opens: int = -10, due: int = 30, **values: Any) -> Plan:
        today = timezone.localdate()
        values = {"institution": institution, "authority": None, "course": edition.course} | values
        plan: Plan = PlanFactory(
            opens_on=today + timedelta(days=opens), due_on=today + timedelta(days=due), **values
        )
        return plan

    return make


@pytest.fixture
def enrolled() -> Callable[[], list[Enrolment]]:
    """Return all enrolments in the order in which they were made."""
    return lambda: list(Enrolment.objects.unscoped("test").order_by("pk"))
