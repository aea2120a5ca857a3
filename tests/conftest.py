"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from tests import rows
from tests.environment import SAMPLES

_ROOMS = {"media", "classroom", "courses"}


def pytest_configure(config: pytest.Config) -> None:
    """Hash passwords cheaply, look for static files only when one is asked for."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Else each test's client would list all static files anew: a fifth of the time of the whole suite.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let every test that commits begin with the rows of the data migrations; keep the stacks together."""
    if os.environ.get("TEST_ENGINES", "").startswith("PostgreSQL") and not os.environ.get("TEST_EVERYTHING"):
        # All of it ran a moment ago, on SQLite, and would say the same where it asks no engine.
        again = _asks_again(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in again])
        items[:] = [item for item in items if item in again]
    for item in items:
        if _commits(item):
            for marker in item.iter_markers("django_db"):
                marker.kwargs["serialized_rollback"] = True
        # The journeys share one stack; the others start processes of their own, one after another.
        for name in ("browser", "stack"):
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.xdist_group(name))
                # Real processes on real clocks: where the machine was away for seconds, the test is asked once
                # more, and the run says so. A fault of ours fails twice.
                item.add_marker(pytest.mark.flaky(reruns=1))
                # The first of them waits until the demo is whole, beside all other tests.
                item.add_marker(pytest.mark.timeout(900))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """After tests that commit, which leave the tables empty, give the data migrations' rows to the others.

    Such tests do not all come last: a worker that keeps the stacks begins with them.
    """
    yield
    if _commits(item) and nextitem and not _commits(nextitem):
        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string("")


def _asks_again(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return what asks an engine: each test, and of one that has many values the first and the last of them.

    The statements are those of the test, not of its values. Where things meet, every value has its turn.
    """
    found: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in filter(_asks_an_engine, items):
        meets = _commits(item) or any(item.get_closest_marker(name) for name in ("browser", "stack"))
        name = item.name if meets else getattr(item, "originalname", item.name)
        found.setdefault((item.nodeid.rpartition("::")[0], name), []).append(item)
    return {one for alike in found.values() for one in (alike[0], alike[-1])}


def _asks_an_engine(item: pytest.Item) -> bool:
    """Whether a test needs a database or starts programs; all of `config` do, as far as is known."""
    room = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    if item.get_closest_marker("once") or room == "house":
        return False
    if room not in _ROOMS:
        return True
    markers = ("django_db", "browser", "stack")
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or any(item.get_closest_marker(name) for name in markers)


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Let `--reuse-db` keep SQLite's database as well: a file instead of memory, in the run's own folder."""
    if request.config.getoption("--reuse-db") and connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(Path(settings.VAR) / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let the tests that commit begin with rows that were kept raw: see `tests.rows`."""
    with django_db_blocker.unblock():
        kept = rows.read()
    connection.creation.deserialize_db_from_string = lambda _: rows.write(kept)


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Give each test files, a spool, mails and a cache of its own."""
    settings.MEDIA_ROOT = str(tmp_path / "files")
    if settings.STORAGES["default"]["BACKEND"].endswith("FileSystemStorage"):
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(tmp_path / "files"), "base_url": "/files/"},
            },
        }
    settings.SPOOL_DIR = tmp_path / "spool"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real inputs; a test that needs it is skipped loudly where it is absent."""
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not beside the checkout: ../shared/samples")
    return SAMPLES
