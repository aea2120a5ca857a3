"""A web server with data of its own for all attacks, proven afterwards."""

import json
import os
from collections.abc import Iterator

import pytest

from config.bench_engines import manage
from config.management.commands.bench_heartbeat import Command
from tests.redteam.people import Person, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("redteam")
    environment = {
        **os.environ,
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.bench_heartbeat.settings",
    }
    environment.pop("DATABASE_URL", None)
    command = Command()
    manage(environment, "migrate", "--verbosity", "0")
    people = json.loads(command._prepare(environment, "learners 24"))
    site = Site(environment, people)
    site.start()
    yield site
    site.stop()
    assert "evidence holds" in manage(environment, "verify_evidence")
    assert " 0 differences" in manage(environment, "rebuild_progress")


@pytest.fixture
def person(site: Site) -> Person:
    return Person(site, site.people.pop())
