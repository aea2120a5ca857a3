"""A learner on an edition, and a player that reports as the real one does."""

import pytest

from tests.learner import Learner


@pytest.fixture
def learner(db) -> Learner:
    return Learner.on_edition()
