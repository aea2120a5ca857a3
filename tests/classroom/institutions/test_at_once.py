"""Two tabs, two managers, a double click: the same at the same moment is done once."""

from datetime import date

import pytest

from classroom.institutions import errors, services
from classroom.institutions.models import Membership, Post
from classroom.institutions.services import imports
from classroom.people.models import AuditEntry, User
from tests.classroom.institutions.spreadsheet_files import HEAD, ROW, as_csv
from tests.classroom.institutions.threads import at_once
from tests.factories.institutions import InstitutionFactory, ManagerFactory, MembershipFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 6, 15)
REFUSALS = (errors.InstitutionError,)


def test_one_person_joins_once() -> None:
    person, place = UserFactory(), InstitutionFactory()
    answers = at_once(
        lambda n: services.join(user=person, institution=place, started_on=DAY, by=None, posts=["tester"]),
        refusals=REFUSALS,
    )
    assert answers == ["AlreadyThere"] * 3 + ["ok"]
    assert Membership.objects.unscoped("test").filter(user=person).count() == 1
    assert Post.objects.count() == 1


def test_one_post_is_given_once() -> None:
    row = MembershipFactory()
    answers = at_once(
        lambda n: services.give_post(membership=row, kind="tester", started_on=DAY, by=None),
        refusals=REFUSALS,
    )
    assert answers == ["AlreadyThere"] * 3 + ["ok"]


def test_two_institutions_do_not_go_up_in_each_other() -> None:
    pair = [InstitutionFactory(), InstitutionFactory()]
    answers = at_once(
        lambda n: services.merge_institution(institution=pair[n], into=pair[1 - n], by=None),
        times=2,
        refusals=REFUSALS,
    )
    assert answers == ["Ended", "ok"]


def test_a_list_is_carried_out_once() -> None:
    manager = ManagerFactory()
    found = imports.read_file(
        institution=manager.institution, by=manager.user, filename="x", content=as_csv(HEAD, ROW)
    )
    answers = at_once(lambda n: imports.carry_out(found=found, by=manager.user), refusals=REFUSALS)
    assert answers == ["ok"] * 4
    assert AuditEntry.objects.filter(action="institutions.import_staff").count() == 1
    assert User.objects.filter(mobile="13911110001").count() == 1
