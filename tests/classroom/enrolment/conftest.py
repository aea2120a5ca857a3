"""What the tests of enrolments share."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from classroom.people.models import User
from courses.catalogue.models import Edition
from tests.factories.catalogue import EditionFactory
from tests.factories.people import UserFactory


@pytest.fixture
def person(db: None) -> User:
    return UserFactory()


@pytest.fixture
def edition(db: None) -> Edition:
    return EditionFactory()


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Run an act so many times at the same moment, each with a connection of its own."""

    def run_all(act: Callable[[int], Any], times: int) -> list[Any]:
        start, answers, failed = threading.Barrier(times), [], []

        def run(number: int) -> None:
            try:
                start.wait(20)
                answers.append(act(number))
            except Exception as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert failed == []
        return answers

    return run_all
