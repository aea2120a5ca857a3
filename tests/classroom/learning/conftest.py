"""A learner signed in to the API."""

import pytest
from django.test import Client

from tests.learner import Learner


@pytest.fixture
def learner(db) -> Learner:
    return Learner.on_edition()


@pytest.fixture
def api(learner) -> Client:
    client = Client()
    client.force_login(learner.enrolment.user)
    return client
