"""What the tests of the media room share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from media.models import Lecture
from tests.factories.media import LectureFactory
from tests.media import buckets, visitors
from tests.media.transfers import Tus, trainer

LECTURES = "/admin/lectures/"


@pytest.fixture(autouse=True)
def nobody_learns_here(settings: Any) -> None:
    """The room alone: who may go on watching is asked of the learning room, whose tests that is."""
    settings.PLAYBACK_MAY_RENEW = ""


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


@pytest.fixture
def tus(client: Client) -> Tus:
    """A signed-in trainer's client that speaks tus."""
    return Tus(client, trainer())


@pytest.fixture
def s3(settings: Any) -> Iterator[buckets.S3]:
    """A bucket that takes files in parts, as the default storage."""
    with buckets.s3(settings) as made:
        yield made
