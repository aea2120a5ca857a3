"""Who sits at the browser in the tests of this room."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import translation

from classroom.people.models import User
from tests.factories.people import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(name="陈思远", mobile="13812341234", email="chen@lab.example")


@pytest.fixture
def operator(db: None) -> User:
    found = UserFactory(name="周操作", is_staff=True)
    found.groups.add(Group.objects.get(name="Operators"))
    return found


@pytest.fixture
def sign_in() -> Callable[..., Any]:
    """Post the sign-in form; `agent`, `address` and `language` are the browser's."""

    def post(
        client: Client,
        username: str,
        password: str = PASSWORD,
        *,
        agent: str = "",
        address: str = "192.0.2.7",
        language: str = "en",
        **data: str,
    ) -> Any:
        return client.post(
            "/sign-in/",
            {"username": username, "password": password, **data},
            HTTP_USER_AGENT=agent,
            HTTP_ACCEPT_LANGUAGE=language,
            REMOTE_ADDR=address,
        )

    return post
