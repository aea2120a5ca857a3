"""The sweep runs every five minutes; a slow one may still run when the next begins."""

import pytest

from classroom.enrolment.models import Enrolment
from classroom.plans.services import assign_due
from classroom.plans.tasks import assign
from tests.classroom.institutions.threads import at_once
from tests.factories.catalogue import EditionFactory
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.plans import PlanFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("way", ["plan", "sweep"])
def test_two_rounds_enrol_everybody_once(way: str) -> None:
    place, edition = InstitutionFactory(), EditionFactory()
    members = MembershipFactory.create_batch(3, institution=place)
    plan = PlanFactory(authority=None, institution=place, course=edition.course)
    act = (lambda n: assign_due(plan)) if way == "plan" else (lambda n: assign())
    assert at_once(act, times=3, refusals=()) == ["ok"] * 3
    rows = Enrolment.objects.unscoped("test").filter(edition=edition)
    assert sorted(rows.values_list("user_id", flat=True)) == sorted(row.user_id for row in members)
