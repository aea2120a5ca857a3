"""People, browsers and published courses for the tests of the courses rooms."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from courses.catalogue.models import CoursePage
from tests.factories.catalogue import CoursePageFactory
from tests.factories.people import UserFactory

BACKEND = "classroom.people.backends.IdentifierBackend"


@pytest.fixture
def member() -> Callable[..., Any]:
    """Make a person of the named groups; `is_superuser=True` for one who may do anything."""

    def make(*groups: str, **fields: Any) -> Any:
        user = UserFactory(**fields)
        user.groups.add(*[Group.objects.get(name=name) for name in groups])
        return user

    return make


@pytest.fixture
def browser_of() -> Callable[..., Client]:
    """Return the browser of somebody who is signed in."""

    def make(user: Any, **options: Any) -> Client:
        browser = Client(**options)
        browser.force_login(user, backend=BACKEND)
        return browser

    return make


@pytest.fixture
def publish() -> Callable[..., CoursePage]:
    """Make a course page and publish it as a program does, which freezes its first edition."""

    def make(**fields: Any) -> CoursePage:
        page = CoursePageFactory(**fields)
        page.save_revision().publish()
        return CoursePage.objects.get(pk=page.pk)

    return make


@pytest.fixture
def revise() -> Callable[..., CoursePage]:
    """Publish a page again with other fields."""

    def make(page: CoursePage, **fields: Any) -> CoursePage:
        draft = page.get_latest_revision_as_object()
        for name, value in fields.items():
            setattr(draft, name, value)
        draft.save_revision().publish()
        return CoursePage.objects.get(pk=page.pk)

    return make
