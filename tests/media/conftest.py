"""What the tests of the media room share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from media.models import Lecture
from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.media import LectureFactory
from tests.factories.people import UserFactory
from tests.media.transfers import Tus, trainer

LECTURES = "/admin/lectures/"


@pytest.fixture
def member() -> Callable[..., Any]:
    """Make a person of one of the groups that the data migration makes, employed by an institution."""

    def make(group: str, **fields: Any) -> Any:
        user = UserFactory(is_staff=True, language="en", **fields)
        user.groups.add(Group.objects.get(name=group))
        MembershipFactory(user=user, institution=InstitutionFactory())
        return user

    return make


@pytest.fixture
def entered() -> Callable[..., Client]:
    """Sign a person in, in a browser of their own that reads English."""

    def sign_in(user: Any, **more: Any) -> Client:
        client = Client(headers={"Accept-Language": "en"}, **more)
        if user is not None:
            client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def owner(member: Callable[..., Any]) -> Any:
    """The trainer whose lecture it is."""
    return member("Trainers")


@pytest.fixture
def lecture(owner: Any) -> Lecture:
    """A published lecture of the trainer."""
    return LectureFactory(owner=owner, published=True, title="Subcontracting")


@pytest.fixture
def tus(client: Client) -> Tus:
    """A signed-in trainer's client that speaks tus."""
    return Tus(client, trainer())
