"""A web server with a database of its own, on whichever engine the run is about."""

import json
import os
import signal
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from config.management.commands.bench_heartbeat import Command
from config.stack import free_port
from tests.open_shell import OpenShell

_PERSON = """
import json
from config.bench_heartbeat import prepare
from classroom.enrolment.models import Enrolment
made = prepare.learners(1)[0]
edition = Enrolment.objects.unscoped("test").get(pk=made["enrolment"]).edition
edition.policy = {{**edition.policy, **{policy}}}
edition.save()
print(json.dumps(made))
"""


@dataclass
class Site:
    """The server as processes, and a shell with its database."""

    environment: dict[str, str]
    port: int = 0
    process: Any = None
    shell: OpenShell = field(init=False)

    def __post_init__(self) -> None:
        self.shell = OpenShell(self.environment)

    def start(self) -> None:
        self.port = self.port or free_port()
        self.process = Command._serve(self.environment, self.port)

    def kill(self) -> None:
        """End all processes of the server at once, in the middle of whatever they do."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert workers, "the server has workers"
        for one in (pid, *map(int, workers)):
            os.kill(one, signal.SIGKILL)
        self.process.wait(30)

    def somebody(self, **policy: Any) -> dict[str, Any]:
        """Register a person who is signed in, on an edition of their own whose only lecture has ten hours."""
        found: dict[str, Any] = json.loads(self.shell(_PERSON.format(policy=policy)))
        return found

    def proven(self) -> None:
        """Fail unless every chain holds and all progress is the fold of its evidence."""
        said = self.shell(
            "from django.core.management import call_command\n"
            "call_command('verify_evidence')\ncall_command('rebuild_progress')\n"
        )
        assert "evidence holds" in said
        assert " 0 differences" in said


def environment_of(folder: Path) -> dict[str, str]:
    """Return what the server's processes find in their environment, but for the database."""
    own = {
        **os.environ,
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.bench_heartbeat.settings",
    }
    for name, number in (("BROKER_URL", 14), ("CACHE_URL", 15)):
        if own.get(name, "").startswith("redis"):
            own[name] = f"{own[name].rpartition('/')[0]}/{number}"
    return own


def copy_of_the_database(folder: Path) -> str:
    """Copy the run's database, whose migrations are done, for the server alone; return its `DATABASE_URL`."""
    if connection.vendor == "sqlite":
        file = folder / "classroom.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(file)])
        return f"sqlite://{file}"
    name, template = f"redteam_{uuid.uuid4().hex}", connection.settings_dict["NAME"]
    _run_beside(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def throw_away(url: str) -> None:
    """Drop a copy; a file goes with the run's folder."""
    if connection.vendor != "sqlite":
        _run_beside(f'DROP DATABASE "{urlsplit(url).path[1:]}" WITH (FORCE)')


def _run_beside(statement: str) -> None:
    """Run a statement from the server's own database: nobody may be connected to one that is copied."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
