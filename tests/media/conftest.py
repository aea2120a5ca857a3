"""What the tests of the lecture admin share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from media.models import Lecture
from tests.factories.media import LectureFactory
from tests.media import visitors

LECTURES = "/admin/lectures/"


@pytest.fixture
def member() -> Callable[..., Any]:
    """Make a person of a group."""
    return visitors.member


@pytest.fixture
def entered() -> Callable[..., Client]:
    """Sign a person in."""
    return visitors.entered


@pytest.fixture
def owner() -> Any:
    """The trainer whose lecture it is."""
    return visitors.member("Trainers")


@pytest.fixture
def lecture(owner: Any) -> Lecture:
    """A published lecture of the trainer."""
    return LectureFactory(owner=owner, published=True, title="Subcontracting")
