"""A web server with data of its own for all attacks, proven afterwards.

The tests are marked as those that ask the database, though only the server does: so the run's database is there,
of which the server has a copy. To migrate another one took longer than all attacks.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.redteam.people import Person
from tests.redteam.site import Site, copy_of_the_database, environment_of, throw_away


@pytest.fixture(scope="package")
def site(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("redteam")
    with django_db_blocker.unblock():
        url = copy_of_the_database(folder)
    site = Site({**environment_of(folder), "DATABASE_URL": url})
    site.start()
    try:
        yield site
        site.proven()
    finally:
        # Nothing of it is needed any more; to end in good order takes it five seconds.
        site.kill()
        site.shell.close()
        with django_db_blocker.unblock():
            throw_away(url)


@pytest.fixture
def person(site: Site) -> Person:
    return Person(site, site.somebody())


@pytest.fixture
def stranger(site: Site) -> Person:
    """Somebody else, signed in as well."""
    return Person(site, site.somebody())


@pytest.fixture
def jumper(site: Site) -> Person:
    """A person on a course that lets one jump: what is claimed may lie anywhere in the lecture."""
    return Person(site, site.somebody(free_seek=True))
