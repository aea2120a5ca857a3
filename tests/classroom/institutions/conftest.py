"""What the tests of institutions share."""

import pytest
from django.contrib.auth.models import Group

from classroom.institutions.models import Membership, SupervisingAuthority
from classroom.people.models import User
from tests.factories.institutions import ManagerFactory
from tests.factories.people import UserFactory


@pytest.fixture
def operator(db: None) -> User:
    person = UserFactory()
    person.groups.add(Group.objects.get(name="Operators"))
    return person


@pytest.fixture
def manager(db: None) -> Membership:
    return ManagerFactory()


@pytest.fixture
def city(db: None) -> SupervisingAuthority:
    return SupervisingAuthority.objects.get(code="SH")
