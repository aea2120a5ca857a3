"""People at the door of the lecture admin."""

from typing import Any

from django.contrib.auth.models import Group
from django.test import Client

from tests.factories.institutions import InstitutionFactory, MembershipFactory
from tests.factories.people import UserFactory


def member(group: str, **fields: Any) -> Any:
    """Make a person of one of the groups that the data migration makes, employed by an institution."""
    user = UserFactory(is_staff=True, language="en", **fields)
    user.groups.add(Group.objects.get(name=group))
    MembershipFactory(user=user, institution=InstitutionFactory())
    return user


def entered(user: Any, **more: Any) -> Client:
    """Sign a person in, in a browser of their own that reads English; None is nobody."""
    client = Client(**{"headers": {"Accept-Language": "en"}, **more})
    if user is not None:
        client.force_login(user)
    return client
