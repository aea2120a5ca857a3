"""What the tests of reports share: the small city, counted, and nobody's broker."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from classroom.reports.services.rollups import rebuild
from classroom.reports.tasks import export as export_task
from classroom.reports.tasks import remind as remind_task
from tests.classroom.reports.correcting import Case
from tests.classroom.reports.worlds import World, authority, build
from tests.factories.institutions import RegulatorGrantFactory


@pytest.fixture
def city(db: None) -> World:
    """The small city of `worlds`, with its rollups counted."""
    made = build()
    rebuild()
    return made


@pytest.fixture
def case(city: World, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Two regulators of the district, and nobody's press."""
    monkeypatch.setattr("classroom.reports.services.corrections.render_soon", lambda certificate: None)
    return Case(city, RegulatorGrantFactory(authority=authority("SH-310115"), user__name="李复核").user)


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was handed to the broker, instead of a broker."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(export_task, "delay", lambda key: sent.append(("export", key)))
    monkeypatch.setattr(remind_task, "delay", lambda key: sent.append(("remind", key)))
    return sent


@pytest.fixture
def queries_of(client: Client) -> Callable[[str], int]:
    """Return how many queries a page asks that was asked for before."""

    def counted(path: str) -> int:
        assert client.get(path).status_code == 200
        with CaptureQueriesContext(connection) as caught:
            client.get(path)
        return len(caught)

    return counted
